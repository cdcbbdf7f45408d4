"""Requests through the whole application while all its slots are held: who is let in, who waits, who is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from app.access.policy import Role
from app.graphql.edge import EDGE as GRAPHQL
from app.graphql.execution.operations import context_of
from app.graphql.transport import requests
from app.http.admission import gate as gates
from app.http.admission import middleware
from app.http.admission import pace as paces
from app.http.admission.fair_queue import RECOVERY_SECONDS, FairQueue
from app.http.admission.gate import BOUNDS, Gate, gate_of
from app.http.admission.middleware import Admission
from app.http.admission.pace import Pace
from app.http.answers import plain_error
from app.http.connection.exchange import has_left
from app.http.edge import BEARER, Edge
from app.http.edge_table import EdgeTable, RequestEdge
from app.http.request_record import RequestRecord
from app.main import create_app
from tests.conftest import new_project, serving
from tests.support.http.raw_connection import connected


class Handlers:
    """Handlers that end when the test says so, behind the middleware alone."""

    def __init__(self, slots: int = 1) -> None:
        self.may_end = asyncio.Event()
        self.under_work: list[str] = []
        self.read = bytearray()
        routes = [
            Route("/hold/{name}", self.hold, methods=["GET", "POST"]),
            Route("/read", self.take, methods=["PUT"]),
            Route("/stream", self.stream),
            Route("/health/live", lambda _request: PlainTextResponse("OK")),
        ]
        edge = Edge("held", routes, plain_error, BEARER, ("/hold",), probes=frozenset({"/health/live"}))
        health = replace(edge, routes=[], paths=("/health",))
        table = EdgeTable([edge, health, GRAPHQL])
        self.app = Starlette(routes=routes, middleware=[Middleware(RequestEdge, table), Middleware(Admission)])
        self.gate = self.app.state.gate = Gate(slots, 100)
        self.gate.queue._bounds = replace(self.gate.queue._bounds, reserve=0)

    async def hold(self, request: Request) -> Response:
        self.under_work.append(request.path_params["name"])
        await self.may_end.wait()
        return PlainTextResponse("done")

    async def take(self, request: Request) -> Response:
        async for chunk in request.stream():
            self.read += chunk
        return PlainTextResponse("read")

    async def stream(self, _request: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            yield b"first"
            await self.may_end.wait()
            yield b"last"

        return StreamingResponse(body())

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://test") as client:
            yield client


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 - what is waited for is what tests look at
        await asyncio.sleep(0.001)


async def test_health_is_answered_while_all_slots_are_held_and_many_wait():
    handlers = Handlers()
    async with handlers.client() as client:
        held = [asyncio.create_task(client.get(f"/hold/{number}")) for number in range(20)]
        await until(lambda: handlers.gate.queue.waiting == 19)
        assert (await client.get("/health/live")).text == "OK"
        assert handlers.under_work == ["0"]
        handlers.may_end.set()
        assert {answer.status_code for answer in await asyncio.gather(*held)} == {200}
    assert (handlers.gate.queue.under_work, handlers.gate.queue.waiting) == (0, 0)


async def test_a_sender_with_too_many_waiting_requests_gets_429(monkeypatch):
    monkeypatch.setattr(gates, "BOUNDS", replace(BOUNDS, max_waiting_per_sender=1))
    handlers = Handlers()
    async with handlers.client() as client:
        held = [asyncio.create_task(client.get(f"/hold/{number}")) for number in range(2)]
        await until(lambda: handlers.gate.queue.waiting == 1)
        refused = await client.get("/hold/2")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
        assert refused.json()["error_code"] == "RATE_LIMITED"
        handlers.may_end.set()
        await asyncio.gather(*held)


async def test_a_request_that_waits_too_long_gets_503(monkeypatch):
    monkeypatch.setattr(gates, "BOUNDS", replace(BOUNDS, max_wait_seconds=0.01))
    handlers = Handlers()
    async with handlers.client() as client:
        held = asyncio.create_task(client.get("/hold/0"))
        await until(lambda: handlers.under_work)
        refused = await client.post("/graphql")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        assert refused.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
        handlers.may_end.set()
        await held
        assert (await client.get("/hold/1")).status_code == 200


async def test_a_streamed_answer_releases_its_slot_with_the_first_bytes():
    handlers = Handlers()
    async with handlers.client() as client:
        streaming = asyncio.create_task(client.get("/stream"))
        held = asyncio.create_task(client.get("/hold/0"))
        await until(lambda: handlers.under_work)
        assert not streaming.done()
        handlers.may_end.set()
        assert (await streaming).text == "firstlast"
        await held


async def _body(*chunks: bytes, may_end: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    if may_end is not None:
        await may_end.wait()
        yield b"end"


async def test_a_long_body_releases_its_slot(monkeypatch):
    monkeypatch.setattr(middleware, "SILENCE", 1000)
    handlers = Handlers()
    async with handlers.client() as client:
        putting = asyncio.create_task(client.put("/read", content=_body(b"x" * 101, may_end=handlers.may_end)))
        await until(lambda: handlers.read)
        held = asyncio.create_task(client.get("/hold/0"))
        await until(lambda: handlers.under_work)
        assert not putting.done()
        handlers.may_end.set()
        assert (await putting).text == "read"
        await held
    assert handlers.gate.queue.under_work == 0


@pytest.mark.parametrize(("silence", "reading"), [(0.001, 1000.0), (1000.0, 0.001)])
async def test_a_slow_body_releases_its_slot_until_it_is_whole_and_has_another_turn(monkeypatch, silence, reading):
    monkeypatch.setattr(middleware, "SILENCE", silence)
    monkeypatch.setattr(middleware, "READING", reading)
    handlers = Handlers()
    pieces: asyncio.Queue[bytes] = asyncio.Queue()

    async def body():
        while piece := await pieces.get():
            yield piece

    async with handlers.client() as client:
        putting = asyncio.create_task(client.put("/read", content=body()))
        await pieces.put(b"1")
        await until(lambda: handlers.read)
        held = asyncio.create_task(client.get("/hold/0"))
        await until(lambda: handlers.under_work)
        for piece in (b"2", b"3"):
            await pieces.put(piece)
        await until(lambda: handlers.read == b"123")
        assert handlers.gate.queue.under_work == 1
        await pieces.put(b"")
        await until(lambda: handlers.gate.queue.waiting)
        assert not putting.done()
        handlers.may_end.set()
        assert (await putting).text == "read"
        await held
    assert handlers.gate.queue.under_work == 0


async def test_a_slow_request_that_waits_too_long_for_its_second_turn_gets_503(monkeypatch):
    monkeypatch.setattr(middleware, "SILENCE", 0.001)
    monkeypatch.setattr(gates, "BOUNDS", replace(BOUNDS, max_wait_seconds=0.01))
    handlers = Handlers()
    handlers.app.user_middleware.insert(1, Middleware(RequestRecord))
    speaks = asyncio.Event()
    async with handlers.client() as client:
        putting = asyncio.create_task(client.put("/read", content=_body(b"x", may_end=speaks)))
        await until(lambda: handlers.read)
        held = asyncio.create_task(client.get("/hold/0"))
        await until(lambda: handlers.under_work)
        speaks.set()
        refused = await putting
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        handlers.may_end.set()
        await held
    assert (handlers.gate.queue.under_work, handlers.gate.queue.waiting) == (0, 0)


async def test_a_client_that_disconnects_while_waiting_is_skipped(runtime, monkeypatch):
    gate = Gate(1, 100)
    gate.queue._bounds = replace(BOUNDS, reserve=0)
    monkeypatch.setattr(middleware, "gate_of", lambda _app: gate)
    scopes, worked_for = [], []
    whose = gate.senders.of
    monkeypatch.setattr(gate.senders, "of", lambda scope: scopes.append(scope) or whose(scope))
    monkeypatch.setattr(gate.senders, "learn", lambda _sender, scope: worked_for.append(scope["path"]) or ())
    async with serving(runtime) as address, httpx.AsyncClient(base_url=address) as client:
        slot = gate.queue.enter_at_once(("holder",))
        async with connected(address) as (_, writer):
            writer.write(b"GET /gone HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await until(lambda: gate.queue.waiting == 1)
        staying = asyncio.create_task(client.get("/stays"))
        await until(lambda: gate.queue.waiting == 2)
        await until(lambda: has_left(scopes[0]))
        slot.leave()
        await staying
        assert worked_for == ["/stays"]
        assert (gate.queue.under_work, gate.queue.waiting) == (0, 0)


async def test_a_failing_handler_releases_its_slot():
    handlers = Handlers()

    async def fail(_request: Request) -> Response:
        raise ValueError

    handlers.app.router.routes.append(Route("/fail", fail))
    async with handlers.client() as client:
        with pytest.raises(ValueError):
            await client.get("/fail")
    assert handlers.gate.queue.under_work == 0


async def test_long_rounds_of_the_event_loop_halve_the_slots_and_short_ones_add_some():
    queue = FairQueue(8, BOUNDS)
    pace = Pace(queue, 8)
    seen = []
    for spent, rounds in (
        (0.5, 1),
        (0.5, 1),
        (0.5, 1),
        (0.5, 1),
        (0.014, 50),
        (0.0, 19),
        (0.5, 1),
        (0.0, 19),
        (0.0, 99),
    ):
        for _ in range(rounds):
            pace.adjust(spent)
        seen.append(queue.slots)
    assert seen == [4, 2, 1, 1, 1, 2, 1, 2, 8]


async def test_an_account_with_its_share_gets_another_slot_after_recovery():
    now = 100.0
    queue = FairQueue(4, replace(BOUNDS, reserve=0), lambda: now)
    pace = Pace(queue, 4)
    queue._last_priority = now
    assert queue.enter_at_once(("a",)) is not None
    waiting = asyncio.create_task(queue.enter(("a",)))
    await until(lambda: queue.waiting == 1)
    now += 1.5 * RECOVERY_SECONDS
    for _ in range(paces.ROUNDS_PER_SLOT):
        pace.adjust(0.0)
    await waiting
    assert queue.under_work == 2


async def test_the_number_of_slots_is_adjusted_for_websocket_operations(runtime, monkeypatch, project):
    monkeypatch.setattr(paces, "TICK", 0.0)
    monkeypatch.setattr(paces, "SHORT_ROUND", 1000.0)
    monkeypatch.setattr(paces, "LONG_ROUND", 1000.0)
    app = create_app(runtime.settings, runtime=runtime)
    app.state.runtime = runtime
    app.state.gate = Gate(2, 100)
    app.state.gate.queue._bounds = replace(BOUNDS, reserve=0)
    app.state.gate.queue.resize(1)
    first, second = (
        context_of(HTTPConnection({"type": "websocket", "app": app, "headers": []}), project.owner) for _ in range(2)
    )
    await first.take_turn()
    await second.take_turn()
    assert app.state.gate.queue.under_work == 2
    for context in (first, second):
        context.end_turn()


async def test_after_an_idle_time_there_are_the_first_slots_again(monkeypatch):
    queue = FairQueue(paces.FIRST_SLOTS, BOUNDS)
    pace = Pace(queue, 32)
    for _ in range(400):
        pace.adjust(0.0)
    assert queue.slots == 32
    monkeypatch.setattr(paces, "TICK", 0.0)
    monkeypatch.setattr(paces, "IDLE_SECONDS", 1000.0)
    pace.watch()
    assert queue.slots == paces.FIRST_SLOTS
    await until(lambda: pace._began is None)
    queue.resize(20)
    pace.watch()
    assert queue.slots == 20
    await until(lambda: pace._began is None)


@pytest.fixture
async def held(runtime):
    """The whole application with one slot, which the test holds; a client of it."""
    app = create_app(runtime.settings, runtime=runtime)
    app.state.runtime = runtime
    gate = app.state.gate = Gate(1, runtime.settings.max_body_bytes)
    gate.queue._bounds = replace(BOUNDS, reserve=0)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", timeout=30) as client:
        yield client, gate


async def test_a_refused_slow_mlflow_call_gets_mlflows_error(held, project, monkeypatch):
    client, gate = held
    monkeypatch.setattr(middleware, "SILENCE", 0.001)
    gate.queue._bounds = replace(gate.queue._bounds, max_waiting_per_sender=0)
    speaks = asyncio.Event()

    async def body():
        yield b'{"max_results": '
        await speaks.wait()
        yield b"1}"

    path = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/experiments/search"
    headers = {"Content-Type": "application/json", **project.people[Role.DEVELOPER].headers}
    asking = asyncio.create_task(client.post(path, content=body(), headers=headers))
    await until(lambda: gate.queue.under_work)
    await until(lambda: not gate.queue.under_work)
    slot = gate.queue.enter_at_once(("holder",))
    speaks.set()
    refused = await asking
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    assert refused.json()["error_code"] == "REQUEST_LIMIT_EXCEEDED"
    slot.leave()
    assert gate.queue.under_work == 0


async def test_waiting_for_a_turn_does_not_count_as_a_slow_body(held, project, monkeypatch):
    client, gate = held
    monkeypatch.setattr(middleware, "SILENCE", 0.001)
    monkeypatch.setattr(requests, "BODY_SECONDS", 3.0)
    speaks = asyncio.Event()

    async def body():
        yield b'{"query": '
        await speaks.wait()
        yield b'"{ viewer { isAdmin } }"}'

    headers = {"Content-Type": "application/json", **project.people[Role.DEVELOPER].headers}
    asking = asyncio.create_task(client.post("/graphql", content=body(), headers=headers))
    await until(lambda: gate.queue.under_work)
    await until(lambda: not gate.queue.under_work)
    slot = gate.queue.enter_at_once(("holder",))
    speaks.set()
    assert (await asking).status_code == 503
    slot.leave()
    assert (gate.queue.under_work, gate.queue.waiting) == (0, 0)


def _search(client, project, person, order, name):
    async def send():
        path = f"/api/v4/projects/{project.path.replace('/', '%2F')}/ml/mlflow/api/2.0/mlflow/experiments/search"
        answer = await client.post(path, json={"max_results": 1}, headers=person.headers)
        assert answer.status_code == 200, answer.text
        order.append(name)

    return asyncio.create_task(send())


async def test_a_request_of_a_quiet_project_is_served_before_those_of_a_noisy_one(runtime, staff, held):
    client, gate = held
    noisy, quiet = await new_project(runtime, staff), await new_project(runtime, staff)
    noise, calm = list(noisy.people.values())[:2]
    for project, person in ((noisy, noise), (quiet, calm)):
        await _search(client, project, person, [], "")  # from now on the process knows them
    slot = gate.queue.enter_at_once(("holder",))
    assert slot is not None
    order: list[str] = []
    tasks = []
    for number in range(10):
        tasks.append(_search(client, noisy, noise, order, f"noisy {number}"))
        await until(lambda: gate.queue.waiting == len(tasks))
    tasks.append(_search(client, quiet, calm, order, "quiet"))
    await until(lambda: gate.queue.waiting == len(tasks))
    assert (await client.get("/health/live")).status_code == 200
    assert (await client.get("/health/ready")).status_code == 200
    slot.leave()
    await asyncio.gather(*tasks)
    assert order.index("quiet") <= 1
    assert [name for name in order if name != "quiet"] == [f"noisy {number}" for number in range(10)]


async def test_requests_are_charged_to_user_and_project_once_both_are_cached(runtime, project, held):
    client, gate = held
    person = project.people[max(project.people)]
    spelled = project.path.replace("/", "%2F")
    scope = {
        "headers": [(b"authorization", person.headers["Authorization"].encode())],
        "state": {"project_reference": spelled},
        "client": ("192.0.2.1", 1),
    }
    assert gate.senders.of(scope).accounts == ("address 192.0.2.1", f"address 192.0.2.1 {spelled}")
    await _search(client, project, person, [], "")
    assert gate.senders.of(scope).accounts == (f"user {person.actor.user_id}", f"project {project.id}")
    # A project that the user may not see is not charged, nor are made-up tokens charged to a user.
    other = scope | {"state": {"project_reference": "another%2Fproject"}}
    assert gate.senders.of(other).accounts[1] == f"user {person.actor.user_id} another%2Fproject"
    made_up = scope | {"headers": [(b"authorization", b"Bearer myt_made_up")]}
    assert gate.senders.of(made_up).accounts[0] == "address 192.0.2.1"
    # One client has all addresses of an IPv6 network.
    assert gate.senders.of(made_up | {"client": ("2001:db8::5", 1)}).accounts[0] == "address 2001:db8::/64"


async def test_operations_over_websockets_and_event_streams_wait_for_a_turn(runtime, project, held):
    client, gate = held
    person = project.people[max(project.people)]
    slot = gate.queue.enter_at_once(("holder",))
    headers = {"Accept": "text/event-stream", **person.headers}
    asking = asyncio.create_task(client.post("/graphql", json={"query": "{ viewer { isAdmin } }"}, headers=headers))
    await until(lambda: gate.queue.waiting)
    slot.leave()
    answer = await asking
    assert answer.text.startswith(':\n\nevent: next\ndata: {"data"')
    assert (gate.queue.under_work, gate.queue.waiting) == (0, 0)


async def test_the_gate_has_the_slots_of_the_settings(runtime):
    app = Starlette()
    app.state.runtime = runtime
    gate = gate_of(app)
    assert gate is gate_of(app)
    assert gate.pace._most == runtime.settings.concurrent_requests
