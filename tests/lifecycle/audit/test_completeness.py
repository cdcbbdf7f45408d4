"""Whatever changes something leaves an entry with its request and author; what does not is listed, with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from app.access.policy import Role
from app.mlflow import routes
from tests.graphql.test_examples import ADMINISTRATORS, BROWSERS
from tests.support.graphql.examples import MUTATIONS, Seeded, seed

_ON_ITS_WAY = "files on their way; the file is audited once it is in its place, by the job that puts it there"
SILENT = {
    "artifactUploadAbort": _ON_ITS_WAY,
    "artifactUploadComplete": _ON_ITS_WAY,
    "artifactUploadCreate": _ON_ITS_WAY,
    "ciJobRefresh": "asks a CI system anew, and changes nothing itself",
    "deploymentHeartbeat": "says that a deployment runs on",
    "webhookTest": "sends a delivery of no event; nothing else is changed",
}
"""Mutations whose documented example leaves no entry."""


IN_FRESH_PROJECTS = {"modelVersionRestore", "promotionRequestApprove", "promotionRequestReject"}
"""Examples that need what others delete or take."""
PERHAPS = {"sessionsRevoke"}
"""Those that change something only if other tests left it."""


@pytest.fixture(scope="module")
async def seeded(runtime, staff, data, people) -> Seeded:
    return await seed(runtime, staff, data, people)


@pytest.mark.parametrize("name", [name for name in MUTATIONS if name not in BROWSERS])
async def test_each_mutation_leaves_an_entry_with_its_request_and_author(
    http, admin, seeded, entries, runtime, staff, data, people, name
):
    if name in IN_FRESH_PROJECTS:
        seeded = await seed(runtime, staff, data, people)
    person = admin if name in ADMINISTRATORS else seeded.project.people[Role.OWNER]
    document, variables = seeded.example(name)
    answer = await http.post("/graphql", json={"query": document, "variables": variables}, headers=person.headers)
    assert answer.json()["data"][name]["userErrors"] == []
    written = await entries.of_request(answer.headers["x-request-id"])
    if name not in PERHAPS:
        assert bool(written) == (name not in SILENT), "say in SILENT why it leaves none"
    for entry in written:
        context = entry["context"]
        assert (context["actor"], context["username"]) == (person.actor.user_id, person.actor.username)
        assert context["token"] == person.actor.token_id and context["address"] == "127.0.0.1"
        assert "database_user" not in context


def test_each_exception_is_a_mutation():
    assert SILENT.keys() <= set(MUTATIONS)


_LOGGED = "what training code logs: points, params, tags"
SILENT_CALLS = {
    "POST runs/log-metric": _LOGGED,
    "POST runs/log-batch": _LOGGED,
    "POST runs/log-parameter": _LOGGED,
    "POST runs/set-tag": _LOGGED,
    "POST runs/delete-tag": _LOGGED,
    "POST runs/outputs": _LOGGED,
    "POST webhooks/{id}/test": "sends a delivery of no event; nothing else is changed",
}
READS = {"search", "get-latest-versions", "presigned-upload-url", "presigned-download-url", "search-datasets"}
"""POST, and nothing is changed."""
M, V = {"name": "m"}, {"name": "m", "version": "1"}
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("POST experiments/create", {"name": "e"}),
    ("POST experiments/update", {"experiment_id": "E", "new_name": "f"}),
    ("POST experiments/set-experiment-tag", {"experiment_id": "E", "key": "a", "value": "b"}),
    ("POST experiments/delete-experiment-tag", {"experiment_id": "E", "key": "a"}),
    ("POST experiments/delete", {"experiment_id": "E"}),
    ("POST experiments/restore", {"experiment_id": "E"}),
    ("POST runs/create", {"experiment_id": "E", "start_time": 1}),
    ("POST runs/update", {"run_id": "R", "status": "FINISHED", "end_time": 2}),
    ("POST runs/log-metric", {"run_id": "R", "key": "k", "value": 1, "timestamp": 1}),
    ("POST runs/log-batch", {"run_id": "R", "metrics": [{"key": "k", "value": 1, "timestamp": 1}]}),
    ("POST runs/log-parameter", {"run_id": "R", "key": "k", "value": "1"}),
    ("POST runs/set-tag", {"run_id": "R", "key": "k", "value": "1"}),
    ("POST runs/delete-tag", {"run_id": "R", "key": "k"}),
    ("POST runs/log-inputs", {"run_id": "R", "datasets": [
        {"dataset": {"name": "d", "digest": "1", "source_type": "s", "source": "s"}, "tags": []}]}),
    ("POST logged-models", {"experiment_id": "E", "name": "net", "source_run_id": "R"}),
    ("POST runs/outputs", {"run_id": "R", "models": [{"model_id": "L", "step": 0}]}),
    ("PATCH logged-models/{id}", {"model_id": "L", "status": "LOGGED_MODEL_READY"}),
    ("PATCH logged-models/{id}/tags", {"model_id": "L", "tags": [{"key": "t", "value": "1"}]}),
    ("DELETE logged-models/{id}/tags/{key:path}", {}),
    ("POST logged-models/{id}/params", {"model_id": "L", "params": [{"key": "p", "value": "1"}]}),
    ("DELETE logged-models/{id}", {}),
    ("POST runs/delete", {"run_id": "R"}),
    ("POST runs/restore", {"run_id": "R"}),
    ("POST registered-models/create", M),
    ("POST registered-models/rename", {"name": "m", "new_name": "n"}),
    ("POST registered-models/rename", {"name": "n", "new_name": "m"}),
    ("PATCH registered-models/update", {"name": "m", "description": "d"}),
    ("POST registered-models/set-tag", {"name": "m", "key": "t", "value": "1"}),
    ("DELETE registered-models/delete-tag", {"name": "m", "key": "t"}),
    ("POST model-versions/create", {"name": "m", "source": ""}),
    ("PATCH model-versions/update", V | {"description": "d"}),
    ("POST model-versions/set-tag", V | {"key": "t", "value": "1"}),
    ("DELETE model-versions/delete-tag", V | {"key": "t"}),
    ("POST registered-models/alias", V | {"alias": "champion"}),
    ("DELETE registered-models/alias", M | {"alias": "champion"}),
    ("POST model-versions/transition-stage", V | {"stage": "Staging"}),
    ("DELETE model-versions/delete", V),
    ("DELETE registered-models/delete", M),
    ("POST webhooks", {"name": "w", "url": "https://127.0.0.1:9/", "events": [
        {"entity": "REGISTERED_MODEL", "action": "CREATED"}]}),
    ("PATCH webhooks/{id}", {"description": "d"}),
    ("POST webhooks/{id}/test", {}),
    ("DELETE webhooks/{id}", {}),
]  # fmt: skip
"""Every writing call of MLflow's REST API, in an order in which all work; E, R and L stand for what was made before."""


