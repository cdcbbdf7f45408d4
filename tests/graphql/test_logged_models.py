"""Logged models, data sets and everything else that training code logs, without MLflow."""

from __future__ import annotations

from app.access.policy import Role
from tests.conftest import new_project

BEGIN = """mutation b($path: String!) {
  candidateCreate(input: {experiment: {path: {project: $path, number: 0}}, name: "c"}) { candidate { id } } }"""
MAKE = """mutation m($input: LoggedModelCreateInput!) { loggedModelCreate(input: $input) {
  loggedModel { id uuid status } userErrors { code field } } }"""
LOG = """mutation l($input: CandidateLogInput!) { candidateLog(input: $input) { userErrors { code message field }
  candidate { datasets { name digest sourceType source schema profile tags { key value } }
    metrics { key value loggedModel { name } } loggedModels { nodes { name } }
    loggedModelInputs { loggedModel { name } } loggedModelOutputs { step loggedModel { name } } } } }"""
UPDATE = """mutation u($input: LoggedModelUpdateInput!) { loggedModelUpdate(input: $input) {
  loggedModel { status tags { key value } params { key value }
    metrics { key value datasetName candidate { name } } } userErrors { code field } } }"""


async def begun(data, project) -> str:
    made = await data(project[Role.DEVELOPER], BEGIN, path=project.path)
    return made["candidateCreate"]["candidate"]["id"]


async def made(data, project, **given) -> str:
    given = {"experiment": {"path": {"project": project.path, "number": 0}}, **given}
    answer = (await data(project[Role.DEVELOPER], MAKE, input=given))["loggedModelCreate"]
    assert answer["userErrors"] == []
    assert answer["loggedModel"]["status"] == "PENDING"
    return answer["loggedModel"]["id"]


async def test_a_candidate_logs_data_sets_and_models(data, project):
    candidate = await begun(data, project)
    model = await made(data, project, name="net", candidateId=candidate, params=[{"key": "depth", "value": "3"}])
    use = {"name": "digits", "digest": "abc", "sourceType": "http", "source": "http://d", "schema": "{}"}
    context = [{"key": "mlflow.data.context", "value": "training"}]
    given = {
        "candidate": {"id": candidate},
        "datasets": [{**use, "tags": context}],
        "loggedModelInputIds": [model],
        "loggedModelOutputs": [{"loggedModelId": model, "step": 7}],
        "metrics": [{"key": "acc", "value": 0.9, "timestamp": 1, "loggedModelId": model, "datasetName": "digits"}],
    }
    for _ in range(2):  # again is fine
        answer = (await data(project[Role.DEVELOPER], LOG, input=given))["candidateLog"]
        assert answer["userErrors"] == []
        assert answer["candidate"] == {
            "datasets": [{**use, "profile": None, "tags": context}],
            "metrics": [{"key": "acc", "value": 0.9, "loggedModel": {"name": "net"}}],
            "loggedModels": {"nodes": [{"name": "net"}]},
            "loggedModelInputs": [{"loggedModel": {"name": "net"}}],
            "loggedModelOutputs": [{"step": 7, "loggedModel": {"name": "net"}}],
        }
    changes = {
        "loggedModel": {"id": model},
        "status": "READY",
        "tags": [{"key": "a", "value": "1"}, {"key": "absent", "value": None}],
        "params": [{"key": "width", "value": "9"}],
    }
    changed = (await data(project[Role.DEVELOPER], UPDATE, input=changes))["loggedModelUpdate"]
    assert changed == {
        "loggedModel": {
            "status": "READY",
            "tags": [{"key": "a", "value": "1"}],
            "params": [{"key": "depth", "value": "3"}, {"key": "width", "value": "9"}],
            "metrics": [{"key": "acc", "value": 0.9, "datasetName": "digits", "candidate": {"name": "c"}}],
        },
        "userErrors": [],
    }
    refused = {
        "loggedModel": {"id": model},
        "tags": [{"key": "b", "value": "1"}],
        "params": [{"key": "depth", "value": "4"}],
    }
    answer = (await data(project[Role.DEVELOPER], UPDATE, input=refused))["loggedModelUpdate"]
    assert answer == {"loggedModel": None, "userErrors": [{"code": "INVALID", "field": "params"}]}


