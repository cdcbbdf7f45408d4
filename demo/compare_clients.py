"""A notebook's day in Modelyard, told the same by every MLflow client: run it with 2.7.1 and with 3.17.2.

Trains nearest-neighbour classifiers of irises as nested candidates, searches and compares them, registers three
versions, names them in every way, and loads them back. It needs ``MLFLOW_TRACKING_URI`` and ``MLFLOW_TRACKING_TOKEN``,
may run again and again, and prints neither ids nor times, so that two reports can be compared:

    source .modelyard/connection.env
    .venv-mlflow/bin/python demo/compare_clients.py > newest.txt
    .venv-mlflow2/bin/python demo/compare_clients.py > oldest.txt
    diff newest.txt oldest.txt
"""
# ruff: noqa: E402 - MLflow reads its settings when it is imported

from __future__ import annotations

import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
os.environ.setdefault("SETUPTOOLS_USE_DISTUTILS", "stdlib")  # MLflow 2.7.1 imports distutils before setuptools
warnings.filterwarnings("ignore")

import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.neighbors import KNeighborsClassifier

EXPERIMENT = "compare clients"
MODEL = "irises"
VERSION_TAG = "gitlab.version"
"""The tag that holds a version's SemVer; MLflow's own `version` is a number."""
VERSIONS = {"1.0.0": 1, "1.2.0": 5, "1.3.0": 15, "2.0.0-rc.1": 60}
"""What is registered: SemVer and the number of neighbours of its candidate."""


def main() -> None:
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        sys.exit("MLFLOW_TRACKING_URI is not set; `source .modelyard/connection.env` sets it while `make up` runs.")
    client = MlflowClient()
    mlflow.set_experiment(EXPERIMENT)
    parent = train_all()
    candidates = compare(client, parent)
    search(client, parent)
    show_files(client, candidates["k = 5"])
    register(client, candidates)
    resolve(client)
    load(client)
    promote(client)


def flowers() -> tuple[Any, Any, Any, Any]:
    """Train and test halves: every second flower."""
    inputs, targets = load_iris(return_X_y=True)
    return inputs[::2], targets[::2], inputs[1::2], targets[1::2]


def train_all() -> str:
    """One parent, one child for each number of neighbours; the parent's id."""
    with mlflow.start_run(run_name="neighbours", tags={"purpose": "comparison"}) as parent:
        mlflow.log_param("candidates", len(VERSIONS))
        for neighbours in VERSIONS.values():
            with mlflow.start_run(run_name=f"k = {neighbours}", nested=True):
                train(neighbours)
    return str(parent.info.run_id)


def train(neighbours: int) -> None:
    """Accuracy after every 15 further flowers is the metric's history; its last point is that of all of them."""
    train_x, train_y, test_x, test_y = flowers()
    mlflow.log_params({"neighbours": neighbours, "weights": "uniform"})
    mlflow.set_tag("parity", "odd" if neighbours % 2 else "even")
    shuffled = np.random.RandomState(7).permutation(len(train_x))  # the old generator: the same in every NumPy
    for count in range(60, len(train_x) + 1, 5):
        chosen = shuffled[:count]
        classifier = KNeighborsClassifier(neighbours, algorithm="brute").fit(train_x[chosen], train_y[chosen])
        mlflow.log_metric("accuracy", accuracy_score(test_y, classifier.predict(test_x)), step=count)
    predicted = classifier.predict(test_x)
    mlflow.log_metrics({"mistakes": float((predicted != test_y).sum()), "flowers": float(len(test_y))})
    mlflow.log_dict({"confusion": confusion_matrix(test_y, predicted).tolist()}, "evaluation/confusion.json")
    mlflow.log_text(f"{neighbours} neighbours\n", "evaluation/notes/read me.txt")
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(Path(folder) / "predicted.csv", predicted, fmt="%d")
        mlflow.log_artifacts(folder, "evaluation")
    mlflow.sklearn.log_model(classifier, "model", pip_requirements=["scikit-learn"])


def compare(client: MlflowClient, parent: str) -> dict[str, Run]:
    """The children by name, best first."""
    runs = children(client, parent, order_by=["metrics.mistakes ASC", "attributes.run_name ASC"])
    say("Candidates, fewest mistakes first")
    row("name", "mistakes", "accuracy", "history of accuracy")
    for run in runs:
        history = [f"{point.value:.2f}" for point in client.get_metric_history(run.info.run_id, "accuracy")]
        metrics = run.data.metrics
        row(run.info.run_name, f"{metrics['mistakes']:.0f}", f"{metrics['accuracy']:.3f}", " ".join(history))
    return {run.info.run_name: run for run in runs}


