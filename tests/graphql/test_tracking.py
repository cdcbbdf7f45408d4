"""Experiments and candidates through GraphQL."""

from __future__ import annotations

import pytest

from app.access.policy import Role
from app.ids import GlobalId
from app.tracking import candidates
from app.tracking.candidates import CreateCandidate

BEGIN = """mutation c($input: CandidateCreateInput!) { candidateCreate(input: $input) {
  candidate { id uuid name status } userErrors { code field message } } }"""
LOG = """mutation l($input: CandidateLogInput!) { candidateLog(input: $input) {
  candidate { params { key value } metrics { key value step } tags { key value } } userErrors { code field } } }"""


@pytest.fixture
def candidate(data, project):
    """Begins a candidate in Default and gives it."""

    async def begin(**values):
        given = {"experiment": {"path": {"project": project.path, "number": 0}}, **values}
        answer = await data(project[Role.DEVELOPER], BEGIN, input=given)
        assert answer["candidateCreate"]["userErrors"] == []
        return answer["candidateCreate"]["candidate"]

    return begin


async def test_log_and_read_back(data, project, candidate):
    begun = await candidate(name="first", params=[{"key": "depth", "value": "5"}])
    given = {
        "candidate": {"id": begun["id"]},
        "metrics": [
            {"key": "loss", "value": 0.5, "timestamp": 1, "step": 1},
            {"key": "loss", "value": "NaN", "timestamp": 2, "step": 2},
            {"key": "loss", "value": "NaN", "timestamp": 2, "step": 2},
            {"key": "top", "value": "-Infinity", "timestamp": "3", "step": 9007199254740993},
        ],
        "params": [{"key": "rate", "value": "0.1"}],
        "tags": [{"key": "kind", "value": "baseline"}],
    }
    logged = (await data(project[Role.DEVELOPER], LOG, input=given))["candidateLog"]
    assert logged["userErrors"] == []
    assert logged["candidate"]["params"] == [{"key": "depth", "value": "5"}, {"key": "rate", "value": "0.1"}]
    assert logged["candidate"]["metrics"] == [
        {"key": "loss", "value": "NaN", "step": 2},
        {"key": "top", "value": "-Infinity", "step": 9007199254740993},
    ]
    answer = await data(
        project[Role.GUEST],
        """query q($id: ID!) { candidate(by: {id: $id}) { name status viewerCanUpdate
          metricHistory(key: "loss", first: 5) { nodes { value step timestamp } } } }""",
        id=begun["id"],
    )
    assert answer["candidate"] == {
        "name": "first",
        "status": "RUNNING",
        "viewerCanUpdate": False,
        "metricHistory": {
            "nodes": [{"value": 0.5, "step": 1, "timestamp": 1}, {"value": "NaN", "step": 2, "timestamp": 2}]
        },
    }


async def test_changed_param_stores_nothing_of_the_batch(data, project, candidate):
    begun = await candidate(params=[{"key": "depth", "value": "5"}])
    given = {
        "candidate": {"id": begun["id"]},
        "params": [{"key": "depth", "value": "6"}],
        "tags": [{"key": "kind", "value": "x"}],
    }
    answer = await data(project[Role.DEVELOPER], LOG, input=given)
    assert answer["candidateLog"] == {"candidate": None, "userErrors": [{"code": "INVALID", "field": "params"}]}
    query = "query q($id: ID!) { candidate(by: {id: $id}) { params { value } tags { key } } }"
    result = await data(project[Role.GUEST], query, id=begun["id"])
    assert result["candidate"] == {"params": [{"value": "5"}], "tags": [{"key": "mlflow.runName"}]}


async def test_search_with_or_not_and_parentheses(data, project, candidate):
    for number in range(5):
        begun = await candidate(name=f"c{number}", params=[{"key": "n", "value": str(number)}])
        point = {"key": "score", "value": number / 10, "timestamp": 1}
        await data(
            project[Role.DEVELOPER],
            LOG,
            input={"candidate": {"id": begun["id"]}, "metrics": [point] if number < 4 else []},
        )
    search = """query q($path: String!, $e: [ID!]!, $f: String!, $o: [CandidateSearchOrder!], $after: String) {
      project(by: {path: $path}) { candidateSearch(experimentIds: $e, filter: $f, orderBy: $o, first: 2,
        after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } } }"""
    by_path = "query e($path: String!) { experiment(by: {path: {project: $path, number: 0}}) { id } }"
    experiment = (await data(project[Role.GUEST], by_path, path=project.path))["experiment"]["id"]
    given = {"path": project.path, "e": [experiment], "f": "NOT (params.n = '1' OR metrics.score > 0.25)"}
    order = [{"field": "metrics.score", "direction": "DESC"}]
    first = (await data(project[Role.GUEST], search, **given, o=order))["project"]["candidateSearch"]
    assert ([node["name"] for node in first["nodes"]], first["pageInfo"]["hasNextPage"]) == (["c2", "c0"], True)
    rest = await data(project[Role.GUEST], search, **given, o=order, after=first["pageInfo"]["endCursor"])
    assert rest["project"]["candidateSearch"] == {
        "nodes": [{"name": "c4"}],
        "pageInfo": {"hasNextPage": False, "endCursor": None},
    }


