"""Every edge answers failures in its own words, with its own challenge, under its own name in log and metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from app.access.policy import Role
from app.http.admission.gate import BOUNDS, Gate
from app.http.authentication import Authentication
from app.http.edge_table import EdgeTable
from app.http.request_record import REQUESTS
from app.main import EDGES, PROJECTS
from app.runtime import Runtime
from tests.conftest import Person, TestProject, serving
from tests.support.http import toy_protocol
from tests.support.http.raw_connection import Answer, send_once

PLAIN = {
    401: "UNAUTHENTICATED", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 408: "REQUEST_TIMEOUT", 413: "TOO_LARGE",
    414: "BAD_REQUEST", 421: "MISDIRECTED", 429: "RATE_LIMITED", 431: "BAD_REQUEST", 500: "INTERNAL",
    503: "UNAVAILABLE",
}  # fmt: skip
MLFLOW = {
    401: "UNAUTHENTICATED", 404: "ENDPOINT_NOT_FOUND", 405: "BAD_REQUEST", 408: "DEADLINE_EXCEEDED",
    413: "INVALID_PARAMETER_VALUE", 414: "BAD_REQUEST", 421: "BAD_REQUEST", 429: "REQUEST_LIMIT_EXCEEDED",
    431: "BAD_REQUEST", 500: "INTERNAL_ERROR", 503: "TEMPORARILY_UNAVAILABLE",
}  # fmt: skip
"""All of them codes that MLflow 2.7 knows: it fails when it reads others."""
BEARER, BASIC = 'Bearer realm="modelyard"', 'Bearer realm="modelyard", Basic realm="modelyard"'


def _graphql(body: Any) -> tuple[str, str]:
    ((error,),) = body.values()
    assert list(body) == ["errors"]
    return error["extensions"]["code"], error["message"]


def _plain(body: Any) -> tuple[str, str]:
    assert sorted(body) == ["error_code", "message"]
    return body["error_code"], body["message"]


def _packages(body: Any) -> tuple[str, str]:
    assert list(body) == ["message"]
    return "", body["message"]


def _toy(body: str) -> tuple[str, str]:
    code, _, message = body.partition(" ")
    return code, message


@dataclass(frozen=True)
class Case:
    """How one edge fails; in paths ``{id}`` is a project and ``{run}`` a run of it."""

    name: str
    path: str
    unknown: str
    """A path below the edge that no route has."""
    method: str
    """One that the path does not answer."""
    read: Callable[[Any], tuple[str, str]]
    codes: dict[int, str]
    challenge: str = BEARER
    reads_tokens: bool = True
    large: str = "POST"
    """Method whose body is too large with 2,000 bytes, if any."""


_P = f"{PROJECTS}{{id}}"
CASES = [
    Case("graphql", "/graphql", "/graphql/x", "DELETE", _graphql, PLAIN),
    Case("mlflow", f"{_P}/ml/mlflow/api/2.0/mlflow/runs/create", f"{_P}/ml/mlflow/x", "OPTIONS", _plain, MLFLOW, BASIC),
    Case("mlflow", "/get-artifact", "/model-versions/x", "OPTIONS", _plain, MLFLOW, BASIC, large=""),
    Case(
        *("packages", f"{_P}/packages/ml_models/candidate:{{run}}/files/f", f"{_P}/packages/x", "POST"),
        *(_packages, dict.fromkeys(PLAIN, ""), BASIC),
        large="PUT",
    ),
    Case("links", "/artifacts/{id}/x/f", "/uploads/{id}/x", "POST", _plain, PLAIN, reads_tokens=False, large=""),
    Case("ci", "/ci/token", "/ci/x", "GET", _plain, PLAIN, reads_tokens=False, large=""),
    Case("health", "/metrics", "/health/x", "POST", _plain, PLAIN, large=""),
    Case("other", "/x", "/x", "", _plain, PLAIN, large=""),
    Case("toy", "/toy/hello", "/toy/x", "PUT", _toy, PLAIN, 'Toy realm="toys"'),
    Case("toy", f"{_P}/toy/name", f"{_P}/toy/x", "PUT", _toy, PLAIN, 'Toy realm="toys"', large=""),
]


def _each(*cases: Case) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: f"{case.name} {case.path}")


each_edge = _each(*CASES)
each_with_methods = _each(*(case for case in CASES if case.method))
each_with_body = _each(*(case for case in CASES if case.large))


@pytest.fixture(scope="module")
async def apps() -> list[Starlette]:
    """The application that :func:`address` serves."""
    return []


@pytest.fixture(scope="module")
async def address(runtime: Runtime, apps: list[Starlette]) -> AsyncIterator[str]:
    """A server with small limits, little patience, and one edge more: its package and this one line."""
    edges = [*EDGES, toy_protocol.EDGE]
    limits = {"max_artifact_bytes": 1_000, "max_body_bytes": 1_024, "graphql_max_body_bytes": 1_024}
    settings = runtime.settings.model_copy(update={**limits, "stall_seconds": 1.0})
    async with serving(replace(runtime, settings=settings), edges=edges, seen=apps.append) as url:
        yield url


@pytest.fixture(scope="module")
async def client(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        yield client


def _check(case: Case, answer: httpx.Response | Answer, status: int, *, challenge: str | None = None) -> str:
    """The message of an answer that is in the words of its edge."""
    is_whole = isinstance(answer, Answer)
    assert (answer.status if is_whole else answer.status_code) == status
    body = (answer.body if is_whole else answer.content).decode() if case.name == "toy" else answer.json()
    code, message = case.read(body)
    assert code == case.codes[status]
    assert message
    assert answer.headers.get("www-authenticate") == challenge
    assert answer.headers.get("retry-after") == ("2" if status in {429, 503} else None)
    return message


def _at(project: TestProject, path: str, run: str = "0" * 32) -> str:
    return path.replace("{id}", str(project.id)).replace("{run}", run)


@each_edge
async def test_a_token_that_is_not_valid_is_challenged(
    client: httpx.AsyncClient, project: TestProject, case: Case
) -> None:
    headers = {"Authorization": "Bearer myt_wrong"}
    answer = await client.post(_at(project, case.path), headers=headers)
    if case.name == "health":
        answer = await client.get(case.path, headers=headers)
    if case.reads_tokens:
        _check(case, answer, 401, challenge=case.challenge)
    else:
        assert answer.status_code != 401


@each_edge
async def test_an_unknown_path_below_the_edge_is_not_found(
    client: httpx.AsyncClient, project: TestProject, case: Case
) -> None:
    path = _at(project, case.unknown)
    message = _check(case, await client.get(path, headers=project.headers), 404)
    assert message == f"There is nothing at GET {path}."


@each_with_methods
async def test_a_method_that_the_path_does_not_answer_is_refused_with_those_that_it_does(
    client: httpx.AsyncClient, project: TestProject, case: Case
) -> None:
    answer = await client.request(case.method, _at(project, case.path), headers=project.headers)
    assert _check(case, answer, 405).endswith(f"only {answer.headers['allow']}.")
    assert case.method not in answer.headers["allow"]


@each_with_body
async def test_a_body_that_is_too_large_is_refused(client: httpx.AsyncClient, project: TestProject, case: Case) -> None:
    headers = {**project.headers, "Content-Type": "application/json"}
    created = await client.post(_at(project, CASES[1].path), json={}, headers=project.headers)
    path = _at(project, case.path, created.json()["run"]["info"]["run_id"])
    _check(case, await client.request(case.large, path, headers=headers, content=b"x" * 2_000), 413)


@each_edge
async def test_a_head_that_is_too_large_is_refused(address: str, project: TestProject, case: Case) -> None:
    path = _at(project, case.path)
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX: {'x' * 70_000}\r\n\r\n".encode()
    _check(case, await send_once(address, head), 431)
    head = f"GET {path}?{'x' * 70_000} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    _check(case, await send_once(address, head), 414)


@pytest.mark.parametrize("spelling", ["{id}", "a%2Fb", "a/b"])
async def test_a_head_is_refused_in_the_words_of_its_edge_however_the_project_is_spelt(
    address: str, project: TestProject, spelling: str
) -> None:
    path = CASES[1].path.replace("{id}", spelling)
    head = f"GET {_at(project, path)} HTTP/1.1\r\nHost: localhost\r\nX: {'x' * 70_000}\r\n\r\n".encode()
    _check(CASES[1], await send_once(address, head), 431)


@each_with_body
async def test_a_body_that_does_not_go_on_is_refused(address: str, project: TestProject, case: Case) -> None:
    head = (
        f"{case.large} {_at(project, case.path)} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: {project.headers['Authorization']}\r\nContent-Length: 900\r\n\r\nhalf"
    )
    _check(case, await send_once(address, head.encode()), 408)


@each_edge
async def test_another_host_is_misdirected(client: httpx.AsyncClient, project: TestProject, case: Case) -> None:
    _check(case, await client.get(_at(project, case.path), headers={"Host": "evil.example"}), 421)


@each_edge
async def test_a_request_that_is_not_let_in_is_told_when_to_try_again(
    client: httpx.AsyncClient, apps: list[Starlette], project: TestProject, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(1, 1_000_000)
    monkeypatch.setattr(apps[0].state, "gate", gate, raising=False)
    slot = gate.queue.enter_at_once(("holder",))
    assert slot is not None
    for bounds, status in (({"max_waiting_per_sender": 0}, 429), ({"max_wait_seconds": 0.01}, 503)):
        gate.queue._bounds = replace(BOUNDS, reserve=0, **bounds)
        _check(case, await client.get(_at(project, case.path), headers=project.headers), status)
    slot.leave()


@each_edge
async def test_an_accident_is_masked_and_logged_under_its_request_id(
    client: httpx.AsyncClient, project: TestProject, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_arguments: object) -> None:
        raise ValueError("secret")

    monkeypatch.setattr(Authentication, "__call__", fail)
    with capture_logs() as logs:
        answer = await client.get(_at(project, case.path), headers={"X-Request-Id": "an-id"})
    message = _check(case, answer, 500)
    assert "an-id" in message
    assert "secret" not in answer.text
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["request.failed"]


@each_edge
async def test_the_log_and_the_metrics_name_the_edge(
    client: httpx.AsyncClient, project: TestProject, case: Case
) -> None:
    counter = REQUESTS.labels("GET", case.name, "404")
    before = counter._value.get()
    with capture_logs() as logs:
        await client.get(_at(project, case.unknown), headers=project.headers)
    assert counter._value.get() == before + 1
    names = [entry["edge"] for entry in logs if entry["event"] == "request"]
    assert names == ([] if case.name == "health" else [case.name])


async def test_a_new_edge_has_callers_and_projects(client: httpx.AsyncClient, project: TestProject) -> None:
    person: Person = project[Role.DEVELOPER]
    assert (await client.get("/toy/hello", headers=person.headers)).text == f"hello {person.actor.username}"
    for spelling in (str(project.id), project.path, project.path.replace("/", "%2F")):
        answer = await client.get(f"{PROJECTS}{spelling}/toy/name", headers=person.headers)
        assert (answer.status_code, answer.text) == (200, project.path)
    stranger = await client.get(f"{PROJECTS}{project.id}/toy/name", headers=project.stranger.headers)
    _check(CASES[-1], stranger, 404)


async def test_an_edge_begins_and_ends_with_the_server(runtime: Runtime) -> None:
    events: list[str] = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        events.append("begun")
        yield
        events.append("ended")

    async with serving(runtime, edges=[*EDGES, replace(toy_protocol.EDGE, lifespan=lifespan)]):
        assert events == ["begun"]
    assert events == ["begun", "ended"]


@pytest.mark.parametrize(
    ("path", "name", "project"),
    [
        ("/graphql", "graphql", ""),
        ("//graphql", "graphql", ""),
        ("/graphqlx", "other", ""),
        ("/health", "mlflow", ""),
        ("/health/live", "health", ""),
        ("/health/other", "health", ""),
        ("/healthy", "other", ""),
        ("/artifacts/7/x", "links", "7"),
        ("/artifacts", "other", ""),
        (f"{PROJECTS}a%2Fb/ml/mlflow//api/2.0/x", "mlflow", "a%2Fb"),
        (f"{PROJECTS}7/ml/mlflow", "mlflow", "7"),
        (f"{PROJECTS}7/ml/mlflowx", "other", ""),
        (f"{PROJECTS}7/packages/ml_models/1/files/ml/mlflow/version", "packages", "7"),
        (f"{PROJECTS}7", "other", ""),
        ("", "other", ""),
    ],
)
def test_a_path_belongs_to_one_edge_and_names_its_project(path: str, name: str, project: str) -> None:
    edge, reference = EdgeTable(EDGES, projects=PROJECTS).find(path)
    assert (edge.name, reference) == (name, project)
