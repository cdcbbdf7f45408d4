"""Trains classifiers of handwritten digits and keeps them in Modelyard, with the unmodified MLflow client.

Run it by ``make demo`` while ``make up`` runs in another terminal. Every run of it adds three releases of the model
``digits``, promotes the best one, and loads it back by a range of versions.
"""
# ruff: noqa: E402 - MLflow reads its settings when it is imported

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import platform
import sys
import time
import urllib.request
import warnings
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # they lead to MLflow's own web pages
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MPLBACKEND", "agg")
warnings.filterwarnings("ignore")
print("Loading MLflow and scikit-learn", flush=True)

import matplotlib.pyplot as plt
import mlflow
import mlflow.data
import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
import sklearn
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.base import ClassifierMixin
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score, classification_report, confusion_matrix, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

MODEL = "digits"
EXPERIMENT = "digits"
SEED = 7
VERSION_TAG = "gitlab.version"
"""The tag that holds a version's SemVer; MLflow's own `version` is a number."""


@dataclass(frozen=True)
class Recipe:
    """What one candidate is made of."""

    name: str
    epochs: int
    parameters: dict[str, Any]

    def classifier(self) -> ClassifierMixin:
        kind = MLPClassifier if "hidden_layer_sizes" in self.parameters else SGDClassifier
        return kind(random_state=SEED, **self.parameters)


@dataclass(frozen=True)
class Trained:
    """A candidate that has ended."""

    recipe: Recipe
    run_id: str
    model_uri: str
    accuracy: float


@dataclass(frozen=True)
class Digits:
    """Eight by eight pixels each, divided once for all candidates."""

    train_x: np.ndarray
    test_x: np.ndarray
    train_y: np.ndarray
    test_y: np.ndarray

    @classmethod
    def load(cls) -> Digits:
        pixels, labels = load_digits(return_X_y=True)
        return cls(*train_test_split(pixels / 16.0, labels, test_size=0.25, random_state=SEED, stratify=labels))


RECIPES = [
    Recipe("linear, fast steps", 12, {"loss": "log_loss", "alpha": 1e-2, "learning_rate": "constant", "eta0": 0.5}),
    Recipe("linear, small steps", 12, {"loss": "log_loss", "alpha": 1e-4, "learning_rate": "constant", "eta0": 0.02}),
    Recipe("16 hidden units", 25, {"hidden_layer_sizes": (16,), "learning_rate_init": 0.01}),
    Recipe("64 hidden units", 25, {"hidden_layer_sizes": (64,), "learning_rate_init": 0.005}),
]


def main() -> None:
    began = time.monotonic()
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        sys.exit("MLFLOW_TRACKING_URI is not set; start `make up`, then `make demo` sets it.")
    client = MlflowClient()
    digits = Digits.load()
    mlflow.set_experiment(EXPERIMENT)
    say(f"Training {len(RECIPES)} candidates on {len(digits.train_x)} images, testing on {len(digits.test_x)}")
    trained = sorted((train(recipe, digits) for recipe in RECIPES), key=lambda candidate: candidate.accuracy)
    versions = register(client, trained)
    champion = promote(client, versions)
    load(digits, champion)
    query()
    say(f"Done in {time.monotonic() - began:.1f} s. Where it is")
    row("GraphQL", f"{os.environ.get('MODELYARD_URL', '')}/graphql")
    row("MLflow", os.environ["MLFLOW_TRACKING_URI"])


def train(recipe: Recipe, digits: Digits) -> Trained:
    """Train one candidate; its parameters, the metrics of every epoch, and its files go to the registry."""
    with mlflow.start_run(run_name=recipe.name) as run:
        mlflow.log_params({"epochs": recipe.epochs, "seed": SEED, **recipe.parameters})
        mlflow.set_tags({"python": platform.python_version(), "scikit-learn": sklearn.__version__})
        data = mlflow.data.from_numpy(digits.train_x, targets=digits.train_y, name="digits")
        mlflow.log_input(data, context="training")
        classifier = recipe.classifier()
        for epoch in range(1, recipe.epochs + 1):
            classifier.partial_fit(digits.train_x, digits.train_y, classes=np.arange(10))
            metrics = measure(classifier, digits)
            mlflow.log_metrics(metrics, step=epoch)
            progress(recipe, epoch, metrics["test_accuracy"])
        log_files(classifier, digits)
        logged = log_model(classifier, digits)
    return Trained(recipe, run.info.run_id, logged, metrics["test_accuracy"])


def measure(classifier: ClassifierMixin, digits: Digits) -> dict[str, float]:
    return {
        "train_loss": float(log_loss(digits.train_y, classifier.predict_proba(digits.train_x))),
        "test_loss": float(log_loss(digits.test_y, classifier.predict_proba(digits.test_x))),
        "test_accuracy": float(accuracy_score(digits.test_y, classifier.predict(digits.test_x))),
    }


def log_files(classifier: ClassifierMixin, digits: Digits) -> None:
    predicted = classifier.predict(digits.test_x)
    mlflow.log_dict(confusion_matrix(digits.test_y, predicted).tolist(), "evaluation/confusion.json")
    mlflow.log_text(classification_report(digits.test_y, predicted), "evaluation/report.txt")
    figure, axes = plt.subplots(figsize=(5, 5))
    ConfusionMatrixDisplay.from_predictions(digits.test_y, predicted, ax=axes, colorbar=False)
    mlflow.log_figure(figure, "evaluation/confusion.png")
    plt.close(figure)


