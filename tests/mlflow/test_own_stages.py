"""MLflow clients in a project that calls its stages otherwise: their four names go on working."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

from app.access.policy import Role
from app.registry.stages import changes, rules
from app.registry.stages.changes import EditStage, NewStage
from app.registry.stages.protections import Kind
from app.registry.stages.rules import SetProtection
from tests.conftest import TestProject
from tests.mlflow.conftest import Rest
from tests.support.mlflow.client import MLflow


def with_own_stages():
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model("m")
    for _ in range(4):
        client.create_model_version("m", "s3://bucket/model")
    for version, stage in (("1", "Production"), ("2", "canary"), ("3", "Staging"), ("4", "live")):
        client.transition_model_version_stage("m", version, stage, archive_existing_versions=stage == "Production")
    latest = [(one.current_stage, one.version) for one in client.get_latest_versions("m")]
    names = ("Production", "live", "canary")
    chosen = [[one.version for one in client.get_latest_versions("m", [name])] for name in names]
    return [latest, *chosen, client.get_model_version("m", "2").current_stage]


async def test_the_four_names_mean_what_they_are_mapped_to(mlflow: MLflow, project: TestProject) -> None:
    db, owner, id = project.runtime.db, project.owner, project.id
    await changes.edit(db, owner, id, "production", EditStage(name="live"))
    await changes.edit(db, owner, id, "none", EditStage(name="fresh"))
    await changes.create(db, owner, id, NewStage("canary"))
    latest, production, live, canary, own = await mlflow(with_own_stages)
    assert [(name, str(version)) for name, version in latest] == [
        ("Staging", "3"),
        ("Production", "4"),
        ("canary", "2"),
    ]
    assert production == live and [str(one) for one in production] == ["4"]
    assert [str(one) for one in canary] == ["2"] and own == "canary"


async def test_an_unknown_stage_is_answered_in_mlflow_s_words(rest: Rest, project: TestProject) -> None:
    await rest.post("registered-models/create", {"name": "m"})
    await rest.post("model-versions/create", {"name": "m", "source": "s3://bucket/model"})
    request = {"name": "m", "version": "1", "stage": "gone"}
    answer = await rest.post("model-versions/transition-stage", request)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert answer.json()["message"].startswith(
        "Invalid Model Version stage: gone. Value must be one of None, Staging, Production, Archived. "
        "There is no stage 'gone'; there are none, staging, production, archived."
    )


async def test_protected_names_are_refused_here_too(rest: Rest, project: TestProject) -> None:
    await rules.set(project.runtime.db, project.owner, project.id, SetProtection(Kind.ALIAS, "champion"))
    await rest.post("registered-models/create", {"name": "m"})
    await rest.post("model-versions/create", {"name": "m", "source": "s3://bucket/model"})
    headers = project.people[Role.DEVELOPER].headers
    for path, body in (
        ("model-versions/transition-stage", {"version": "1", "stage": "Production"}),
        ("registered-models/alias", {"alias": "champion", "version": "1"}),
    ):
        answer = await rest.post(path, {"name": "m", **body}, headers=headers)
        assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED"), answer.text
        assert "is protected by the rule" in answer.json()["message"]
