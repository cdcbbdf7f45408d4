"""Models, versions, stages and aliases through GraphQL."""

from __future__ import annotations

import pytest

from app.access.policy import Role

MODEL = """mutation m($input: ModelCreateInput!) {
  modelCreate(input: $input) { model { id name } userErrors { code field } }
}"""
VERSION = """mutation v($input: ModelVersionCreateInput!) {
  modelVersionCreate(input: $input) {
    modelVersion { id version number isPrerelease } userErrors { code field message }
  }
}"""


@pytest.fixture
def model(data, project):
    """Makes a model in the test's project and gives its id."""

    async def make(name="digits", **values):
        given = {"project": {"path": project.path}, "name": name, **values}
        return (await data(project[Role.REPORTER], MODEL, input=given))["modelCreate"]["model"]["id"]

    return make


@pytest.fixture
def version(data, project):
    """Makes a version of a model and gives it."""

    async def make(model_id, **values):
        answer = await data(project[Role.REPORTER], VERSION, input={"model": {"id": model_id}, **values})
        assert answer["modelVersionCreate"]["userErrors"] == []
        return answer["modelVersionCreate"]["modelVersion"]

    return make


async def test_model_with_its_surroundings(data, project, model, version):
    model_id = await model(description="# *Hi* <script>x</script>", tags=[{"key": "team", "value": "ocr"}])
    await version(model_id)
    await version(model_id, increment="MAJOR")
    await version(model_id, version="3.0.0-rc.1")
    answer = await data(
        project[Role.GUEST],
        """query q($path: String!) { model(by: {path: {project: $path, name: "digits"}}) {
          id name descriptionHtml tags { key value } createdBy { username } viewerCanUpdate
          project { fullPath } experiment { name }
          latestVersion { version number }
          versions(first: 2) { totalCount pageInfo { hasNextPage } nodes { version candidate { experiment { name } } } }
          matching: versions(reference: "^1") { nodes { version } }
        } }""",
        path=project.path,
    )
    assert answer["model"] == {
        "id": model_id,
        "name": "digits",
        "descriptionHtml": "<h1><em>Hi</em> &lt;script&gt;x&lt;/script&gt;</h1>\n",
        "tags": [{"key": "team", "value": "ocr"}],
        "createdBy": {"username": project[Role.REPORTER].actor.username},
        "viewerCanUpdate": False,
        "project": {"fullPath": project.path},
        "experiment": {"name": "[model]digits"},
        "latestVersion": {"version": "2.0.0", "number": 2},
        "versions": {
            "totalCount": 3,
            "pageInfo": {"hasNextPage": True},
            "nodes": [
                {"version": "3.0.0-rc.1", "candidate": {"experiment": {"name": "[model]digits"}}},
                {"version": "2.0.0", "candidate": {"experiment": {"name": "[model]digits"}}},
            ],
        },
        "matching": {"nodes": [{"version": "1.0.0"}]},
    }


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("1.0.0", "1.0.0"), ("^1.0", "1.1.0"), ("latest", "1.1.0"), ("latest-prerelease", "2.0.0-rc.1"),
        ("#1", "1.0.0"), ("@champion", "1.0.0"), ("stage:staging", "1.1.0"), ("9.9.9", None), ("@nobody", None),
    ],
)  # fmt: skip
async def test_versions_by_every_reference(data, project, model, version, reference, expected):
    model_id = await model()
    for text in ("1.0.0", "1.1.0", "2.0.0-rc.1"):
        made = await version(model_id, version=text)
        if text == "1.1.0":
            await data(
                project[Role.MAINTAINER],
                """mutation s($id: ID!) { modelVersionStageSet(input: {modelVersion: {id: $id}, stage: "staging"}) {
                  modelVersion { stage } userErrors { code } } }""",
                id=made["id"],
            )
    await set_alias(data, project, model_id, "champion", "1.0.0")
    answer = await data(
        project[Role.GUEST],
        "query q($path: ModelVersionPath!) { modelVersion(by: {path: $path}) { version } }",
        path={"project": project.path, "model": "digits", "reference": reference},
    )
    assert answer["modelVersion"] == (expected and {"version": expected})


async def set_alias(data, project, model_id, name, reference, expected=None):
    answer = await data(
        project[Role.REPORTER],
        """mutation a($input: AliasSetInput!) { aliasSet(input: $input) {
          alias { name modelVersion { version } } userErrors { code field } } }""",
        input={"model": {"id": model_id}, "name": name, "reference": reference, "expectedCurrent": expected},
    )
    return answer["aliasSet"]


async def test_aliases_move_by_compare_and_set(data, project, model, version):
    model_id = await model()
    await version(model_id, version="1.0.0")
    await version(model_id, version="2.0.0")
    first = await set_alias(data, project, model_id, "champion", "1.0.0", expected=0)
    assert first == {"alias": {"name": "champion", "modelVersion": {"version": "1.0.0"}}, "userErrors": []}
    refused = await set_alias(data, project, model_id, "champion", "2.0.0", expected=2)
    assert refused == {"alias": None, "userErrors": [{"code": "CONFLICT", "field": "expectedCurrent"}]}
    moved = await set_alias(data, project, model_id, "champion", "#2", expected=1)
    assert moved["alias"]["modelVersion"] == {"version": "2.0.0"}