async def test_candidate_log_with_an_unknown_logged_model_stores_nothing(data, runtime, staff, project):
    candidate, other = await begun(data, project), await new_project(runtime, staff)
    foreign = await made(data, other, name="theirs")
    given = {"candidate": {"id": candidate}, "tags": [{"key": "k", "value": "v"}], "loggedModelInputIds": [foreign]}
    answer = (await data(project[Role.DEVELOPER], LOG, input=given))["candidateLog"]
    assert [(one["code"], one["field"]) for one in answer["userErrors"]] == [("NOT_FOUND", "loggedModelInputIds")]
    query = "query q($id: ID!) { candidate(by: {id: $id}) { tags { key } } }"
    result = await data(project[Role.GUEST], query, id=candidate)
    assert result["candidate"]["tags"] == [{"key": "mlflow.runName"}]


async def test_logged_model_search_pages_and_versions_are_created_from_logged_models(data, project):
    for name, kind in (("a", "cnn"), ("b", "tree"), ("c", "cnn")):
        model = await made(data, project, name=name, modelType=kind)
    query = """query q($path: String!, $ids: [ID!]!, $first: Int, $after: String) { project(by: {path: $path}) {
      loggedModelSearch(experimentIds: $ids, filter: "model_type = 'cnn'", orderBy: [{field: "name"}], first: $first,
        after: $after) { pageInfo { hasNextPage endCursor } nodes { id name } }
      experimentSearch(filter: "name = 'Default'") { nodes { id } } } }"""
    guest = project[Role.GUEST]
    search = (await data(guest, query, path=project.path, ids=[]))["project"]
    assert search["loggedModelSearch"]["nodes"] == []
    ids = [one["id"] for one in search["experimentSearch"]["nodes"]]
    names, after = [], None
    for _ in range(2):
        page = (await data(guest, query, path=project.path, ids=ids, first=1, after=after))["project"][
            "loggedModelSearch"
        ]
        names += [one["name"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert (names, after) == (["a", "c"], None)

    version = """mutation v($path: String!, $id: ID!) {
      modelCreate(input: {project: {path: $path}, name: "m"}) { userErrors { code } }
      modelVersionCreate(input: {model: {path: {project: $path, name: "m"}}, loggedModelId: $id}) {
        modelVersion { version loggedModel { name modelVersions { version model { name } } } }
        userErrors { code } } }"""
    answer = await data(project[Role.DEVELOPER], version, path=project.path, id=model)
    assert answer["modelVersionCreate"]["modelVersion"] == {
        "version": "1.0.0",
        "loggedModel": {"name": "c", "modelVersions": [{"version": "1.0.0", "model": {"name": "m"}}]},
    }
    gone = "mutation d($id: ID!) { loggedModelDelete(input: {loggedModel: {id: $id}}) { loggedModel { deletedAt } } }"
    assert (await data(project[Role.DEVELOPER], gone, id=model))["loggedModelDelete"]["loggedModel"]["deletedAt"]
    page = (await data(guest, query, path=project.path, ids=ids))["project"]["loggedModelSearch"]
    assert [one["name"] for one in page["nodes"]] == ["a"]


async def test_update_removes_single_tags(data, project):
    candidate = await begun(data, project)
    log = {"candidate": {"id": candidate}, "tags": [{"key": key, "value": "1"} for key in ("x", "y")]}
    await data(project[Role.DEVELOPER], LOG, input=log)
    document = """mutation u($candidate: ID!, $path: String!) {
      candidateUpdate(input: {candidate: {id: $candidate}, name: "new", status: FINISHED,
        tags: [{key: "x"}, {key: "z", value: "2"}]}) { candidate { name status tags { key value } }
        userErrors { code } }
      experimentCreate(input: {project: {path: $path}, name: "e", tags: [{key: "x", value: "1"}]}) {
        userErrors { code } }
      experimentUpdate(input: {experiment: {name: {project: $path, name: "e"}}, name: "f",
        tags: [{key: "x"}, {key: "z", value: "2"}]}) { experiment { name tags { key value } } userErrors { code } } }"""
    answer = await data(project[Role.DEVELOPER], document, candidate=candidate, path=project.path)
    tags = [{"key": "y", "value": "1"}, {"key": "z", "value": "2"}]
    assert answer["candidateUpdate"]["candidate"] == {
        "name": "new",
        "status": "FINISHED",
        "tags": [{"key": "mlflow.runName", "value": "new"}, *tags],
    }
    assert answer["experimentUpdate"]["experiment"] == {"name": "f", "tags": tags[1:]}


async def test_a_version_is_copied_within_its_project(data, runtime, staff, project):
    other = await new_project(runtime, staff)
    setup = """mutation s($path: String!, $other: String!) {
      modelCreate(input: {project: {path: $path}, name: "dev"}) { userErrors { code } }
      two: modelCreate(input: {project: {path: $path}, name: "prod"}) { userErrors { code } }
      three: modelCreate(input: {project: {path: $other}, name: "theirs"}) { userErrors { code } }
      modelVersionCreate(input: {model: {path: {project: $path, name: "dev"}}, version: "2.1.0", description: "d",
        tags: [{key: "k", value: "v"}]}) { modelVersion { id candidate { uuid } } } }"""
    made = await data(project[Role.OWNER], setup, path=project.path, other=other.path)
    first = made["modelVersionCreate"]["modelVersion"]
    copy = """mutation c($id: ID!, $path: String!, $name: String!, $version: String) {
      modelVersionCopy(input: {modelVersion: {id: $id}, model: {path: {project: $path, name: $name}},
        version: $version})
      { modelVersion { version description source tags { key value } candidate { uuid } model { name } }
        userErrors { code field } } }"""

    async def copied(**given):
        return (
            await data(project[Role.REPORTER], copy, id=first["id"], **{"path": project.path, "name": "prod", **given})
        )["modelVersionCopy"]

    expected = {
        "version": "2.1.0",
        "description": "d",
        "source": "models:/dev/1",
        "tags": [{"key": "k", "value": "v"}],
        "candidate": first["candidate"],
        "model": {"name": "prod"},
    }
    assert (await copied())["modelVersion"] == expected
    assert (await copied())["modelVersion"] == {**expected, "version": "2.1.1"}
    assert (await copied(version="2.1.0"))["userErrors"] == [{"code": "TAKEN", "field": "version"}]
    theirs = await copied(path=other.path, name="theirs")
    assert theirs["userErrors"] == [{"code": "NOT_FOUND", "field": "model"}]


async def test_models_and_versions_are_searched_in_the_grammar_of_mlflow(data, project):
    setup = """mutation s($path: String!) {
      modelCreate(input: {project: {path: $path}, name: "a", tags: [{key: "t", value: "1"}]}) { userErrors { code } }
      b: modelCreate(input: {project: {path: $path}, name: "b"}) { userErrors { code } }
      v: modelVersionCreate(input: {model: {path: {project: $path, name: "a"}}}) { userErrors { code } }
      w: modelVersionCreate(input: {model: {path: {project: $path, name: "b"}}}) { userErrors { code } } }"""
    await data(project[Role.OWNER], setup, path=project.path)
    query = """query q($path: String!) { project(by: {path: $path}) {
      modelSearch(filter: "tags.t = '1'") { nodes { name } }
      all: modelSearch(orderBy: [{field: "name", direction: DESC}], first: 1) {
        pageInfo { hasNextPage } nodes { name } }
      modelVersionSearch(filter: "name LIKE 'b%'") { nodes { version model { name } } } } }"""
    answer = (await data(project[Role.GUEST], query, path=project.path))["project"]
    assert answer == {
        "modelSearch": {"nodes": [{"name": "a"}]},
        "all": {"pageInfo": {"hasNextPage": True}, "nodes": [{"name": "b"}]},
        "modelVersionSearch": {"nodes": [{"version": "1.0.0", "model": {"name": "b"}}]},
    }