async def test_trash_and_back_and_gone(data, project, candidate):
    begun = await candidate()
    delete = """mutation d($id: ID!, $p: Boolean!) { candidateDelete(input: {candidate: {id: $id}, permanently: $p}) {
      deletedId candidate { deletedAt } backgroundJob { kind } userErrors { code } } }"""
    gone = (await data(project[Role.DEVELOPER], delete, id=begun["id"], p=False))["candidateDelete"]
    assert (gone["deletedId"], gone["candidate"]["deletedAt"] is None) == (begun["id"], False)
    restore = "mutation r($id: ID!) { candidateRestore(input: {candidate: {id: $id}}) { candidate { deletedAt } } }"
    back = await data(project[Role.DEVELOPER], restore, id=begun["id"])
    assert back["candidateRestore"] == {"candidate": {"deletedAt": None}}
    gone = (await data(project[Role.DEVELOPER], delete, id=begun["id"], p=True))["candidateDelete"]
    assert gone == {
        "deletedId": begun["id"],
        "candidate": None,
        "backgroundJob": {"kind": "tracking.purge_candidate"},
        "userErrors": [],
    }
    assert (await data(project[Role.DEVELOPER], "query q($id: ID!) { node(id: $id) { id } }", id=begun["id"])) == {
        "node": None
    }


TIMES = "query t($id: ID!) { candidate(by: {id: $id}) { startedAt finishedAt username } }"


async def test_candidate_times_are_datetimes_to_the_millisecond(data, runtime, project, candidate):
    begun = await candidate(startedAt="2027-01-31T12:00:00.1239+01:00", username="ada")
    end = """mutation e($id: ID!, $at: DateTime) { candidateUpdate(input: {candidate: {id: $id}, status: FINISHED,
      finishedAt: $at}) { candidate { finishedAt } userErrors { code } } }"""
    ended = await data(project[Role.DEVELOPER], end, id=begun["id"], at="1969-12-31T23:59:59.999Z")
    assert ended["candidateUpdate"]["candidate"] == {"finishedAt": "1969-12-31T23:59:59.999000+00:00"}
    shown = (await data(project[Role.GUEST], TIMES, id=begun["id"]))["candidate"]
    assert (shown["startedAt"], shown["username"]) == ("2027-01-31T11:00:00.123000+00:00", "ada")


@pytest.mark.parametrize("milliseconds", [2**63 - 1, -(2**63), 253_402_300_800_000])
async def test_candidate_times_beyond_the_calendar_are_null(data, runtime, project, milliseconds):
    command = CreateCandidate(start_time=milliseconds)
    begun = await candidates.create(runtime.db, project.owner, project.id, command)
    shown = await data(project[Role.GUEST], TIMES, id=str(GlobalId.of("Candidate", project.id, begun.id)))
    assert shown["candidate"]["startedAt"] is None


async def test_experiments_are_listed_by_view(data, project):
    setup = """mutation s($p: String!) {
      a: experimentCreate(input: {project: {path: $p}, name: "kept"}) { userErrors { code } }
      b: experimentCreate(input: {project: {path: $p}, name: "trashed"}) { userErrors { code } }
      experimentDelete(input: {experiment: {name: {project: $p, name: "trashed"}}}) {
        deletedId experiment { id deletedAt } userErrors { code } } }"""
    made = (await data(project[Role.DEVELOPER], setup, p=project.path))["experimentDelete"]
    assert made["deletedId"] == made["experiment"]["id"]
    query = """query v($p: String!, $view: ViewType!) { project(by: {path: $p}) {
      experiments(view: $view, search: "e") { totalCount nodes { name } } } }"""
    listed = {}
    for view in ("ACTIVE", "DELETED", "ALL"):
        page = (await data(project[Role.GUEST], query, p=project.path, view=view))["project"]["experiments"]
        listed[view] = sorted(node["name"] for node in page["nodes"] if node["name"] != "Default")
        assert page["totalCount"] == len(page["nodes"])
    assert listed == {"ACTIVE": ["kept"], "DELETED": ["trashed"], "ALL": ["kept", "trashed"]}


async def test_version_of_a_candidate_shares_it(data, project, candidate):
    begun = await candidate()
    made = await data(
        project.people[Role.OWNER],
        """mutation m($path: String!) { modelCreate(input: {project: {path: $path}, name: "m"}) { model { id } } }""",
        path=project.path,
    )
    answer = await data(
        project.people[Role.OWNER],
        """mutation v($m: ID!, $c: ID!) { modelVersionCreate(input: {model: {id: $m}, candidateId: $c}) {
          modelVersion { version candidate { uuid modelVersions { version } } } userErrors { code } } }""",
        m=made["modelCreate"]["model"]["id"],
        c=begun["id"],
    )
    assert answer["modelVersionCreate"] == {
        "modelVersion": {
            "version": "1.0.0",
            "candidate": {"uuid": begun["uuid"], "modelVersions": [{"version": "1.0.0"}]},
        },
        "userErrors": [],
    }
