"""The job `evaluate`: tries the version in `staging` on data that training never saw, and writes what it found."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import mlflow.pyfunc
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

features, labels = load_digits(return_X_y=True)
_, test_x, _, test_y = train_test_split(features, labels, test_size=0.25, random_state=7)
noise = np.random.default_rng(1).normal(scale=1.0, size=test_x.shape)
holdout = np.clip(test_x + noise, 0, 16)

predicted = mlflow.pyfunc.load_model("models:/digits/staging").predict(holdout)
zeros = test_y == 0
result = {
    "accuracy": float(accuracy_score(test_y, predicted)),
    "slices": {"zeros": {"accuracy": float(accuracy_score(test_y[zeros], predicted[zeros]))}},
}
Path("digest").write_text(hashlib.sha256(holdout.tobytes()).hexdigest()[:16], encoding="utf-8")
Path("evaluation.json").write_text(json.dumps(result), encoding="utf-8")
print(f"evaluated on noisy digits: accuracy {result['accuracy']:.4f}")