def test_each_writing_call_of_mlflow_is_tried():
    table = routes._TRACKING + routes._REGISTRY_WRITES + routes._WEBHOOKS
    writing = {
        f"{method} {path[1:]}" for method, path, _ in table if method != "GET" and path.rpartition("/")[2] not in READS
    }
    writing -= {"POST runs/log-model"}  # of MLflow 1; a tag of the run
    assert {call for call, _ in CALLS} == writing
    assert SILENT_CALLS.keys() <= writing


async def test_each_writing_call_of_mlflow_leaves_an_entry_with_its_request_and_author(http, project, entries):
    person = project[Role.MAINTAINER]
    base = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/"
    made = {"E": "", "R": "", "L": "", "{id}": "", "{key:path}": "t"}
    wrong = {}
    for call, body in CALLS:
        method, path = call.split()
        for word in ("{id}", "{key:path}"):
            path = path.replace(word, made["L"] if word == "{id}" and "logged" in path else made[word])
        given = {key: made.get(value, value) if isinstance(value, str) else value for key, value in body.items()}
        if "models" in given:
            given["models"] = [{"model_id": made["L"], "step": 0}]
        answer = await http.request(method, base + path, json=given, headers=person.headers)
        assert answer.status_code == 200, (call, answer.text)
        _remember(call, answer.json() if answer.content else {}, made)
        written = await entries.of_request(answer.headers["x-request-id"])
        authors = {(one["context"].get("username"), one["context"].get("token")) for one in written}
        expected = set() if call in SILENT_CALLS else {(person.actor.username, person.actor.token_id)}
        if authors != expected:
            wrong[call] = authors
    assert wrong == {}


def _remember(call: str, answer: dict[str, Any], made: dict[str, str]) -> None:
    match call:
        case "POST experiments/create":
            made["E"] = answer["experiment_id"]
        case "POST runs/create":
            made["R"] = answer["run"]["info"]["run_id"]
        case "POST logged-models":
            made["L"] = answer["model"]["info"]["model_id"]
        case "POST webhooks":
            made["{id}"] = answer["webhook"]["webhook_id"]


@pytest.mark.parametrize("size", [100, 3_000_000])
async def test_files_of_every_door_leave_an_entry(http, project, entries, size):
    person = project[Role.MAINTAINER]
    base = f"/api/v4/projects/{project.id}"
    run = await http.post(
        f"{base}/ml/mlflow/api/2.0/mlflow/runs/create", json={"experiment_id": "0"}, headers=person.headers
    )
    id = run.json()["run"]["info"]["run_id"]
    of_mlflow = f"{base}/ml/mlflow/api/2.0/mlflow-artifacts/artifacts/0/{id}/artifacts/f.txt"
    sends = [
        ("PUT", of_mlflow, "create"),
        ("PUT", f"{base}/packages/ml_models/candidate:{id}/files/g.txt", "create"),
        ("DELETE", of_mlflow, "delete"),
    ]
    for method, path, action in sends:
        body = {"content": b"x" * size} if method == "PUT" else {}
        answer = await http.request(method, path, headers=person.headers, **body)
        assert answer.status_code < 300, answer.text
        (entry,) = await entries.of_request(answer.headers["x-request-id"], object_type="artifact")
        assert (entry["action"], entry["context"]["username"]) == (action, person.actor.username)