HISTORY = """query h($id: ID!, $name: String!, $after: String) { model(by: {id: $id}) {
  aliases { id name } aliasHistory(name: $name, first: 2, after: $after) {
    pageInfo { hasNextPage endCursor } nodes { name endedAt modelVersion { version } setBy { username } } } } }"""
DELETE_ALIAS = """mutation d($input: AliasDeleteInput!) { aliasDelete(input: $input) {
  deletedId userErrors { code field } } }"""


async def test_alias_history_keeps_every_assignment_and_outlives_the_alias(data, project, model, version):
    model_id, me = await model(), project[Role.REPORTER]
    for number in ("1.0.0", "2.0.0"):
        await version(model_id, version=number)
    for number in ("1.0.0", "2.0.0", "1.0.0"):
        await set_alias(data, project, model_id, "a", number)
    (alias,) = (await data(me, HISTORY, id=model_id, name="a"))["model"]["aliases"]
    assert await data(project[Role.GUEST], "query n($id: ID!) { node(id: $id) { id } }", id=alias["id"]) == {
        "node": {"id": alias["id"]}
    }
    gone = {"model": {"id": model_id}, "name": "a"}
    answers = [(await data(me, DELETE_ALIAS, input=gone))["aliasDelete"] for _ in range(2)]
    assert answers == [{"deletedId": id, "userErrors": []} for id in (alias["id"], None)]
    first = (await data(me, HISTORY, id=model_id, name="a"))["model"]
    rest = (await data(me, HISTORY, id=model_id, name="a", after=first["aliasHistory"]["pageInfo"]["endCursor"]))[
        "model"
    ]
    rows = first["aliasHistory"]["nodes"] + rest["aliasHistory"]["nodes"]
    assert first["aliases"] == []
    assert [row["modelVersion"]["version"] for row in rows] == ["1.0.0", "2.0.0", "1.0.0"]
    assert all(row["endedAt"] and row["setBy"] == {"username": me.actor.username} for row in rows)
    assert not rest["aliasHistory"]["pageInfo"]["hasNextPage"]


async def test_project_lookup_by_number(data, project):
    query = "query q($number: Long!) { project(by: {number: $number}) { fullPath number } }"
    shown = {"fullPath": project.path, "number": project.id}
    assert await data(project[Role.GUEST], query, number=project.id) == {"project": shown}
    assert await data(project.stranger, query, number=project.id) == {"project": None}
    assert await data(project[Role.GUEST], query, number=0) == {"project": None}


async def test_refusals_name_code_field_and_rule(data, project, model):
    model_id = await model()
    taken = await data(project.people[Role.OWNER], MODEL, input={"project": {"path": project.path}, "name": "digits"})
    assert taken["modelCreate"] == {"model": None, "userErrors": [{"code": "TAKEN", "field": "name"}]}
    answer = await data(project.people[Role.OWNER], VERSION, input={"model": {"id": model_id}, "version": "v1"})
    (error,) = answer["modelVersionCreate"]["userErrors"]
    assert error["code"] == "INVALID_VERSION"
    assert "SemVer 2.0" in error["message"]
    refused = await set_alias(data, project, model_id, "latest", "#1")
    assert refused["userErrors"] == [{"code": "INVALID_NAME", "field": "name"}]


async def test_update_changes_all_or_nothing(data, project, model):
    model_id = await model(tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    await model("other")
    update = """mutation u($input: ModelUpdateInput!) { modelUpdate(input: $input) {
      model { name description tags { key value } experiment { name } } userErrors { code } } }"""
    given = {"model": {"id": model_id}, "name": "other", "description": "new"}
    refused = await data(project[Role.REPORTER], update, input=given)
    assert refused["modelUpdate"] == {"model": None, "userErrors": [{"code": "TAKEN"}]}
    given |= {"name": "better", "tags": [{"key": "a", "value": None}, {"key": "c", "value": "3"}]}
    changed = await data(project[Role.REPORTER], update, input=given)
    assert changed["modelUpdate"]["model"] == {
        "name": "better",
        "description": "new",
        "tags": [{"key": "b", "value": "2"}, {"key": "c", "value": "3"}],
        "experiment": {"name": "[model]better"},
    }


async def test_delete_takes_effect_at_once_and_answers_its_background_job(data, project, model):
    model_id = await model()
    answer = await data(
        project[Role.REPORTER],
        "mutation d($id: ID!) { modelDelete(input: {model: {id: $id}}) { deletedId backgroundJob { id kind } } }",
        id=model_id,
    )
    assert answer["modelDelete"]["deletedId"] == model_id
    job = answer["modelDelete"]["backgroundJob"]
    assert job["kind"] == "registry.purge_model"
    result = await data(
        project[Role.GUEST],
        "query q($a: ID!, $b: ID!) { a: node(id: $a) { id } b: node(id: $b) { id } }",
        a=model_id,
        b=job["id"],
    )
    assert result == {"a": None, "b": {"id": job["id"]}}
    assert (await data(project.stranger, "query q($b: ID!) { node(id: $b) { id } }", b=job["id"])) == {"node": None}
