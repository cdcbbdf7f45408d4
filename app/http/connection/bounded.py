"""HTTP/1.1 as uvicorn and httptools speak it, with bounds for the size of heads and with refusals that say why."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from app.http.answers import answer_of
from app.http.connection import exchange, heads
from app.http.errors import HttpError

if TYPE_CHECKING:
    from starlette.types import Scope
    from uvicorn._types import ASGI3Application

    from app.http.connection.server import Configuration

_MAX_DISCARDED = 4 * 1024 * 1024
"""Bytes of a refused request that are read and dropped, so that its client gets to read the refusal."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. ``_still`` counts looks without progress; a subclass looks."""

    config: Configuration

    # What the transport tells

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn itself
        super().connection_made(transport)
        self._still = 0
        self._in_head = True
        self._head_has_begun = False
        self._head_bytes = 0
        self._read_bytes = 0
        self._heads = 0
        self.url = b""  # uvicorn sets it with the first request only
        self._framing: list[tuple[bytes, bytes]] = []
        self._body_bytes = 0
        self._framing_bytes = 0
        self._refusal: HttpError | None = None
        self._has_refused = False
        self._discarded = 0
        self._running: RequestResponseCycle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        self.pipeline.clear()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            self._discard(data)
            return
        self._unset_keepalive_if_required()
        was_in_head, heads_before, body_before = self._in_head, self._heads, self._body_bytes
        self._read_bytes = len(data)
        try:
            self._feed(data)
            if self._heads != heads_before:
                return
            if self._in_head and was_in_head:
                self._bound_head(len(data))
            elif not self._in_head:
                self._bound_framing(len(data), grew=self._body_bytes != body_before)
        except HttpError as refusal:
            self._refuse(refusal)

    def _feed(self, data: bytes | memoryview) -> None:
        try:
            while data:
                data = self._fed(data)
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, HttpError):
                raise error.__context__ from None
            raise HttpError(400, f"This is not HTTP: {error}.") from None

    def _fed(self, data: bytes | memoryview) -> bytes | memoryview:
        """The rest to read: an Upgrade to anything but a WebSocket is ignored (RFC 9110 §7.8)."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if not self._should_upgrade():
                return memoryview(data)[upgrade.args[0] :]
            self.handle_websocket_upgrade()
        return b""

    # What the parser tells

    def on_message_begin(self) -> None:
        self._head_has_begun = True
        self._still = 0
        self._framing = []
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            return  # a trailer: none is used here, and it must never pass for a header
        name = name.lower()
        if name in heads.FRAMING:
            self._framing.append((name, value))
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._check_head()
        self._head_has_begun = self._in_head = False
        self._heads += 1
        self._head_bytes = self._body_bytes = self._framing_bytes = self._still = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_head = True
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        exchange.note(cast("Scope", cycle.scope), cycle)
        super()._start_asgi_task(cycle, app)

    # Bounds

    def _check_head(self) -> None:
        if len(self.headers) > heads.MAX_HEADERS:
            raise heads.too_many()
        if self._head_bytes + self._read_bytes > heads.MAX_BYTES:  # with less the head cannot be larger either
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > heads.MAX_BYTES:
                raise self._too_large()
        heads.check(self.parser.get_http_version(), self.url, self._framing)
        self.expect_100_continue = any(name == b"expect" for name, _ in self._framing)
        if self.parser.should_upgrade():
            self._check_upgrade()

    def _bound_head(self, size: int) -> None:
        """Bound a head that goes on; one that follows another request is bounded by the size of one read."""
        self._head_bytes += size
        if self._head_has_begun and len(self.headers) > heads.MAX_HEADERS:
            raise heads.too_many()
        if self._head_bytes > heads.MAX_BYTES:
            raise self._too_large()

    def _too_large(self) -> HttpError:
        return heads.too_large(is_url=2 * len(self.url) > heads.MAX_BYTES)

    def _bound_framing(self, size: int, *, grew: bool) -> None:
        """Bound trailers and chunk extensions, which are no body."""
        self._framing_bytes = 0 if grew else self._framing_bytes + size
        if self._framing_bytes > heads.MAX_BYTES:
            raise heads.too_large(is_url=False)

    def _check_upgrade(self) -> None:
        """Refuse bodies: the parser takes all that follows for the other protocol."""
        if any(name in {b"content-length", b"transfer-encoding"} and value != b"0" for name, value in self._framing):
            raise HttpError(400, "A request with a body cannot ask for another protocol; leave the Upgrade header out.")
        if not self._should_upgrade():
            return
        if self.parser.get_method() != b"GET":
            raise HttpError(400, "A WebSocket begins with a GET.")
        if any(len(name) + len(value) > heads.MAX_SOCKET_HEADER for name, value in self.headers):
            raise HttpError(431, f"Each header of a WebSocket's request has at most {heads.MAX_SOCKET_HEADER:,} bytes.")

    # Ends

    def _refuse(self, refusal: HttpError) -> None:
        """Say why, if that can still be said, and end the connection; earlier requests are answered first."""
        self._refusal = refusal
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:
                cycle.keep_alive = False
                return
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started or self._running is not cycle:
                self.transport.close()
                return
        self._say(refusal)

    def _say(self, refusal: HttpError) -> None:
        self._has_refused = True
        self._still = 0
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        self.transport.write(self._answer(refusal))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def _answer(self, refusal: HttpError) -> bytes:
        """In the words of the edge that the request was for, as far as its head has been read."""
        answer = answer_of(self.config.edges.of_target(self.url), refusal)
        headers = [
            *self.server_state.default_headers,
            *answer.raw_headers,
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        fields = [name + b": " + value + b"\r\n" for name, value in headers]
        return b"".join([STATUS_LINE[answer.status_code], *fields, b"\r\n", bytes(answer.body)])

    def _discard(self, data: bytes) -> None:
        """Read on: closing with bytes unread would reset the connection before the client has read why."""
        self._discarded += len(data)
        if self._discarded > _MAX_DISCARDED:
            self.transport.close()
