"""What GitLab's GraphQL does and this one must not; the numbers are those of docs/moving-from-gitlab.md."""

from __future__ import annotations

import pytest

from app.access.policy import Role
from app.graphql.schema import schema
from app.ids import GlobalId

MODEL = """mutation m($path: String!, $name: String!, $tags: [TagInput!]! = []) {
  modelCreate(input: {project: {path: $path}, name: $name, tags: $tags}) { model { id } userErrors { code } } }"""
VERSION = """mutation v($id: ID!, $version: String, $increment: ModelVersionIncrement) {
  modelVersionCreate(input: {model: {id: $id}, version: $version, increment: $increment}) {
    modelVersion { id version number candidate { id name username createdBy { username } } createdBy { username } }
    userErrors { code } } }"""
LOG = """mutation l($id: ID!, $metrics: [MetricPointInput!]!) {
  candidateLog(input: {candidate: {id: $id}, metrics: $metrics}) { userErrors { code } } }"""


@pytest.fixture
def model(data, project):
    """Makes a model with versions and gives its id."""

    async def make(*versions: str, name: str = "digits") -> str:
        made = await data(project[Role.REPORTER], MODEL, path=project.path, name=name)
        id = made["modelCreate"]["model"]["id"]
        for version in versions:
            await data(project[Role.REPORTER], VERSION, id=id, version=version)
        return id

    return make


@pytest.fixture
def version(data, project):
    """Makes a version and gives it."""

    async def make(model_id: str, **given: str):
        answer = (await data(project[Role.REPORTER], VERSION, id=model_id, **given))["modelVersionCreate"]
        assert answer["userErrors"] == []
        return answer["modelVersion"]

    return make


@pytest.mark.parametrize(
    ("versions", "latest"),
    [
        (("1.9.9", "2.0.0-rc1"), "1.9.9"),
        (("2.0.0", "2.0.0-rc1"), "2.0.0"),
        (("2.0.0-rc.2", "2.0.0-rc.10"), "2.0.0-rc.10"),
    ],
)
async def test_06_the_latest_version_is_by_precedence(data, project, model, versions, latest):
    id = await model(*versions)
    query = "query q($id: ID!) { model(by: {id: $id}) { latestVersion { version } } }"
    answer = await data(project[Role.GUEST], query, id=id)
    assert answer["model"]["latestVersion"]["version"] == latest


async def test_06_versions_are_not_ordered_as_texts(data, project, model):
    id = await model("10.0.0", "2.0.0", "2.0.0-alpha.10", "2.0.0-alpha.2")
    query = """query q($id: ID!, $direction: OrderDirection!) { model(by: {id: $id}) {
      versions(orderBy: {field: PRECEDENCE, direction: $direction}) { nodes { version } } } }"""
    expected = ["2.0.0-alpha.2", "2.0.0-alpha.10", "2.0.0", "10.0.0"]
    for direction in ("ASC", "DESC"):
        answer = await data(project[Role.GUEST], query, id=id, direction=direction)
        order = [one["version"] for one in answer["model"]["versions"]["nodes"]]
        assert order == (expected[::-1] if direction == "DESC" else expected)


async def test_07_every_part_can_be_raised_and_no_suffix_stays(model, version):
    id = await model("1.0.0-rc1")
    made = [(await version(id, increment=part))["version"] for part in ("PATCH", "MINOR", "MAJOR", "PRERELEASE")]
    assert made == ["1.0.0", "1.1.0", "2.0.0", "2.0.1-rc.1"]


async def test_10_experiments_heed_their_search(data, project):
    create = """mutation e($path: String!, $name: String!) {
      experimentCreate(input: {project: {path: $path}, name: $name}) { userErrors { code } } }"""
    for name in ("one", "two"):
        await data(project[Role.DEVELOPER], create, path=project.path, name=name)
    query = """query q($path: String!) { project(by: {path: $path}) {
      experiments(search: "TW") { totalCount nodes { name } } } }"""
    answer = await data(project[Role.GUEST], query, path=project.path)
    assert answer["project"]["experiments"] == {"totalCount": 1, "nodes": [{"name": "two"}]}


async def test_15_and_16_metrics_have_a_step_and_are_the_latest(data, project, model, version):
    made = await version(await model())
    points = [{"key": "k", "value": 1, "timestamp": 1}, {"key": "k", "value": 2, "timestamp": 2, "step": 7}]
    await data(project[Role.DEVELOPER], LOG, id=made["candidate"]["id"], metrics=points)
    query = """query q($id: ID!) { candidate(by: {id: $id}) { metrics { key value step timestamp }
      metricHistory(key: "k") { nodes { value step } } } }"""
    answer = (await data(project[Role.GUEST], query, id=made["candidate"]["id"]))["candidate"]
    assert answer["metrics"] == [{"key": "k", "value": 2, "step": 7, "timestamp": 2}]
    assert answer["metricHistory"]["nodes"] == [{"value": 1, "step": 0}, {"value": 2, "step": 7}]


