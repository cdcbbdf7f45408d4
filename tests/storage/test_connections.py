"""Short requests over kept connections, against a server that says what a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from app.settings import Settings
from app.storage.s3.connections import ConnectionBroken, ConnectionPool
from app.storage.s3.signing import Signer

REQUEST = b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
OK = b'HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: 2\r\n\r\nhi'


@dataclass
class Script:
    """The answers to come, whatever is asked; ``None`` hangs up instead."""

    answers: list[bytes | None]
    address: str = ""
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    told = Script([])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.connections += 1
        try:
            while told.answers:
                told.requests.append(await reader.readuntil(b"\r\n\r\n"))
                answer = told.answers.pop(0)
                if answer is None:
                    break
                writer.write(answer)
        except asyncio.IncompleteReadError:
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    told.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield told
    server.close()


@pytest.fixture
async def pool() -> AsyncIterator[ConnectionPool]:
    pool = ConnectionPool(tls=None, connect_seconds=2, idle_seconds=2)
    yield pool
    pool.close()


async def test_a_connection_serves_one_request_after_the_other(script: Script, pool: ConnectionPool) -> None:
    script.answers = [OK, b"HTTP/1.1 100 Continue\r\n\r\n" + OK, OK]
    for _ in range(3):
        reply = await pool.request(script.address, REQUEST, max_body_bytes=10)
        assert (reply.status, bytes(reply.body), reply.headers["etag"]) == (200, b"hi", '"a"')
    assert (script.connections, script.requests) == (1, [REQUEST] * 3)


async def test_requests_at_the_same_time_have_connections_of_their_own(script: Script, pool: ConnectionPool) -> None:
    script.answers = [OK] * 6
    await asyncio.gather(*(pool.request(script.address, REQUEST, max_body_bytes=10) for _ in range(3)))
    await asyncio.gather(*(pool.request(script.address, REQUEST, max_body_bytes=10) for _ in range(3)))
    assert script.connections == 3


async def test_a_connection_closed_by_the_server_is_not_used_again(script: Script, pool: ConnectionPool) -> None:
    closing = OK.replace(b"ETag", b"Connection: close\r\nETag")
    script.answers = [closing, OK]
    for _ in range(2):
        assert (await pool.request(script.address, REQUEST, max_body_bytes=10)).status == 200
    assert script.connections == 2


async def test_bodies_in_chunks_are_read(script: Script, pool: ConnectionPool) -> None:
    script.answers = [b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"]
    reply = await pool.request(script.address, REQUEST, max_body_bytes=10)
    assert (reply.status, bytes(reply.body)) == (403, b"no")


@pytest.mark.parametrize(
    "answer",
    [None, b"nonsense\r\n\r\n", OK[:-1], OK.replace(b": 2", b": 11") + b"123456789"],
    ids=["hung up", "no HTTP", "cut off", "too long"],
)
async def test_a_reply_that_is_no_http_breaks_the_connection(
    script: Script, pool: ConnectionPool, answer: bytes | None
) -> None:
    script.answers = [answer]
    with pytest.raises(ConnectionBroken):
        await pool.request(script.address, REQUEST, max_body_bytes=10)
    script.answers = [OK]
    assert (await pool.request(script.address, REQUEST, max_body_bytes=10)).status == 200
    assert script.connections == 2


async def test_a_cancelled_request_leaves_no_reply_to_the_next(script: Script, pool: ConnectionPool) -> None:
    script.answers = [b"", OK]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await pool.request(script.address, REQUEST, max_body_bytes=10)
    assert (await pool.request(script.address, REQUEST, max_body_bytes=10)).status == 200
    assert script.connections == 2


async def test_a_refused_connection_is_a_transient_failure(script: Script, pool: ConnectionPool) -> None:
    with pytest.raises(OSError, match="Connect"):
        await pool.request("127.0.0.1:9", REQUEST, max_body_bytes=10)


@pytest.mark.parametrize("key", ["v1/2/ab12/0123456789abcdef", "a.b_c-d", "grün und blau", "a+b%20c~d"])
@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE"])
def test_own_signatures_are_those_of_the_sdk(storage_settings: Settings, method: str, key: str) -> None:
    for url in ("http://127.0.0.1:9000", "https://files.example.org", "https://s3.eu-west-1.amazonaws.com"):
        signer = Signer(storage_settings, url)
        # Three times, since a second may end between the two.
        assert any(signer.own(method, key) == signer.object(method, key) for _ in range(3))


async def test_a_reply_without_a_request_is_no_part_of_another(script: Script, pool: ConnectionPool) -> None:
    script.answers = [OK + OK.replace(b"hi", b"no"), OK]
    first = await pool.request(script.address, REQUEST, max_body_bytes=100)
    assert bytes(first.body) == b"hi"
    assert bytes((await pool.request(script.address, REQUEST, max_body_bytes=100)).body) == b"hi"
    assert script.connections == 2
