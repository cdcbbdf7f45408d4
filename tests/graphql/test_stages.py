"""Stages, rules for names, moments and rollbacks through GraphQL."""

from __future__ import annotations

import pytest
from sqlalchemy import text as sql

from app.access.policy import Role
from app.registry import models
from app.registry.models import CreateModel
from app.registry.versions import create
from app.registry.versions.request import CreateVersion

MOVE = """mutation s($input: ModelVersionStageSetInput!) { modelVersionStageSet(input: $input) {
  modelVersion { version stage } userErrors { code message field } } }"""
AS_OF = """query q($p: String!, $at: DateTime) {
  modelVersion(by: {path: {project: $p, model: "digits", reference: "stage:production", asOf: $at}}) { version }
  model(by: {path: {project: $p, name: "digits"}}) {
    stageHolders(asOf: $at) { stage { name } version number setReason endReason setByName modelVersion { version } }
    aliases(asOf: $at) { name modelVersion { version } }
    latestVersion(asOf: $at) { version stage(asOf: $at) aliases(asOf: $at) { name } }
    versions(reference: "^1", asOf: $at) { nodes { version } }
  }
}"""


def key(project, reference):
    return {"path": {"project": project.path, "model": "digits", "reference": reference}}


async def now(data, project):
    """A moment of the database, as the last event tells it."""
    async with project.runtime.db.read() as snap:
        return (await snap.scalar(sql("select clock_timestamp()"))).isoformat()


@pytest.fixture
async def moved(data, project, runtime):
    """1.0.0, then 1.1.0 in production and with the alias; the moments before, between and after."""
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("digits"))
    moments = [await now(data, project)]
    for text in ("1.0.0", "1.1.0"):
        elsewhere = f"s3://bucket/{text}"  # not empty: such a version may not enter a stage that seals
        wanted = CreateVersion(model.id, text, source=elsewhere, location=elsewhere)
        await create.create(runtime.db, project.owner, project.id, wanted)
        request = {"modelVersion": key(project, text), "stage": "production", "archiveExisting": True, "reason": text}
        done = await data(project[Role.MAINTAINER], MOVE, input=request)
        assert done["modelVersionStageSet"]["userErrors"] == []
        alias = {
            "model": {"path": {"project": project.path, "name": "digits"}},
            "name": "champion",
            "reference": text,
            "reason": "r",
        }
        await data(
            project[Role.MAINTAINER],
            "mutation a($input: AliasSetInput!) { aliasSet(input: $input) { userErrors { message } } }",
            input=alias,
        )
        moments.append(await now(data, project))
    return moments


async def test_every_name_is_read_as_of_a_moment(data, project, moved):
    answers = [await data(project[Role.GUEST], AS_OF, p=project.path, at=at) for at in (*moved, None)]
    assert [one["modelVersion"] and one["modelVersion"]["version"] for one in answers] == [
        None,
        "1.0.0",
        "1.1.0",
        "1.1.0",
    ]
    who = project[Role.MAINTAINER].actor.username
    first = {"version": "1.0.0", "number": 1, "setByName": who, "modelVersion": {"version": "1.0.0"}}
    assert answers[1]["model"] == {
        "stageHolders": [
            {**first, "stage": {"name": "production"}, "setReason": "1.0.0", "endReason": "It made room for 1.1.0."}
        ],
        "aliases": [{"name": "champion", "modelVersion": {"version": "1.0.0"}}],
        "latestVersion": {"version": "1.0.0", "stage": "production", "aliases": [{"name": "champion"}]},
        "versions": {"nodes": [{"version": "1.0.0"}]},
    }
    assert answers[0]["model"]["latestVersion"] is None and answers[0]["model"]["aliases"] == []
    assert [one["stage"]["name"] for one in answers[2]["model"]["stageHolders"]] == ["production", "archived"]
    assert answers[2]["model"]["stageHolders"] == answers[3]["model"]["stageHolders"]


async def test_a_moment_can_stand_in_the_text_of_a_reference(data, project, moved):
    by = "query q($by: ModelVersionLookup!) { modelVersion(by: $by) { version } }"
    answer = await data(project[Role.GUEST], by, by=key(project, f"stage:Production@{{{moved[1]}}}"))
    assert answer["modelVersion"] == {"version": "1.0.0"}


async def test_histories_go_latest_first_and_rollbacks_are_in_them(data, project, moved):
    back = """mutation b($m: ModelLookup!, $at: DateTime) {
      stageRollback(input: {model: $m, stage: "Production", reason: "worse"}) {
        stage { name } modelVersion { version stage } userErrors { message } }
      aliasRollback(input: {model: $m, name: "champion", asOf: $at, reason: "worse"}) {
        alias { modelVersion { version } } userErrors { message } } }"""
    m = {"path": {"project": project.path, "name": "digits"}}
    done = await data(project[Role.MAINTAINER], back, m=m, at=moved[1])
    assert done["stageRollback"] == {
        "stage": {"name": "production"}, "modelVersion": {"version": "1.0.0", "stage": "production"}, "userErrors": [],
    }  # fmt: skip
    assert done["aliasRollback"]["alias"] == {"modelVersion": {"version": "1.0.0"}}
    history = """query h($m: ModelLookup!) { model(by: $m) {
      stageHistory(stage: "production", first: 9) { nodes { version setReason endReason } }
      aliasHistory(name: "champion", first: 9) { nodes { version number setReason endReason } } } }"""
    answer = (await data(project[Role.GUEST], history, m=m))["model"]
    assert answer["stageHistory"]["nodes"] == [
        {"version": "1.0.0", "setReason": "worse", "endReason": ""},
        {"version": "1.1.0", "setReason": "1.1.0", "endReason": "It made room for 1.0.0."},
        {"version": "1.0.0", "setReason": "1.0.0", "endReason": "It made room for 1.1.0."},
    ]
    assert [(one["number"], one["endReason"]) for one in answer["aliasHistory"]["nodes"]] == [
        (1, ""),
        (2, "worse"),
        (1, "r"),
    ]


async def test_what_is_expected_and_what_is_protected_is_told_with_a_code(data, project, moved):
    request = {"modelVersion": key(project, "1.0.0"), "stage": "production"}
    answer = await data(project[Role.MAINTAINER], MOVE, input={**request, "expectedCurrent": 1})
    (error,) = answer["modelVersionStageSet"]["userErrors"]
    assert error["code"] == "STAGE_MOVED" and "number 2 (1.1.0)" in error["message"]
    answer = await data(project[Role.DEVELOPER], MOVE, input=request)
    (error,) = answer["modelVersionStageSet"]["userErrors"]
    assert (
        error["code"] == "PROTECTED"
        and "takes the role maintainer or a token with the scope promote" in error["message"]
    )


async def test_asof_without_a_reference_says_what_is_missing(client, project, moved):
    query = """query q($p: String!) { model(by: {path: {project: $p, name: "digits"}}) {
      versions(asOf: "2026-05-03T00:00:00Z") { nodes { version } } } }"""
    body = {"query": query, "variables": {"p": project.path}}
    answer = (await client.post("/graphql", json=body, headers=project.headers)).json()
    assert answer["errors"][0]["extensions"]["code"] == "INVALID" and "give both" in answer["errors"][0]["message"]
