"""Clients that stand still are cut, and those that are only slow are not."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.asyncio.client import connect

from app.http.connection import progress
from tests.conftest import TestProject
from tests.http.conftest import QUICK
from tests.support.http.raw_connection import answers, connected, rest
from tests.support.http.unfinished_requests import KINDS, UnfinishedRequest, unfinished_request

GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
LATEST = 3 * QUICK
"""Seconds after which one that stands still is certainly cut."""


async def _end(reader: asyncio.StreamReader, seconds: float = LATEST) -> list[int]:
    """The statuses of what comes before the connection ends, which it has to do in time."""
    async with asyncio.timeout(seconds + 5):
        return [answer.status for answer in answers(await rest(reader))]


async def test_idle_connections_are_cut(quick: str) -> None:
    """With an answer if they have begun to ask."""
    expected = {
        b"": [], b"\r\n": [], b"GET / HT": [408], GET: [408], GET + b"X: ": [408], GET + b"\r\n": [200],
    }  # fmt: skip

    async def one(sent: bytes) -> list[int]:
        async with connected(quick) as (reader, writer):
            writer.write(sent)
            return await _end(reader, 6)

    assert dict(zip(expected, await asyncio.gather(*map(one, expected)), strict=True)) == expected


async def test_a_head_that_trickles_in_is_cut(quick: str) -> None:
    async with connected(quick) as (reader, writer):
        writer.write(GET)

        async def trickle() -> None:
            while True:
                writer.write(b"X: 1\r\n")
                await asyncio.sleep(QUICK / 5)

        trickling = asyncio.create_task(trickle())
        try:
            assert await _end(reader) == [408]
        finally:
            trickling.cancel()


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_an_unfinished_body_is_cut(quick: str, project: TestProject, chunked: bool) -> None:
    """At every entry point; some answer before they have read it."""

    async def one(unfinished: UnfinishedRequest) -> list[int]:
        async with connected(quick) as (reader, writer):
            writer.write(unfinished.head(chunked=chunked))
            writer.write(b"%x\r\n%b\r\n" % (len(unfinished.half), unfinished.half) if chunked else unfinished.half)
            return await _end(reader)

    async with httpx.AsyncClient(base_url=quick) as http:
        requests = [await unfinished_request(http, project, kind) for kind in KINDS]
    statuses = dict(zip(KINDS, await asyncio.gather(*map(one, requests)), strict=True))
    needs_length = {"part": [400], "small part": [400]} if chunked else {}
    assert statuses == {kind: [408] for kind in KINDS} | needs_length | {"no route": [404]}


async def test_a_body_of_single_bytes_is_cut(quick: str, project: TestProject) -> None:
    async with httpx.AsyncClient(base_url=quick) as http:
        unfinished = await unfinished_request(http, project, "mlflow file")
    async with connected(quick) as (reader, writer):
        writer.write(unfinished.head())

        async def trickle() -> None:
            while True:
                writer.write(b"x")
                await asyncio.sleep(QUICK / 10)

        trickling = asyncio.create_task(trickle())
        try:
            assert await _end(reader) == [408]
        finally:
            trickling.cancel()


async def test_slow_bodies_with_progress_are_read(quick: str, project: TestProject) -> None:
    """Six times as long as one may stand still, at a few kilobytes a second."""
    async with httpx.AsyncClient(base_url=quick) as http:
        unfinished = await unfinished_request(http, project, "mlflow file")
        data = bytes(range(256)) * 200
        head = (
            unfinished.head()
            .replace(b"5000000", str(len(data)).encode())
            .replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        )
        async with connected(quick) as (reader, writer):
            writer.write(head)
            for target in range(0, len(data), 2_560):
                writer.write(data[target : target + 2_560])
                await asyncio.sleep(QUICK * 6 / 20)
            assert await _end(reader) == [200]
        stored = await http.get(unfinished.path, headers=project.headers)
    assert stored.content == data


async def test_a_client_that_waits_for_100_continue_is_not_cut(quick: str, project: TestProject) -> None:
    async with httpx.AsyncClient(base_url=quick) as http:
        unfinished = await unfinished_request(http, project, "mlflow small file")
    async with asyncio.timeout(10), connected(quick) as (reader, writer):
        writer.write(unfinished.head(more="Expect: 100-continue\r\nConnection: close\r\n"))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"x" * unfinished.size)
        assert await _end(reader) == [200]


async def test_slow_handlers_are_not_cut(quick: str, project: TestProject) -> None:
    """An event stream without events, and a socket without messages, outlive the limit."""
    document = "subscription s($p: String!) { projectEvents(project: {path: $p}) { type } }"
    body = {"query": document, "variables": {"p": project.path}}
    headers = {**project.headers, "Accept": "text/event-stream"}
    address = f"ws{quick[4:]}/graphql"
    async with (
        httpx.AsyncClient(base_url=quick) as http,
        http.stream("POST", "/graphql", json=body, headers=headers) as events,
        connect(address, subprotocols=["graphql-transport-ws"], additional_headers=project.headers) as socket,
    ):
        assert events.status_code == 200
        await socket.send('{"type": "connection_init"}')
        assert await socket.recv() == '{"type":"connection_ack"}'
        await asyncio.sleep(LATEST)
        await socket.send('{"type": "ping"}')
        assert await socket.recv() == '{"type":"pong"}'
        await _make_run(http, project)
        async with asyncio.timeout(10):
            async for line in events.aiter_lines():
                if line == "event: next":
                    break


async def _make_run(http: httpx.AsyncClient, project: TestProject) -> None:
    """Something for those who watch the project."""
    call = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/runs/create"
    assert (await http.post(call, json={}, headers=project.headers)).status_code == 200


async def _fill(http: httpx.AsyncClient, project: TestProject, size: int) -> str:
    """The path of a large file."""
    unfinished = await unfinished_request(http, project, "mlflow file")
    stored = await http.put(unfinished.path, content=b"x" * size, headers=project.headers)
    assert stored.status_code == 200
    return unfinished.path


def _narrow(url: str) -> socket.socket:
    """A connection whose client takes little at a time."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
    parts = urlsplit(url)
    connection.connect((parts.hostname, parts.port))
    return connection


