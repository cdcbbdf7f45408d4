"""What logs, saves and loads models: ``mlflow.pyfunc`` for all flavours, ``mlflow.sklearn`` for one of them."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

from pathlib import Path

from tests.support.mlflow.client import MLflow


def own_class(folder):
    from pathlib import Path

    import mlflow
    import pandas as pd

    class Negation(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return [-int(value) for value in model_input["x"]]

    needed = ["mlflow", "pandas"]
    with mlflow.start_run():
        mlflow.pyfunc.log_model(
            "model", python_model=Negation(), registered_model_name="negation", pip_requirements=needed
        )
    mlflow.pyfunc.save_model(f"{folder}/saved", python_model=Negation(), pip_requirements=needed)
    inputs = pd.DataFrame({"x": [1, 2]})
    lines = Path(mlflow.pyfunc.get_model_dependencies("models:/negation/^1")).read_text().split()
    return [
        mlflow.pyfunc.load_model("models:/negation/^1").predict(inputs),
        mlflow.pyfunc.load_model(f"{folder}/saved").predict(inputs),
        [line.partition("=")[0] for line in lines],
    ]


async def test_a_custom_python_model(each_client: MLflow, tmp_path: Path) -> None:
    assert await each_client(own_class, str(tmp_path)) == [[-1, -2], [-1, -2], ["mlflow", "pandas"]]


def scikit_learn(folder):
    import mlflow
    import numpy as np
    from mlflow.models import infer_signature
    from sklearn.linear_model import LinearRegression

    inputs, targets = np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0])
    mlflow.sklearn.autolog(log_models=False, silent=True)
    try:
        with mlflow.start_run() as run:
            model = LinearRegression().fit(inputs, targets)
    finally:
        mlflow.sklearn.autolog(disable=True)
    signature = infer_signature(inputs, targets)
    with mlflow.start_run():
        mlflow.sklearn.log_model(
            model,
            "model",
            registered_model_name="line",
            signature=signature,
            input_example=inputs,
            pip_requirements=["scikit-learn"],
        )
    mlflow.sklearn.save_model(model, f"{folder}/saved", pip_requirements=["scikit-learn"])
    loaded = mlflow.sklearn.load_model("models:/line/latest", dst_path=folder)
    return [
        mlflow.get_run(run.info.run_id).data.params["fit_intercept"],
        round(float(loaded.coef_[0]), 6),
        round(float(mlflow.sklearn.load_model(f"{folder}/saved").intercept_), 6),
        mlflow.models.get_model_info("models:/line/1.0.0").signature == signature,
    ]


async def test_scikit_learn(each_client: MLflow, tmp_path: Path) -> None:
    assert await each_client(scikit_learn, str(tmp_path)) == ["True", 2.0, 1.0, True]
