"""Stages with rules, as the unmodified client meets them."""

# ruff: noqa: PLC0415 - functions run inside of the client's own process
from __future__ import annotations

import pytest

from tests.conftest import TestProject
from tests.support.mlflow.client import ClientError, MLflow


def refused(stage):
    """An empty version may not enter a stage that seals; with a file it may."""
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model("m")
    run = client.create_run("0").info.run_id
    client.create_model_version("m", f"runs:/{run}/model", run)
    client.transition_model_version_stage("m", "1", stage)


def with_a_file():
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model("m")
    run = client.create_run("0").info.run_id
    client.log_text(run, "weights", "model/w.txt")
    client.create_model_version("m", f"runs:/{run}/model", run)
    moved = client.transition_model_version_stage("m", "1", "Production", archive_existing_versions=True)
    again = client.transition_model_version_stage("m", "1", "Production", archive_existing_versions=True)
    return [moved.current_stage, again.current_stage]


async def test_refused_promotion_names_the_rule_that_failed(each_client: MLflow, project: TestProject) -> None:
    with pytest.raises(ClientError) as caught:
        await each_client(refused, "Production")
    told = str(caught.value)
    assert "RestException: INVALID_PARAMETER_VALUE: The version '1.0.0' may not enter the stage 'production'" in told
    assert "one rule failed. The version must have files, all of them sound: The version '1.0.0' is empty" in told


async def test_promotion_that_rules_allow_moves_the_version_and_may_be_repeated(each_client: MLflow) -> None:
    assert await each_client(with_a_file) == ["Production", "Production"]
