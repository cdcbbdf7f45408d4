"""uvicorn, but told what to end when it stops: it would wait for event streams until its patience is over."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn


class Server(uvicorn.Server):
    """One API process that binds or is given its sockets."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, end what does not end by itself, wait for the rest."""
        self._on_stop()
        await super().shutdown(sockets=sockets)
