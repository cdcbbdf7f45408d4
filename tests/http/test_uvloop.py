"""The bounds hold on the event loop of production, whose transports are not those of the other tests."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send

from app.http.connection.server import configuration
from app.settings import Settings
from tests.support.http.raw_connection import answers, connected, exchanged, rest

SECONDS = 0.8
HEAD = b"%b / HTTP/1.1\r\nHost: localhost\r\n"


async def _application(_scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the whole body, then sends more than buffers hold."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if not message["more_body"]:
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"40000000")]})
    for _ in range(40):
        await send({"type": "http.response.body", "body": b"x" * 1_000_000, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def url(settings: Settings) -> Iterator[str]:
    """A server in a thread, with a loop of its own kind."""
    listener = socket.create_server(("127.0.0.1", 0))
    patient = settings.model_copy(update={"stall_seconds": SECONDS})
    server = uvicorn.Server(configuration(_application, patient, lifespan="off"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined] # pytest keeps its own
    running = threading.Thread(target=lambda: uvloop.run(server.serve(sockets=[listener])), daemon=True)
    running.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    running.join()


async def test_refusals_reach_their_client(url: str) -> None:
    statuses = []
    for sent in (
        HEAD % b"GET" + b"X: " + b"x" * 1_000_000,
        HEAD % b"GET" + b"X: 1\r\n" * 200 + b"\r\n",
        HEAD % b"GET" + b"Host: twice\r\n\r\n",
        HEAD % b"POST" + b"Content-Length: 5\r\n\r\nx",
        HEAD % b"GET",
    ):
        (answer,) = answers(await exchanged(url, sent))
        statuses.append(answer.status)
    assert statuses == [431, 431, 400, 408, 408]


async def test_connections_whose_answer_is_not_read_are_cut(url: str) -> None:
    async with asyncio.timeout(20), connected(url) as (reader, writer):
        writer.write(HEAD % b"GET" + b"\r\n")
        await asyncio.sleep(3 * SECONDS)
        assert len(await rest(reader)) < 40_000_000
    assert len(await exchanged(url, HEAD % b"GET" + b"Connection: close\r\n\r\n")) > 40_000_000
