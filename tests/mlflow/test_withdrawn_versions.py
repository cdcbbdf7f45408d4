"""What the real client sees of sealed, yanked and deprecated versions."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import asyncio

import pytest

from app.access.policy import Actor
from app.lifecycle.seals import seals, withdrawals
from app.lifecycle.seals.withdrawals import Kind, Withdraw
from app.registry.references.parse import parse_reference
from app.registry.references.resolve import Named
from tests.support.mlflow.client import ClientError, MLflow


def make_three_versions():
    """The files of a run behind 1.0.0, 1.1.0 and 2.0.0, all in Staging; `champion` on the last."""
    import mlflow
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model("m")
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        with mlflow.start_run() as run:
            mlflow.log_text(version, "model/version.txt")
        source = f"runs:/{run.info.run_id}/model"
        client.create_model_version("m", source, run.info.run_id, tags={"gitlab.version": version})
    for number in ("1", "2", "3"):
        client.transition_model_version_stage("m", number, "Staging")
    client.set_registered_model_alias("m", "champion", "3")


def look():
    """Every way by which the client comes to a version: the file that it gets, and what it is told."""
    import tempfile
    from pathlib import Path

    import mlflow
    from mlflow import MlflowClient

    def text(uri):
        with tempfile.TemporaryDirectory() as folder:
            return (Path(mlflow.artifacts.download_artifacts(uri, dst_path=folder)) / "version.txt").read_text()

    client = MlflowClient()
    loaded = {uri: text(f"models:/m{uri}") for uri in ("/latest", "/Staging", "/^1", "/2.0.0", "/3", "@champion")}
    exact = client.get_model_version("m", "3")
    by_alias = client.get_model_version_by_alias("m", "champion")
    searched = {one.version: one.tags for one in client.search_model_versions("name = 'm'")}
    return {
        "loaded": loaded,
        "latest": [one.version for one in client.get_latest_versions("m")],
        "of_stage": [one.version for one in client.get_latest_versions("m", ["Staging"])],
        "exact": [exact.tags.get("modelyard.yanked"), exact.status, exact.status_message],
        "alias": by_alias.tags.get("modelyard.yanked"),
        "searched": searched["3"].get("modelyard.yanked"),
        "deprecated": searched["2"].get("modelyard.deprecated"),
        "found": [one.version for one in client.search_model_versions("tags.`modelyard.yanked` LIKE '%labels%'")],
        "model": [one.version for one in client.get_registered_model("m").latest_versions],
    }


def change_a_sealed_version(what):
    import mlflow
    from mlflow import MlflowClient

    client = MlflowClient()
    run_id = client.get_model_version("m", "1").run_id
    if what == "description":
        client.update_model_version("m", "1", "other")
    elif what == "file":
        with mlflow.start_run(run_id=run_id):
            mlflow.log_text("other", "model/version.txt")
    elif what == "fact":
        client.set_model_version_tag("m", "1", "mlflow.source.name", "b")
    else:
        client.set_model_version_tag("m", "1", "modelyard.yanked", "b")


async def _withdraw(runtime, project, text: str, kind: Kind, reason: str) -> None:
    actor: Actor = project.owner
    command = Withdraw(reason, "1.0.0")
    target = Named("m", parse_reference(text))
    await withdrawals.withdraw(runtime.db, actor, project.id, target, kind, command)


async def test_clients_get_no_yanked_version_unless_they_name_it_and_are_told(runtime, project, each_client: MLflow):
    await each_client(make_three_versions)
    before = await each_client(look)
    assert before["loaded"]["/latest"] == before["loaded"]["/Staging"] == "2.0.0"
    await _withdraw(runtime, project, "2.0.0", Kind.YANK, "Trained on wrong labels")
    await _withdraw(runtime, project, "1.1.0", Kind.DEPRECATION, "Slow")
    seen = await each_client(look)
    told = "Trained on wrong labels. Use 1.0.0 instead."
    assert seen == {
        "loaded": {"/latest": "1.1.0", "/Staging": "1.1.0", "/^1": "1.1.0", "/2.0.0": "2.0.0", "/3": "2.0.0",
                   "@champion": "2.0.0"},
        "latest": ["2"],
        "of_stage": ["2"],
        "exact": [told, "READY", f"Yanked: {told}"],
        "alias": told,
        "searched": told,
        "deprecated": "Slow. Use 1.0.0 instead.",
        "found": ["3"],
        "model": ["2"],
    }  # fmt: skip


@pytest.mark.parametrize("what", ["description", "file", "fact", "reserved tag"])
async def test_clients_are_told_why_a_sealed_version_does_not_change(runtime, project, mlflow: MLflow, what: str):
    await mlflow(make_three_versions)
    await mlflow(set_fact)
    target = Named("m", parse_reference("1.0.0"))
    await seals.seal_version(runtime.db, project.owner, project.id, target)
    with pytest.raises(ClientError) as caught:
        await asyncio.wait_for(mlflow(change_a_sealed_version, what), 60)
    assert ("sealed" if what != "reserved tag" else "yank or deprecate it") in str(caught.value)


def set_fact():
    from mlflow import MlflowClient

    MlflowClient().set_model_version_tag("m", "1", "mlflow.source.name", "a")