def search(client: MlflowClient, parent: str) -> None:
    say("Searches")
    for condition in (
        "params.neighbours = '5'",
        "metrics.accuracy > 0.95",
        "tags.parity = 'odd' AND params.weights LIKE 'uni%'",
        "attributes.run_name ILIKE 'K = 1%'",
        "attributes.status = 'FAILED'",
    ):
        runs = children(client, parent, condition, order_by=["params.neighbours DESC"])
        row(condition, ", ".join(run.info.run_name for run in runs) or "none", width=52)
    frame = mlflow.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{parent}'", order_by=["metrics.mistakes DESC"]
    )
    row("most mistakes, as a data frame", frame["tags.mlflow.runName"].iloc[0], width=52)


def children(client: MlflowClient, parent: str, condition: str = "", **query: Any) -> list[Run]:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    within = f"tags.mlflow.parentRunId = '{parent}'"
    both = f"{within} AND {condition}" if condition else within
    return list(client.search_runs([experiment.experiment_id], both, **query))


def show_files(client: MlflowClient, run: Run) -> None:
    say(f"Files of {run.info.run_name!r}")

    def walk(folder: str) -> None:
        for entry in client.list_artifacts(run.info.run_id, folder):
            if entry.is_dir:
                walk(entry.path)
            else:
                row(entry.path, f"{entry.file_size} bytes", width=36)

    walk("evaluation")
    row("confusion", mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/evaluation/confusion.json")["confusion"])


def register(client: MlflowClient, candidates: dict[str, Run]) -> None:
    try:
        client.delete_registered_model(MODEL)  # of an earlier run; its name is free at once
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
    say(f"Versions of {MODEL!r}")
    for semver, neighbours in VERSIONS.items():
        run = candidates[f"k = {neighbours}"]
        made = mlflow.register_model(f"runs:/{run.info.run_id}/model", MODEL, tags={VERSION_TAG: semver})
        client.update_model_version(MODEL, made.version, f"Asks {neighbours} neighbours")
    client.set_registered_model_alias(MODEL, "champion", "2")
    client.transition_model_version_stage(MODEL, "3", "Production")
    row("number", "version", "stage", "description")
    for version in client.search_model_versions(f"name = '{MODEL}'", order_by=["version_number ASC"]):
        row(version.version, version.tags[VERSION_TAG], version.current_stage, version.description)


REFERENCES = ("/3", "/1.2.0", "/^1.2", "/~1.2.0", "/>=1,<1.3", "/latest", "/production", "/2.0.0-rc.1")
"""`@1.2.0` and `@latest` are left out: the client 2.7.1 refuses such aliases before it sends a request."""


def resolve(client: MlflowClient) -> None:
    """A stock client sends what stands after the slash as a stage, and what stands after the @ as an alias."""
    say("What references mean")
    for reference in REFERENCES[1:]:
        versions = client.get_latest_versions(MODEL, [reference[1:]])
        row(f"models:/{MODEL}{reference}", *(version.tags[VERSION_TAG] for version in versions), width=28)
    version = client.get_model_version_by_alias(MODEL, "champion")
    row(f"models:/{MODEL}@champion", version.tags[VERSION_TAG], width=28)


def load(client: MlflowClient) -> None:
    say("Loaded and asked about six flowers")
    _, _, test_x, test_y = flowers()
    sample = slice(None, None, 13)
    for reference in (*REFERENCES, "@champion"):
        uri = f"models:/{MODEL}{reference}"
        model = mlflow.pyfunc.load_model(uri)
        name = client.get_run(model.metadata.run_id).info.run_name
        row(uri, name, " ".join(str(int(one)) for one in model.predict(test_x[sample])), width=28)
    row("truth", "", " ".join(str(int(one)) for one in test_y[sample]), width=28)


def promote(client: MlflowClient) -> None:
    say("After the release candidate went to production")
    client.transition_model_version_stage(MODEL, "4", "Production", archive_existing_versions=True)
    client.set_registered_model_alias(MODEL, "champion", "4")
    for version in client.search_model_versions(f"name = '{MODEL}'", order_by=["version_number DESC"]):
        row(version.tags[VERSION_TAG], version.current_stage)
    row("champion", client.get_model_version_by_alias(MODEL, "champion").tags[VERSION_TAG])


def say(text: str) -> None:
    print(f"\n{text}", flush=True)


def row(*cells: Any, width: int = 14) -> None:
    print(f"  {''.join(f'{cell!s:<{width}}' for cell in cells)}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