async def test_20_versions_and_their_candidates_have_an_author(project, model, version):
    made = await version(await model())
    author = project[Role.REPORTER].actor.username
    assert made["createdBy"] == made["candidate"]["createdBy"] == {"username": author}
    assert (made["candidate"]["name"], made["candidate"]["username"]) == ("digits", author)


def test_28_every_id_is_of_one_kind():
    """No argument named after an id takes a number, and no type is spelled in two ways.

    What a CI system calls its own is that system's text, and the log's name of a request is no object.
    """
    wrong, foreign = [], {"externalId", "pipelineId", "requestId"}
    for kind in schema._schema.type_map.values():
        for name, field in getattr(kind, "fields", {}).items():
            coordinates = {name: field, **getattr(field, "args", {})}
            wrong += [
                f"{kind.name}.{coordinate}: {what.type}"
                for coordinate, what in coordinates.items()
                if coordinate in {"id", "ids"} or (coordinate.endswith(("Id", "Ids")) and coordinate not in foreign)
                if str(what.type).strip("[]!") != "ID"
            ]
    names = [name.lower() for name in schema._schema.type_map]
    assert wrong == []
    assert len(names) == len(set(names))


async def test_28_one_id_works_wherever_the_object_is_named(data, project, model):
    id = await model("1.0.0")
    edited = await data(
        project[Role.REPORTER],
        """mutation m($id: ID!) {
          modelUpdate(input: {model: {id: $id}, description: "new"}) { model { id description } userErrors { code } }
          aliasSet(input: {model: {id: $id}, name: "a", reference: "1.0.0"}) { userErrors { code } } }""",
        id=id,
    )
    assert edited["modelUpdate"] == {"model": {"id": id, "description": "new"}, "userErrors": []}
    assert edited["aliasSet"] == {"userErrors": []}
    gone = await data(
        project[Role.REPORTER],
        "mutation d($id: ID!) { modelDelete(input: {model: {id: $id}}) { userErrors { code } } }",
        id=id,
    )
    assert gone["modelDelete"] == {"userErrors": []}


async def test_29_deleting_tells_strangers_nothing(data, project, model, version):
    made = await version(await model())
    absent = str(GlobalId.of("ModelVersion", project.id + 10**9, 1))
    delete = """mutation d($id: ID!) { modelVersionDelete(input: {modelVersion: {id: $id}}) {
      userErrors { code message field } } }"""
    answers = []
    for id, number in ((made["id"], project.id), (absent, project.id + 10**9)):
        (error,) = (await data(project.stranger, delete, id=id))["modelVersionDelete"]["userErrors"]
        answers.append((error["code"], error["field"], error["message"].replace(str(number), "N")))
    assert answers[0] == answers[1]
    assert answers[0][0] == "NOT_FOUND"
    (guest,) = (await data(project[Role.GUEST], delete, id=made["id"]))["modelVersionDelete"]["userErrors"]
    assert guest["code"] == "FORBIDDEN"


async def test_30_fields_may_be_selected_many_times_in_one_query(data, project, model):
    ids = [await model("1.0.0", "2.0.0", name=name) for name in ("a", "b")]
    query = """query q($a: ID!, $b: ID!, $path: String!) {
      a: model(by: {id: $a}) { ...m } b: model(by: {id: $b}) { ...m }
      project(by: {path: $path}) {
        up: models(orderBy: {field: NAME}) { nodes { name one: versions(first: 1) { nodes { version } } } }
        found: models(search: "b") { nodes { name } } } }
    fragment m on Model {
      name all: versions { nodes { version } } some: versions(reference: "^1") { nodes { version } } }"""
    answer = await data(project[Role.GUEST], query, a=ids[0], b=ids[1], path=project.path)
    for name in ("a", "b"):
        assert answer[name]["name"] == name
        assert [one["version"] for one in answer[name]["all"]["nodes"]] == ["2.0.0", "1.0.0"]
        assert [one["version"] for one in answer[name]["some"]["nodes"]] == ["1.0.0"]
    one = {"nodes": [{"version": "2.0.0"}]}
    assert answer["project"]["up"]["nodes"] == [{"name": "a", "one": one}, {"name": "b", "one": one}]
    assert answer["project"]["found"]["nodes"] == [{"name": "b"}]


async def test_31_an_unknown_order_is_an_error(ask, client, project):
    query = """query q($path: String!, $order: [CandidateSearchOrder!]) { project(by: {path: $path}) {
      candidateSearch(experimentIds: [], orderBy: $order) { nodes { id } } } }"""
    answer = await ask(project[Role.GUEST], query, path=project.path, order=[{"field": "colour", "direction": "DESC"}])
    assert "Invalid attribute key 'colour'" in answer.errors[0]["message"]
    field = '{ project(by: {path: "x"}) { models(orderBy: {field: COLOUR}) { nodes { id } } } }'
    refused = await client.post("/graphql", json={"query": field}, headers=project[Role.GUEST].headers)
    assert "COLOUR" in refused.json()["errors"][0]["message"]
