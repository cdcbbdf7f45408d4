"""Logs models with MLflow's client into a store of their own, of which the artifacts are kept."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ |= {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT": "60",
}

import mlflow


def logged(folder: Path, name: str, log: Callable[..., Any]) -> None:
    """Log into a store of this folder, and keep the artifacts alone."""
    store = Path(tempfile.mkdtemp())
    mlflow.set_tracking_uri(f"sqlite:///{store}/mlflow.db")
    mlflow.set_experiment(
        experiment_id=mlflow.create_experiment("corpus", artifact_location=(store / "artifacts").as_uri())
    )
    try:
        with mlflow.start_run():
            info = log(name="model")
        shutil.copytree(mlflow.artifacts.download_artifacts(info.model_uri), folder / name)
    except Exception as error:  # noqa: BLE001 - one flavour's failure must not hide the others
        print(f"not logged: {name}: {type(error).__name__}: {error}"[:300])
    finally:
        shutil.rmtree(store)
