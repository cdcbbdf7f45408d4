"""The jobs of gitlab-ci.yml as one Python program: train, push, staging, evaluate, and a request for production."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from modelyard_client import Client
from modelyard_client.failures import PromotionRefused

PYTHON = os.environ.get("TRAINING_PYTHON", sys.executable)  # the interpreter that has MLflow and scikit-learn
here, pipeline = Path(__file__).parent, os.environ.get("CI_PIPELINE_ID", "by hand")


def job(script: str, *arguments: str) -> None:
    subprocess.run([PYTHON, str(here / script), *arguments], check=True)


with Client() as client:
    job("train.py", *sys.argv[1:])
    run_id = Path("run_id").read_text(encoding="utf-8")
    version = client.push("digits", "model", candidate=run_id, increment="minor").version
    try:
        client.promote(f"digits:{version}", "staging", reason=f"pipeline {pipeline}")
    except PromotionRefused as refusal:
        sys.exit(f"{version} stays outside: {refusal}")
    job("evaluate.py")
    result = json.loads(Path("evaluation.json").read_text(encoding="utf-8"))
    slices = result.pop("slices")
    digest = Path("digest").read_text(encoding="utf-8")
    client.add_evaluation(f"digits:{version}", "noisy-digits", result, slices=slices, digest=digest)
    check = client.check_promotion(f"digits:{version}", "production")
    for verdict in check["verdicts"]:
        print(f"{verdict['outcome']:8} {verdict['title']}: {verdict['explanation']}")
    client.request_promotion(f"digits:{version}", "production", reason=f"pipeline {pipeline}", is_automatic=True)
    print(f"digits {version} waits for an approval")
