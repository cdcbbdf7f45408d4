"""The least that a load generator needs of HTTP/1.1: one connection, one request at a time, kept open."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, cast

import httptools


class CallFailed(Exception):
    """The server answered an error, or hung up."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens, and what every request to it carries."""

    host: str
    port: int
    prefix: str = ""
    """Begins every path."""
    headers: tuple[tuple[str, str], ...] = ()
    name: str = "the server"

    def request(self, method: str, path: str, body: bytes = b"", media_type: str = "application/json") -> bytes:
        """The bytes to send, with the headers that the MLflow client sends."""
        lines = [
            f"{method} {self.prefix}{path} HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            "User-Agent: mlflow-python-client/3.17.2",
            "Accept-Encoding: gzip, deflate",
            "Accept: */*",
            "Connection: keep-alive",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        if body or method != "GET":
            lines += [f"Content-Type: {media_type}", f"Content-Length: {len(body)}"]
        return "\r\n".join((*lines, "\r\n")).encode() + body


class Connection(asyncio.Protocol):
    """Sends prepared bytes and waits for the whole answer."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._parser: Any = None
        self._answer: asyncio.Future[bytes] | None = None
        self._chunks: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, address: Address) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: cls(address.name), address.host, address.port
        )
        return connection

    async def call(self, request: bytes) -> bytes:
        """The body of the answer.

        Raises:
            CallFailed: its status is not in the two hundreds, or the connection broke.
        """
        assert self._transport is not None, "it is open"
        self._parser, self._chunks = httptools.HttpResponseParser(self), []
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"{self._name} hung up: {exc}")

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        status, body = self._parser.get_status_code(), b"".join(self._chunks)
        if not 200 <= status < 300:
            self._fail(f"{self._name} answered {status}: {body[:500]!r}")
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(body)

    def _fail(self, reason: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(CallFailed(reason))