def log_model(classifier: ClassifierMixin, digits: Digits) -> str:
    example = digits.test_x[:2]
    logged = mlflow.sklearn.log_model(
        classifier,
        name="model",
        signature=infer_signature(example, classifier.predict(example)),
        input_example=example,
        skops_trusted_types=["sklearn.neural_network._stochastic_optimizers.AdamOptimizer"],
        pip_requirements=[f"scikit-learn=={sklearn.__version__}", f"numpy=={np.__version__}"],
    )
    return logged.model_uri


def register(client: MlflowClient, trained: list[Trained]) -> list[tuple[str, str, Trained]]:
    """The best linear one, the best of all, and a first look at the next major version."""
    linear = next(candidate for candidate in reversed(trained) if "loss" in candidate.recipe.parameters)
    *_, second, best = trained
    chosen = dict(zip(next_versions(client), (linear, second, best), strict=True))
    say(f"Registering {', '.join(chosen)} of the model {MODEL!r}")
    registered = []
    for version, candidate in chosen.items():
        with contextlib.redirect_stderr(io.StringIO()):  # MLflow tells there what the next line tells
            made = mlflow.register_model(candidate.model_uri, MODEL, tags={VERSION_TAG: version})
        row(version, f"number {made.version}, accuracy {candidate.accuracy:.3f}, {candidate.recipe.name}")
        registered.append((version, made.version, candidate))
    return registered


def next_versions(client: MlflowClient) -> list[str]:
    """1.0.0, 1.1.0 and 2.0.0-rc.1 the first time, and what comes after the newest of each kind from then on."""
    try:
        client.get_registered_model(MODEL)
    except MlflowException:
        return ["1.0.0", "1.1.0", "2.0.0-rc.1"]
    existing = {version.tags.get(VERSION_TAG, "") for version in client.search_model_versions(f"name = '{MODEL}'")}
    minor = free(existing, "1.{}.0", 0)
    return [minor, free(existing | {minor}, "1.{}.0", 0), free(existing, "2.0.0-rc.{}", 1)]


def free(existing: set[str], pattern: str, number: int) -> str:
    while pattern.format(number) in existing:
        number += 1
    return pattern.format(number)


def promote(client: MlflowClient, versions: list[tuple[str, str, Trained]]) -> str:
    """The best release becomes champion; the release candidate is left where it is."""
    releases = [each for each in versions if "-" not in each[0]]
    version, number, candidate = max(releases, key=lambda each: each[2].accuracy)
    client.set_registered_model_alias(MODEL, "champion", number)
    say(f"Promoted {version} to champion (accuracy {candidate.accuracy:.3f})")
    return version


def load(digits: Digits, champion: str) -> None:
    """Load by range, by alias and by precedence, the way a service would, and predict."""
    say("Loading it back with mlflow.pyfunc.load_model")
    for reference in ("/^1.0", "@champion", "/latest", "/2.0.0-rc.1"):
        model = mlflow.pyfunc.load_model(f"models:/{MODEL}{reference}")
        right = int((model.predict(digits.test_x) == digits.test_y).sum())
        note = f" ({champion})" if reference == "@champion" else ""
        row(f"models:/{MODEL}{reference}", f"{right} of {len(digits.test_y)} images right{note}")
    shown = model.predict(digits.test_x[:10])
    row("Ten images", f"read as {' '.join(map(str, shown))}, are {' '.join(map(str, digits.test_y[:10]))}")


def say(text: str) -> None:
    print(f"\n{text}", flush=True)


def row(name: str, text: str) -> None:
    print(f"  {name:<28} {text}", flush=True)


def progress(recipe: Recipe, epoch: int, accuracy: float) -> None:
    """One line that grows on a terminal, one line per candidate elsewhere."""
    done = epoch == recipe.epochs
    if sys.stdout.isatty() or done:
        line = f"  {recipe.name:<28} epoch {epoch:>2} of {recipe.epochs}, accuracy {accuracy:.3f}"
        print(f"\r{line}", end="\n" if done else "", flush=True)


QUERY = """query Digits($model: ModelLookup!, $key: String!) {
  model(by: $model) {
    versions(first: 5, orderBy: {field: PRECEDENCE, direction: DESC}) {
      totalCount
      nodes { version aliases { name } candidate { name metricHistory(key: $key, first: 50) { nodes { value } } } }
    }
  }
}"""


def query() -> None:
    """Ask the same service in its own language."""
    say("The newest versions, asked for in GraphQL, with their test accuracy epoch by epoch")
    variables = {"model": {"path": {"project": os.environ["MODELYARD_PROJECT"], "name": MODEL}}, "key": "test_accuracy"}
    request = urllib.request.Request(
        f"{os.environ['MODELYARD_URL']}/graphql",
        json.dumps({"query": QUERY, "variables": variables}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ['MODELYARD_TOKEN']}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        body = json.load(answer)
    if body.get("errors"):
        sys.exit(f"GraphQL answered: {body['errors'][0]['message']}")
    for version in body["data"]["model"]["versions"]["nodes"]:
        points = [point["value"] for point in version["candidate"]["metricHistory"]["nodes"]]
        names = "".join(f" @{alias['name']}" for alias in version["aliases"])
        row(f"{version['version']}{names}", f"{drawn(points)} {points[-1]:.3f}  {version['candidate']['name']}")


def drawn(points: list[float]) -> str:
    """A curve of eight heights, from the lowest point to the highest."""
    low, high = min(points), max(points)
    return "".join(
        "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"[int(7.99 * (point - low) / ((high - low) or 1))]
        for point in points
    )


if __name__ == "__main__":
    main()
