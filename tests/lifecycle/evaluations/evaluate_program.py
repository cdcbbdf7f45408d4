"""Trains, registers and evaluates a model with the MLflow client of the interpreter that runs it; prints what it made.

``python evaluate_program.py before|after``: whether the version is evaluated by its name, or the model before it is
registered.
"""

from __future__ import annotations

import json
import sys
import warnings

warnings.simplefilter("ignore")

import mlflow  # noqa: E402
import mlflow.sklearn  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn.datasets import load_iris  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402


def train() -> tuple[str, str, pd.DataFrame]:
    """A run with a model in it; its id, the model's address and data to evaluate it on."""
    data = load_iris(as_frame=True).frame
    features, target = data.drop(columns="target"), data["target"]
    mlflow.set_experiment("training")
    with mlflow.start_run() as run:
        mlflow.log_param("max_iter", 200)
        mlflow.log_metric("loss", 0.25)
        trained = LogisticRegression(max_iter=200).fit(features, target)
        if mlflow.__version__.startswith("2."):
            address = mlflow.sklearn.log_model(trained, "model").model_uri
        else:
            address = mlflow.sklearn.log_model(trained, name="model").model_uri
    return run.info.run_id, address, data.iloc[::2].reset_index(drop=True)


def evaluate(model: str, data: pd.DataFrame) -> tuple[str, dict[str, float]]:
    """A run of its own, and the metrics that MLflow measured."""
    dataset = mlflow.data.from_pandas(data, targets="target", name="iris-holdout")
    function = mlflow.evaluate if mlflow.__version__.startswith("2.") else mlflow.models.evaluate
    with mlflow.start_run(run_name="evaluation") as run:
        result = function(
            model,
            dataset,
            model_type="classifier",
            evaluators="default",
            evaluator_config={"log_model_explainability": False},
        )
    return run.info.run_id, {key: float(value) for key, value in result.metrics.items()}


def main(order: str) -> None:
    """Print the ids and metrics as JSON."""
    trained_in, address, data = train()
    if order == "before":
        evaluated_in, metrics = evaluate(address, data)
    version = mlflow.register_model(address, "iris")
    if order == "after":
        evaluated_in, metrics = evaluate(f"models:/iris/{version.version}", data)
    made = {"trained_in": trained_in, "evaluated_in": evaluated_in, "number": int(version.version), "metrics": metrics}
    print("made:" + json.dumps(made))  # noqa: T201 - read by the test


if __name__ == "__main__":
    main(sys.argv[1])
