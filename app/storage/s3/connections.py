"""Short requests over connections that stay open: a few bytes there, a few bytes back, no streams.

For a small file the general client costs more than everything else that is done with it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass, field
from typing import cast

from httptools import HttpParserError, HttpResponseParser

MAX_IDLE = 64
"""Connections that are kept without work."""


class ConnectionBroken(OSError):
    """The connection ended, or what came is no answer."""


@dataclass(slots=True)
class Reply:
    """A complete answer, or what has come of it."""

    max_body_bytes: int
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    """By their names in small letters."""
    body: bytearray = field(default_factory=bytearray)


class _Connection(asyncio.Protocol):
    """One connection, and the answer that it waits for."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._reply = Reply(0)
        self._parser = HttpResponseParser(self)
        self._reply_future: asyncio.Future[Reply] | None = None
        self.is_open = True
        self.idle_since = 0.0

    async def request(self, data: bytes, max_body_bytes: int) -> Reply:
        """Send a request and wait for its answer; a caller that stops waiting must close the connection."""
        if self._transport is None or not self.is_open:
            raise ConnectionBroken("the connection was closed")
        self._reply, self._parser = Reply(max_body_bytes), HttpResponseParser(self)
        self._reply_future = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        return await self._reply_future

    def close(self) -> None:
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by name

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._fail(f"no HTTP: {error}")

    def connection_lost(self, _error: Exception | None) -> None:
        self._fail("the connection ended")

    # What the parser calls

    def on_message_begin(self) -> None:
        if self._reply_future is None or self._reply_future.done():
            raise ConnectionBroken("an answer without a question")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._reply.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._reply.body += body
        if len(self._reply.body) > self._reply.max_body_bytes:
            self._fail(f"more than {self._reply.max_body_bytes} bytes")

    def on_message_complete(self) -> None:
        assert self._reply_future is not None, "else the answer would not have begun"
        self._reply.status = self._parser.get_status_code()
        if self._reply.status < 200:  # the real answer follows
            return
        self.is_open = self.is_open and self._parser.should_keep_alive()
        self._reply_future.set_result(self._reply)

    def _fail(self, reason: str) -> None:
        self.close()
        if self._reply_future is not None and not self._reply_future.done():
            self._reply_future.set_exception(ConnectionBroken(reason))


class ConnectionPool:
    """Connections to one server, the one that was used last first."""

    def __init__(
        self, *, tls: ssl.SSLContext | None, connect_seconds: float, idle_seconds: float, path: str | None = None
    ) -> None:
        """``path`` is a unix socket to connect to, whatever address is asked for."""
        self._tls = tls
        self._path = path
        self._connect_seconds = connect_seconds
        self._idle_seconds = idle_seconds
        self._idle: deque[tuple[str, _Connection]] = deque(maxlen=MAX_IDLE)

    async def request(self, netloc: str, data: bytes, *, max_body_bytes: int) -> Reply:
        """Send one request to ``host:port`` and read its answer of at most ``most`` bytes.

        Raises:
            OSError: the server does not answer, or the connection broke; the request may have been done.
        """
        connection = self._take(netloc) or await self._open(netloc)
        try:
            reply = await connection.request(data, max_body_bytes)
        except BaseException:
            connection.close()
            raise
        self._keep(netloc, connection)
        return reply

    def close(self) -> None:
        """Drop all connections that have no work."""
        while self._idle:
            self._idle.pop()[1].close()

    def _take(self, netloc: str) -> _Connection | None:
        oldest = asyncio.get_running_loop().time() - self._idle_seconds
        while self._idle:
            of, connection = self._idle.pop()
            if of == netloc and connection.is_open and connection.idle_since > oldest:
                return connection
            connection.close()
        return None

    def _keep(self, netloc: str, connection: _Connection) -> None:
        if not connection.is_open:
            connection.close()
            return
        connection.idle_since = asyncio.get_running_loop().time()
        if len(self._idle) == MAX_IDLE:
            self._idle.popleft()[1].close()
        self._idle.append((netloc, connection))

    async def _open(self, netloc: str) -> _Connection:
        host, port = _address(netloc, 80 if self._tls is None else 443)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_seconds):
                if self._path is not None:
                    _, connection = await loop.create_unix_connection(_Connection, self._path)
                else:
                    _, connection = await loop.create_connection(_Connection, host, port, ssl=self._tls)
        except TimeoutError:
            raise ConnectionBroken("no connection in time") from None
        return connection


def _address(netloc: str, default_port: int) -> tuple[str, int]:
    host, colon, port = netloc.rpartition(":")
    if not colon or port.endswith("]"):
        return netloc.strip("[]"), default_port
    return host.strip("[]"), int(port)
