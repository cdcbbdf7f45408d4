"""HTTP/1.1 with bounds for clients that stand still.

Each connection is looked at four times in :attr:`Configuration.stall_seconds`. One that shows no progress for so long
is cut: a head must be whole by then (whatever trickles in), a body must have grown by 4 KiB or be whole, and of an
answer 4 KiB must have been taken. Looks are counted, not seconds: a process that stood still itself cuts no connection.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.http.connection.bounded import BoundedProtocol
from app.http.connection.progress import LOOKS, MIN_BYTES, RegularLooks, UnsentAnswer, log_cut
from app.http.errors import HttpError, RequestTimeout


class HttpProtocol(BoundedProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn itself
        super().connection_made(transport)
        self.flow = _Flow(transport, self)
        self._unsent = UnsentAnswer()
        self._looks = RegularLooks(self.loop, self.config.stall_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._looks.stop()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._looks.stop()
        super().handle_websocket_upgrade()

    def resume_writing(self) -> None:
        self._unsent.reset()
        super().resume_writing()

    def progressed(self) -> None:
        """Count anew: from now on it is the client's turn again."""
        self._still = 0

    def _look(self) -> None:
        if self.transport.get_write_buffer_size() or self.transport.is_closing():
            if self._unsent.stands_still(self.transport):
                self._cut("answer", None)
            return
        self._unsent.reset()
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
            refusal = (
                RequestTimeout(408, self._message("The headers were not complete")) if self._head_has_begun else None
            )
            self._cut("head", refusal)

    def _look_at_body(self, cycle: RequestResponseCycle) -> None:
        waits_for_server = self.flow.read_paused or (cycle.waiting_for_100_continue and not cycle.response_complete)
        if waits_for_server or self._body_bytes >= MIN_BYTES:
            self._still = self._body_bytes = 0
            return
        self._still += 1
        if self._still > LOOKS:
            can_say = not cycle.response_started and self._running is cycle
            self._cut("body", RequestTimeout(408, self._message("The body did not go on")) if can_say else None)

    def _message(self, what: str) -> str:
        return f"{what} for {self.config.stall_seconds:g} seconds; the connection is closed."

    def _cut(self, waiting_for: str, refusal: HttpError | None) -> None:
        log_cut(waiting_for, self.client)
        if refusal is not None:
            self._refuse(refusal)
        elif waiting_for == "answer":
            self.transport.abort()
        else:
            self.transport.close()


class _Flow(FlowControl):
    """Tells the protocol when reading goes on: while it was paused, the client could not send."""

    def __init__(self, transport: asyncio.Transport, protocol: HttpProtocol) -> None:
        super().__init__(transport)
        self._protocol = protocol

    def resume_reading(self) -> None:
        if self.read_paused:
            self._protocol.progressed()
        super().resume_reading()