@pytest.mark.parametrize("size", [200_000, 40_000_000], ids=["small", "large"])
async def test_downloads_that_are_not_read_are_cut(quick: str, project: TestProject, size: int) -> None:
    """The kernel's buffers take some megabytes; asking many times for a small file fills them as well."""
    async with httpx.AsyncClient(base_url=quick, timeout=60) as http:
        path = await _fill(http, project, size)
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {project.token}\r\n\r\n".encode()
    connection = _narrow(quick)
    with connection:
        connection.sendall(request * (40 if size < 1_000_000 else 1))
        await asyncio.sleep(LATEST)
        taken = 0
        connection.setblocking(False)
        async with asyncio.timeout(20):
            try:
                while piece := await asyncio.get_running_loop().sock_recv(connection, 65_536):
                    taken += len(piece)
            except ConnectionError:
                pass
    assert taken < size * (40 if size < 1_000_000 else 1)


async def test_slow_downloads_with_progress_go_on(quick: str, project: TestProject) -> None:
    size = 8_000_000
    async with httpx.AsyncClient(base_url=quick, timeout=60) as http:
        path = await _fill(http, project, size)
    request = (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {project.token}\r\nConnection: close\r\n\r\n"
    )
    connection = _narrow(quick)
    with connection:
        connection.sendall(request.encode())
        connection.setblocking(False)
        loop, taken, slow_until = asyncio.get_running_loop(), 0, asyncio.get_running_loop().time() + 5 * QUICK
        async with asyncio.timeout(60):
            while piece := await loop.sock_recv(connection, 8_192 if loop.time() < slow_until else 1_000_000):
                taken += len(piece)
                if loop.time() < slow_until:
                    await asyncio.sleep(QUICK / 10)
    assert taken > size


async def test_acknowledged_bytes_are_counted() -> None:
    """Whatever lies in buffers between, and whatever is written meanwhile."""
    accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    server = await asyncio.start_server(lambda _, writer: accepted.put_nowait(writer), "127.0.0.1", 0)
    reader, client = await asyncio.open_connection(*server.sockets[0].getsockname())
    transport = (await accepted.get()).transport
    transport.write(b"x" * 50_000)
    await reader.readexactly(50_000)
    before = progress._taken(transport)
    transport.write(b"x" * 70_000)
    await reader.readexactly(70_000)
    assert progress._taken(transport) - before == 70_000
    client.close()
    transport.abort()
    server.close()
    await asyncio.sleep(0.01)
    assert progress._taken(transport) <= 0
