"""uvicorn as this service runs it: how it speaks to clients, and what it ends when it stops."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from app.http.connection.protocol import HttpProtocol
from app.http.connection.websockets import WebSocketProtocol
from app.http.edge_table import EdgeTable
from app.settings import Settings

GRACE = 3
"""Seconds that open requests get when an API process is told to stop."""


class Configuration(uvicorn.Config):
    """uvicorn's own, with what its protocols need to know of ours."""

    stall_seconds: float
    edges: EdgeTable


def configuration(app: ASGIApp, settings: Settings, **others: Any) -> Configuration:
    """How an application is served, in production, by a worker's probes, and in tests; ``others`` are uvicorn's own."""
    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "loop": "uvloop",
        "http": HttpProtocol,
        "ws": WebSocketProtocol,
        "ws_max_size": settings.graphql_max_body_bytes,
        "ws_ping_interval": 15,
        "ws_ping_timeout": 15,
        "ws_per_message_deflate": False,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "headers": [("X-Content-Type-Options", "nosniff")],
        "log_config": None,
        "timeout_graceful_shutdown": GRACE,
    }
    made = Configuration(app, **(options | others))
    made.stall_seconds = settings.stall_seconds
    made.edges = getattr(getattr(app, "state", None), "edges", None) or EdgeTable()
    return made


class Server(uvicorn.Server):
    """One API process that binds or is given its sockets."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, end what does not end by itself (it would wait for event streams), wait for the rest."""
        self._on_stop()
        await super().shutdown(sockets=sockets)
