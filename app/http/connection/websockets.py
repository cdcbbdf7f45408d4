"""WebSockets as uvicorn speaks them; refusals have the headers of all answers, and clients that do not read are cut."""

from __future__ import annotations

from asyncio.transports import BaseTransport
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Response
from websockets.server import ServerProtocol

from app.http.connection.progress import RegularLooks, UnsentAnswer, log_cut

if TYPE_CHECKING:
    from app.http.connection.server import Configuration


class _Handshake(ServerProtocol):
    def __init__(self, headers: list[tuple[bytes, bytes]], **options: Any) -> None:
        super().__init__(**options)
        self._headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]

    def reject(self, status: Any, text: str) -> Response:
        """The answer to a client that may not connect."""
        response = super().reject(status, text)
        for name, value in self._headers:
            if name not in response.headers:
                response.headers[name] = value
        return response


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One connection after its handshake was read. Pings keep idle ones alive; one that closes has to be read."""

    config: Configuration

    def connection_made(self, transport: BaseTransport) -> None:
        headers = [*self.default_headers, (b"cache-control", b"no-store")]
        self.conn = _Handshake(headers, max_size=self.config.ws_max_size, logger=self.conn.logger)
        super().connection_made(transport)
        self._unsent = UnsentAnswer()
        self._looks = RegularLooks(self.loop, self.config.stall_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._looks.stop()
        super().connection_lost(exc)

    def handle_parser_exception(self) -> None:
        """A handshake that the library cannot read has no socket yet that could be closed with a code."""
        if self.handshake_initiated:
            super().handle_parser_exception()
            return
        response = self.conn.reject(400, "This is not the handshake of a WebSocket.")
        self.conn.send_response(response)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()

    def resume_writing(self) -> None:
        self._unsent.reset()
        super().resume_writing()

    def _look(self) -> None:
        if not self.transport.is_closing():
            self._unsent.reset()
        elif self._unsent.stands_still(self.transport):
            log_cut("socket", self.client)
            self.transport.abort()
