"""The job `train`: trains a classifier with the unmodified MLflow client; leaves its files and the id of the run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import mlflow
import mlflow.sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

samples = int(sys.argv[1]) if len(sys.argv) > 1 else 600
features, labels = load_digits(return_X_y=True)
train_x, test_x, train_y, test_y = train_test_split(features, labels, test_size=0.25, random_state=7)

mlflow.set_experiment("digits in CI")
with mlflow.start_run(run_name=f"{samples} samples") as run:
    if commit := os.environ.get("CI_COMMIT_SHA"):
        mlflow.set_tag("mlflow.source.git.commit", commit)
    mlflow.log_params({"samples": samples, "seed": 7})
    mlflow.log_input(
        mlflow.data.from_numpy(train_x[:samples], targets=train_y[:samples], name="digits-train"), context="training"
    )
    model = LogisticRegression(max_iter=2000).fit(train_x[:samples], train_y[:samples])
    accuracy = accuracy_score(test_y, model.predict(test_x))
    mlflow.log_metric("accuracy", accuracy)
mlflow.sklearn.save_model(model, "model", signature=infer_signature(train_x, model.predict(train_x)))
Path("run_id").write_text(run.info.run_id, encoding="utf-8")
print(f"trained on {samples} samples: accuracy {accuracy:.4f} on data of the same kind")
