"""Heads of requests: how large they may be, and what two readers could read in two ways."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.http.raw_connection import answers, connected, exchanged, rest, send_once

GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CLOSE = b"Connection: close\r\n\r\n"


async def test_a_plain_request_is_answered(url: str) -> None:
    answer = await send_once(url, GET + CLOSE)
    assert (answer.status, answer.body) == (200, b"OK")


async def test_heads_up_to_the_limit_are_accepted(url: str) -> None:
    lines = b"".join(b"X-%d: %b\r\n" % (number, b"x" * 600) for number in range(98))
    assert (await send_once(url, GET + lines + CLOSE)).status == 200
    assert (await send_once(url, GET + b"X: " + b"x" * 63_000 + b"\r\n" + CLOSE)).status == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (GET + b"X: " + b"x" * 70_000 + b"\r\n" + CLOSE, 431),
        (GET + b"x" * 70_000 + b": 1\r\n" + CLOSE, 431),
        (GET + b"".join(b"X-%d: %b\r\n" % (number, b"x" * 800) for number in range(90)) + CLOSE, 431),
        (GET + b"X: 1\r\n" * 99 + CLOSE, 431),
        (GET + b"X: 1\r\n" * 20_000 + CLOSE, 431),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 414),
        (b"GET /?" + b"a=1&" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 414),
        (b"\r\n" * 40_000, 431),
    ],
    ids=["one value", "one name", "their sum", "101 lines", "20,000 lines", "path", "query", "empty lines"],
)
async def test_larger_heads_are_refused(url: str, head: bytes, status: int) -> None:
    for pieces in ([head], [head[target : target + 5_000] for target in range(0, len(head), 5_000)]):
        answer = await send_once(url, *pieces)
        assert answer.status == status
        assert answer.headers["connection"] == "close"
        assert answer.json()["message"]


@pytest.mark.parametrize("opening", [GET + b"X: ", GET, b"GET /", b"", POST + b"Transfer-Encoding: chunked\r\n\r\n"])
async def test_an_endless_head_takes_no_memory(url: str, opening: bytes) -> None:
    """The server reads no more than it needs to say no, and what it has read is dropped."""
    piece = {GET: b"X: 1\r\n" * 10_000, b"": b"\r\n" * 30_000}.get(opening, b"x" * 60_000)
    if b"chunked" in opening:
        opening, piece = opening + b"1\r\n{\r\n0\r\nX: ", b"x" * 60_000
    before, sent = _memory(), 0
    async with asyncio.timeout(20), connected(url) as (reader, writer):
        writer.write(opening)
        try:
            while sent < 150_000_000:
                writer.write(piece)
                await writer.drain()
                sent += len(piece)
        except ConnectionError:
            pass
        text = await rest(reader)
    assert sent < 30_000_000
    assert _memory() - before < 20_000_000
    assert [answer.status for answer in answers(text)] in ([], [431], [414])


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health/live HTTP/1.1\r\n",
        GET + b"Host: localhost\r\n",
        GET + b"Host: other\r\n",
        GET + b"hOST : localhost\r\n",
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        POST + b"Transfer-Encoding: gzip, chunked\r\n",
        POST + b"Transfer-Encoding: chunked, chunked\r\n",
        POST + b"Transfer-Encoding: identity\r\n",
        POST + b"Transfer-Encoding: xchunked\r\n",
        POST + b"Transfer-Encoding:\r\n chunked\r\n",
        POST + b"Content-Length: 2\r\nContent-Length: 2\r\n",
        POST + b"Content-Length: 2\r\nContent-Length: 3\r\n",
        POST + b"Content-Length: 2, 2\r\n",
        POST + b"Content-Length: +2\r\n",
        POST + b"Content-Length: -2\r\n",
        POST + b"Content-Length: 0x2\r\n",
        POST + b"Content-Length: 2_0\r\n",
        POST + b"Content-Length:\r\n",
        POST + b"Content-Length: 99999999999999999999999\r\n",
        GET + b"X: a\r\n b\r\n",
        GET + b"X: a\0b\r\n",
        GET + b"X: a\x01b\r\n",
        GET + b"X: a\rb\r\n",
        GET + b"X : a\r\n",
        GET + b" X: a\r\n",
        GET + b": a\r\n",
        GET + b"X\r\n",
        GET + b"X\0Y: a\r\n",
        b"GET /health/live\r\nHost: localhost\r\n",
        b"GET /health/live HTTP/1.1\nHost: localhost\n",
        b"GET http://other.example/health/live HTTP/1.1\r\nHost: localhost\r\n",
        b"GET health/live HTTP/1.1\r\nHost: localhost\r\n",
        b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n",
        b"POST /graphql HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n",
        POST + b"Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=lambda head: ascii(head.removeprefix(GET).removeprefix(POST))[2:-1],
)
async def test_ambiguous_requests_are_refused(url: str, head: bytes) -> None:
    answer = await send_once(url, head + CLOSE + b"2\r\n{}\r\n0\r\n\r\n")
    assert answer.status == (505 if head.startswith(b"GET /health/live\r\n") else 400)
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["errors"][0] if b"/graphql" in head else body)["message"]


@pytest.mark.parametrize("version", [b"0.9", b"2.0"])
async def test_other_versions_of_http_are_refused(url: str, version: bytes) -> None:
    answer = await send_once(url, GET.replace(b"1.1", version) + CLOSE)
    assert answer.status == 505


async def test_unknown_expectations_are_refused(url: str) -> None:
    assert (await send_once(url, GET + b"Expect: 200-maybe\r\n" + CLOSE)).status == 417


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health/live HTTP/1.0\r\n",
        GET.replace(b"/health", b"http://localhost/health"),
        GET.replace(b"/health", b"HTTP://LOCALHOST/health"),
        b"\r\n" + GET,
        GET + b"X: \xe4\t1\r\n",
        GET + b"Upgrade: h2c\r\nConnection: Upgrade\r\n",
    ],
    ids=ascii,
)
async def test_unusual_valid_requests_are_answered(url: str, head: bytes) -> None:
    assert (await send_once(url, head + CLOSE)).status == 200


async def test_trailers_are_not_read_as_headers(url: str, admin) -> None:
    """A client that writes the end of a body must not sign in with it."""
    body = b'{"query": "{ viewer { isAdmin } }"}'
    head = POST + b"Transfer-Encoding: chunked\r\n" + CLOSE
    trailer = b"Authorization: Bearer " + admin.token.encode() + b"\r\nHost: elsewhere\r\n"
    whole = b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(body), body, trailer)
    for pieces in ([head + whole], [head, whole], [head + whole[:20], whole[20:]]):
        answer = await send_once(url, *pieces)
        assert (answer.status, answer.json()["data"]) == (200, {"viewer": None})


async def test_trailers_and_chunk_extensions_are_bounded(url: str) -> None:
    head = POST + b"Transfer-Encoding: chunked\r\n" + CLOSE
    for opening in (b"1\r\n{\r\n0\r\nX: ", b"1;x="):
        answer = await send_once(url, head + opening, *[b"x" * 5_000] * 100)
        assert answer.status == 431


async def test_a_pipelined_request_is_answered_before_a_later_refusal(url: str) -> None:
    result = answers(await exchanged(url, GET + b"\r\n" + GET + b"Host: twice\r\n\r\n"))
    assert [answer.status for answer in result] == [200]


async def test_upgrades_to_unsupported_protocols_are_ignored(url: str) -> None:
    asking = GET + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n"
    result = answers(await exchanged(url, asking + asking + GET + CLOSE))
    assert [answer.status for answer in result] == [200, 200, 200]


HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (HANDSHAKE + b"X: " + b"x" * 9_000 + b"\r\n", 431),
        (HANDSHAKE + b"X: 1\r\n" * 101, 431),
        (HANDSHAKE + b"Host: localhost\r\n", 400),
        (HANDSHAKE.replace(b"-Key", b"-Kay"), 400),
        (HANDSHAKE.replace(b"13", b"8"), 400),
        (HANDSHAKE.replace(b"/graphql", b"/elsewhere"), 403),
        (HANDSHAKE + b"Authorization: Bearer myt_wrong\r\n", 401),
        (HANDSHAKE + b"Origin: https://evil.example\r\n", 403),
        (HANDSHAKE.replace(b"localhost", b"evil.example"), 421),
        (HANDSHAKE + b"Content-Length: 5\r\n", 400),
        (HANDSHAKE.replace(b"GET", b"POST"), 400),
    ],
    ids=["long line", "lines", "hosts", "no key", "version", "path", "token", "origin", "host", "body", "POST"],
)
async def test_refused_sockets_are_answered_like_requests(url: str, head: bytes, status: int) -> None:
    answer = await send_once(url, head + b"\r\n")
    assert answer.status == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
