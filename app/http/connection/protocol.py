"""HTTP/1.1 with bounds for clients that stand still.

Each connection is looked at four times in :attr:`Configuration.stall_seconds`. One that shows no progress for so long
is cut: a head must be whole by then (whatever trickles in), a body must have grown by 4 KiB or be whole, and of an
answer 4 KiB must have been taken. Looks are counted, not seconds: a process that stood still itself cuts no connection.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.server import ServerState

from app.http.connection.bounded import BoundedProtocol
from app.http.connection.progress import LEAST_BYTES, LOOKS, Unsent, cut_noted
from app.http.errors import HttpError, RequestTimeout

if TYPE_CHECKING:
    from app.http.connection.server import Configuration


class HttpProtocol(BoundedProtocol):
    """One connection."""

    def __init__(
        self,
        config: Configuration,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._interval = config.stall_seconds / LOOKS
        self._looking: asyncio.TimerHandle | None = None
        self._unsent = Unsent()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn itself
        super().connection_made(transport)
        self.flow = _Flow(transport, self)
        self._looking = self.loop.call_later(self._interval, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_looking()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._stop_looking()
        super().handle_websocket_upgrade()

    def resume_writing(self) -> None:
        self._unsent.forget()
        super().resume_writing()

    def _stop_looking(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def progressed(self) -> None:
        """From now on it is the client's turn again."""
        self._still = 0

    def _look(self) -> None:
        self._looking = self.loop.call_later(self._interval, self._look)
        if self.transport.get_write_buffer_size() or self.transport.is_closing():
            if self._unsent.stands_still(self.transport):
                self._cut("answer", None)
            return
        self._unsent.forget()
        if self._has_refused:
            self._look_at_end()
        elif not self._in_head and self._refusal is None:
            self._look_at_body(self.cycle)
        elif self._running is not None and not self._running.response_complete:
            self._still = 0  # a request is being answered
        else:
            self._look_at_head()

    def _look_at_end(self) -> None:
        self._still += 1
        if self._still > LOOKS:
            self.transport.abort()

    def _look_at_head(self) -> None:
        self._still += 1
        if self._still > LOOKS:
            refusal = RequestTimeout(408, self._sentence("The headers were not complete")) if self._has_begun else None
            self._cut("head", refusal)

    def _look_at_body(self, cycle: RequestResponseCycle) -> None:
        waits_for_us = self.flow.read_paused or (cycle.waiting_for_100_continue and not cycle.response_complete)
        if waits_for_us or self._body_bytes >= LEAST_BYTES:
            self._still = self._body_bytes = 0
            return
        self._still += 1
        if self._still > LOOKS:
            can_say = not cycle.response_started and self._running is cycle
            self._cut("body", RequestTimeout(408, self._sentence("The body did not go on")) if can_say else None)

    def _sentence(self, what: str) -> str:
        return f"{what} for {self.config.stall_seconds:g} seconds; the connection is closed."

    def _cut(self, waiting_for: str, refusal: HttpError | None) -> None:
        cut_noted(waiting_for, self.client)
        if refusal is not None:
            self._refuse(refusal)
        elif waiting_for == "answer":
            self.transport.abort()
        else:
            self.transport.close()


class _Flow(FlowControl):
    """Tells when reading goes on: while it was paused, the client could not send."""

    def __init__(self, transport: asyncio.Transport, protocol: HttpProtocol) -> None:
        super().__init__(transport)
        self._protocol = protocol

    def resume_reading(self) -> None:
        if self.read_paused:
            self._protocol.progressed()
        super().resume_reading()
