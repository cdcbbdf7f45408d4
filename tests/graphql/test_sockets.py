"""The socket's own rules, frame by frame: what ends it, and with which code (graphql-transport-ws)."""

from __future__ import annotations

import asyncio
import json
import struct

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.graphql.transport import sockets
from app.live import feeds
from app.live.feeds import SubscriberQueue, TooSlow
from app.main import create_app

PROTOCOL = "graphql-transport-ws"
INIT = {"type": "connection_init"}
QUERY = {"id": "1", "type": "subscribe", "payload": {"query": "{ viewer { isAdmin } }"}}


def socket(url, protocol=PROTOCOL, **options):
    return connect(f"ws{url[4:]}/graphql", subprotocols=[protocol] if protocol else None, **options)


async def ended(connection):
    """The code with which the server ends the socket."""
    with pytest.raises(ConnectionClosed) as closed:
        async with asyncio.timeout(10):
            while True:
                await connection.recv()
    return closed.value.rcvd.code


def sent(message):
    return message if isinstance(message, str | bytes) else json.dumps(message)


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([QUERY], 4401),
        ([INIT, INIT], 4429),
        ([{**INIT, "payload": {"authorization": "Bearer myt_wrong"}}], 4401),
        ([{**INIT, "payload": {"Authorization": "nonsense"}}], 4401),
        ([{**INIT, "payload": {"authorization": 5}}], 4401),
        ([{**INIT, "payload": {"authorization": "a", "Authorization": "b"}}], 4401),
        ([{**INIT, "payload": [1]}], 4400),
        ([b"\x00\x01"], 4400),
        ([""], 4400),
        (["null"], 4400),
        (["[]"], 4400),
        (["{"], 4400),
        ([json.dumps([QUERY, QUERY])], 4400),
        (["[" * 100_000], 4400),
        ([{"type": 5}], 4400),
        ([{}], 4400),
        ([INIT, {"type": "start", "id": "1", "payload": {"query": "{ a }"}}], 4400),
        ([INIT, {"type": "subscribe"}], 4400),
        ([INIT, {**QUERY, "id": 1}], 4400),
        ([INIT, {**QUERY, "id": ""}], 4400),
        ([INIT, {**QUERY, "payload": None}], 4400),
        ([INIT, {**QUERY, "payload": {"query": 5}}], 4400),
        ([INIT, {**QUERY, "payload": [QUERY["payload"]]}], 4400),
        ([INIT, {**QUERY, "payload": {"query": "{ a }", "variables": 5}}], 4400),
        ([INIT, b"\xff"], 4400),
    ],
    ids=str,
)
async def test_protocol_violations_close_the_socket(url, messages, code):
    async with socket(url) as connection:
        for message in messages:
            await connection.send(sent(message))
        assert await ended(connection) == code


async def test_ids_are_used_once_at_a_time(url, project):
    document = "subscription s($p: String!) { projectEvents(project: {path: $p}) { type } }"
    subscribe = {"id": "1", "type": "subscribe", "payload": {"query": document, "variables": {"p": project.path}}}
    async with socket(url, additional_headers=project.headers) as connection:
        for message in (INIT, subscribe, subscribe):
            await connection.send(sent(message))
        assert await ended(connection) == 4409


async def test_large_messages_close_the_socket(url):
    async with socket(url) as connection:
        await connection.send("x" * (1024 * 1024 + 1))
        assert await ended(connection) == 1009


async def test_broken_frames_close_the_socket(url):
    async with socket(url) as connection:
        connection.transport.write(struct.pack("!BB", 0xF3, 0x80) + b"garbage")
        assert await ended(connection) == 1002


async def test_sockets_without_connection_init_are_closed(url, monkeypatch):
    monkeypatch.setattr(sockets, "INIT_SECONDS", 0.1)
    async with socket(url) as connection:
        assert await ended(connection) == 4408


@pytest.mark.parametrize("protocol", [None, "graphql-ws", "x"])
async def test_older_protocols_are_refused(url, protocol):
    async with socket(url, protocol) as connection:
        assert connection.subprotocol is None
        assert await ended(connection) == 4406


async def test_pings_are_answered(url):
    async with socket(url) as connection:
        await connection.send(sent({"type": "ping", "payload": {"a": 1}}))
        assert json.loads(await connection.recv()) == {"type": "pong", "payload": {"a": 1}}
        await connection.send(sent({"type": "pong"}))
        await connection.send(sent(INIT))
        assert json.loads(await connection.recv()) == {"type": "connection_ack"}


@pytest.mark.parametrize(
    ("document", "kind"),
    [("{ viewer { isAdmin } }", "next"), ("{ nothing }", "error"), ("{", "error"), ("{ a: " * 61, "error")],
)
async def test_socket_documents_have_the_same_limits(url, document, kind):
    async with socket(url) as connection:
        await connection.send(sent(INIT))
        await connection.recv()
        await connection.send(sent({"id": "1", "type": "subscribe", "payload": {"query": document}}))
        told = json.loads(await connection.recv())
        assert (told["type"], told["id"]) == (kind, "1")


@pytest.mark.parametrize(
    ("origin", "status"), [("https://evil.example", 403), ("null", 403), ("", 403), ("{url}", None)]
)
async def test_sockets_of_foreign_origins_are_refused(url, origin, status):
    opening = socket(url, additional_headers={"Origin": origin.format(url=url)})
    if status is None:
        async with opening as connection:
            assert connection.subprotocol == PROTOCOL
        return
    with pytest.raises(InvalidStatus) as refused:
        await opening
    assert refused.value.response.status_code == status


async def test_a_wrong_token_in_the_handshake_is_401(url):
    with pytest.raises(InvalidStatus) as refused:
        await socket(url, additional_headers={"Authorization": "Bearer myt_wrong"})
    assert refused.value.response.status_code == 401


async def test_subscriber_with_a_full_queue_is_closed():
    queue = SubscriberQueue()
    for number in range(feeds.QUEUE_SIZE + 5):
        queue.put(number)
    with pytest.raises(TooSlow):
        await queue.take()


async def test_client_that_does_not_read_is_disconnected(runtime, monkeypatch):
    monkeypatch.setattr(sockets, "SEND_SECONDS", 0.1)
    app = create_app(runtime.settings, runtime=runtime)
    app.state.runtime = runtime
    arriving, leaving = asyncio.Queue(), []
    arriving.put_nowait({"type": "websocket.connect"})
    for message in (INIT, QUERY):
        arriving.put_nowait({"type": "websocket.receive", "text": sent(message)})

    async def send(message):
        leaving.append(message)
        if "next" in message.get("text", ""):
            await asyncio.Event().wait()  # as uvicorn does while the client's window is full

    scope = {"type": "websocket", "path": "/graphql", "raw_path": b"/graphql", "headers": [(b"host", b"test")],
             "query_string": b"", "subprotocols": [PROTOCOL], "scheme": "ws", "server": ("test", 80)}  # fmt: skip
    async with asyncio.timeout(3):
        await app(scope, arriving.get, send)
    assert (leaving[-1]["type"], leaving[-1]["code"]) == ("websocket.close", 4413)
