"""The worker's own port, for probes and metrics; there is none unless the settings name one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.http.connection.server import configuration
from app.http.probes import health
from app.runtime import Runtime
from workers.liveness import STALLED_SECONDS, Liveness


class _Server(uvicorn.Server):
    """One that leaves signals to the worker."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(runtime: Runtime, liveness: Liveness, listener: socket.socket) -> None:
    """Answer until cancelled."""
    config = configuration(application(runtime, liveness), runtime.settings, ws="none", lifespan="off")
    await _Server(config).serve(sockets=[listener])


def application(runtime: Runtime, liveness: Liveness) -> Starlette:
    """`/health/live` (the pump runs), `/health/ready` and `/metrics`."""

    async def live(_request: Request) -> Response:
        if liveness.is_alive:
            return PlainTextResponse("OK")
        return PlainTextResponse(f"The pump has stood still for {STALLED_SECONDS:.0f} seconds.", 503)

    app = Starlette(
        routes=[
            Route("/health/live", live),
            Route("/health/ready", health.ready),
            Route("/metrics", health.metrics),
        ]
    )
    app.state.runtime = runtime
    return app
