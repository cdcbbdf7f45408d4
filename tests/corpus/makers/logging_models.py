"""Logs models with MLflow's client into a store of their own, of which the artifacts are kept."""

from __future__ import annotations

import atexit
import functools
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


@functools.cache
def store() -> Path:
    """The tracking store of this process; a new one takes seconds."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.create_experiment("corpus", artifact_location=(folder / "artifacts").as_uri())
    return folder


def logged(folder: Path, name: str, log: Callable[..., Any]) -> None:
    """Log a model, and keep its artifacts alone, as the folder ``name``."""
    store()
    mlflow.set_experiment("corpus")
    try:
        with mlflow.start_run():
            info = log(name="model")
        shutil.copytree(mlflow.artifacts.download_artifacts(info.model_uri), folder / name)
    except Exception as error:  # noqa: BLE001 - one flavour's failure must not hide the others
        print(f"not logged: {name}: {type(error).__name__}: {error}"[:300])
