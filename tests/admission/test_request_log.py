"""What the log says of a request: who, for which operation and project; never a body, a query or a token."""

from __future__ import annotations

import json
import subprocess
import sys

import httpx
import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect

from app.access.policy import Role
from app.main import create_app
from tests.conftest import serving

NAMED = "query Mine($p: String!) { project(by: {path: $p}) { fullPath } }"


@pytest.fixture
async def client(runtime):
    app = create_app(runtime.settings, runtime=runtime)
    app.state.runtime = runtime
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def line_of(client, method, path, **request):
    """The one line that a request leaves."""
    with capture_logs() as lines:
        answer = await client.request(method, path, **request)
    (line,) = [one for one in lines if one["event"] == "request"]
    return answer, line


async def test_the_line_of_an_mlflow_call_names_user_token_operation_and_project(client, project):
    person = project.people[Role.DEVELOPER]
    path = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/runs/create"
    _, line = await line_of(client, "POST", path, json={"experiment_id": "0"}, headers=person.headers)
    assert {name: line[name] for name in ("user", "token", "operation", "project", "method", "status")} == {
        "user": person.actor.username,
        "token": person.actor.token_id,
        "operation": "/api/2.0/mlflow/runs/create",
        "project": project.path,
        "method": "POST",
        "status": 200,
    }
    assert line["ms"] > 0
    assert person.token not in str(line)


async def test_the_line_of_a_graphql_operation_names_it_and_its_project(client, project):
    person = project.people[Role.GUEST]
    variables = {"p": project.path}
    body = {"query": NAMED, "variables": variables}
    _, line = await line_of(client, "POST", "/graphql", json=body, headers=person.headers)
    assert (line["operation"], line["project"], line["token"]) == ("query Mine", project.path, person.actor.token_id)
    body = {"query": "query A { a: viewer { isAdmin } } query B { viewer { isAdmin } }", "operationName": "B"}
    _, line = await line_of(client, "POST", "/graphql", json=body)
    assert (line["operation"], line["user"], line["token"], line["project"]) == ("query B", None, None, None)
    _, line = await line_of(client, "POST", "/graphql", json={"query": "{ x: viewer { isAdmin } }"})
    assert line["operation"] == "query viewer"
    for query, operation in (("{}", "query …"), ("{ ... { viewer { isAdmin } } }", "query …"), ("}", "/graphql")):
        _, line = await line_of(client, "POST", "/graphql", json={"query": query})
        assert line["operation"] == operation
    _, line = await line_of(client, "POST", "/graphql", json={"query": "{ a }", "operationName": "no\nne"})
    assert line["operation"] == "/graphql"


async def test_the_line_of_an_event_stream_names_its_operation(client, project):
    person = project.people[Role.GUEST]
    headers = {"Accept": "text/event-stream", **person.headers}
    query = {"query": NAMED, "variables": {"p": project.path}}
    _, line = await line_of(client, "POST", "/graphql", json=query, headers=headers)
    assert (line["operation"], line["project"]) == ("query Mine", project.path)


async def test_operations_over_a_websocket_have_their_own_lines(runtime, project, staff):
    person = project.people[Role.GUEST]
    async with serving(runtime) as url:
        address = f"ws{url[4:]}/graphql"
        with capture_logs() as lines:
            async with connect(
                address, subprotocols=["graphql-transport-ws"], additional_headers=person.headers
            ) as socket:
                await socket.send(json.dumps({"type": "connection_init"}))
                await socket.recv()
                for id, query in (("1", "query Who { viewer { isAdmin } }"), ("2", NAMED)):
                    payload = {"query": query, "variables": {"p": project.path} if id == "2" else {}}
                    await socket.send(json.dumps({"type": "subscribe", "id": id, "payload": payload}))
                    while json.loads(await socket.recv())["type"] != "complete":
                        pass
    result = [line for line in lines if line["event"] == "operation"]
    assert [(line["operation"], line["project"]) for line in result] == [
        ("query Who", None),
        ("query Mine", project.path),
    ]
    assert {line["user"] for line in result} == {person.actor.username}


async def test_the_line_of_a_link_names_its_signer(client, project):
    person = project.people[Role.DEVELOPER]
    base = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow"
    run = (await client.post(f"{base}/runs/create", json={"experiment_id": "0"}, headers=person.headers)).json()
    query = {"run_id": run["run"]["info"]["run_id"], "path": "a.txt"}
    link = await client.post(f"{base}/artifacts/presigned-upload-url", json=query, headers=person.headers)
    answer, line = await line_of(client, "PUT", link.json()["presigned_url"], content=b"a")
    assert (answer.status_code, line["user"], line["token"], line["project"]) == (
        *(200, person.actor.username, person.actor.token_id),
        project.path,
    )


async def test_the_line_of_a_link_has_no_signature(client):
    _, line = await line_of(client, "GET", "/artifacts/7/abc/weights.bin?expires=1&signature=of-a-link")
    assert (line["operation"], line["project"]) == ("/artifacts/{project}/{artifact}/{name}", "7")
    assert "signature" not in str(line)


async def test_lines_hold_no_token_of_a_refused_request(client):
    headers = {"Authorization": "Bearer myt_secret-of-a-user"}
    answer, line = await line_of(client, "POST", "/graphql", json={"query": "{ a }"}, headers=headers)
    assert (answer.status_code, line["user"], line["token"]) == (401, None, None)
    assert "myt_" not in str(line)
    answer, line = await line_of(client, "GET", "/nothing/of/the/kind?token=myt_in-a-query")
    assert (answer.status_code, line["operation"]) == (404, None)
    assert "myt_" not in str(line)


async def test_values_of_clients_are_cut(client):
    path = f"/api/v4/projects/{'a' * 5000}/ml/mlflow/api/2.0/mlflow/runs/get"
    _, line = await line_of(client, "GET", path, headers={})
    assert max(len(str(value)) for value in line.values()) <= 300


@pytest.mark.parametrize("as_json", [True, False])
def test_a_value_cannot_begin_a_log_line(as_json):
    program = f"""
import logging, structlog
from app.telemetry import configure_logging
configure_logging("INFO", as_json={as_json})
structlog.get_logger().info("request", path="/a\\nrequest user=admin\\x1b[2J\\u2028", user=None)
logging.getLogger("x").warning("of a library: %s", "b\\nc")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    first, second = done.stderr.removesuffix("\n").split("\n")
    assert "\\nrequest user=admin" in first
    assert "\x1b[2J" not in first
    assert "\u2028" not in first
    assert "b\\nc" in second


def test_log_level_warning_writes_no_request_lines():
    program = """
from app.telemetry import configure_logging
configure_logging("WARNING", as_json=True)
from app.http import request_log
request_log.write({"state": {}, "path": "/"}, "GET", 200, 0.1)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
