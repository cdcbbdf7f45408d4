"""Probes: alive, ready (part by part), and metrics for Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app import shared_counters
from app.disk_space import DiskSpace
from app.errors import ModelyardError, StorageFull
from app.http.answers import answer_of, plain_error
from app.http.edge import BEARER, Edge
from app.http.probes import metrics_access
from app.http.probes.single_flight import SingleFlight
from app.runtime import Runtime
from app.upkeep.gauges import GaugeCollector

PROBE_SECONDS = 2.5
FRESH_SECONDS = 0.5
"""For how long the result of `/health/ready` is given again."""


async def live(_request: Request) -> Response:
    """The process answers; nothing else is checked."""
    return PlainTextResponse("OK")


async def ready(request: Request) -> Response:
    """Database and store answer (needed), and Redis (only makes things faster): each with its state.

    Concurrent probes share one check of the parts, whose result holds for half a second. A part whose disk
    is full is ``full``: reads are served, so this process still is ready, in a degraded way.
    """
    state = request.app.state
    runtime: Runtime = state.runtime
    if not hasattr(state, "readiness"):
        state.readiness = SingleFlight(lambda: _states(runtime), FRESH_SECONDS)
    parts: dict[str, str] = dict(await state.readiness())
    needed = parts["database"] == "ok" and parts["store"] == "ok"
    rooms = {"database": runtime.db.room, "store": runtime.blobs.room}
    full = {name: room.explain() for name, room in rooms.items() if room.is_full or _has_failed_full(parts[name], room)}
    parts |= dict.fromkeys(full, "full")
    overall = "unavailable" if not needed else "ready" if set(parts.values()) == {"ok"} else "degraded"
    return Response(
        orjson.dumps({"status": overall, "parts": parts} | ({"reasons": full} if full else {})),
        200 if needed else 503,
        headers={} if needed else {"Retry-After": "2"},
        media_type="application/json",
    )


async def _states(runtime: Runtime) -> dict[str, str]:
    names = ("database", "redis", "store")
    states = await asyncio.gather(
        _state(runtime.db.ping()), _state(runtime.notifier.ping()), _state(runtime.blobs.ready())
    )
    return dict(zip(names, states, strict=True))


async def metrics(request: Request) -> Response:
    """Counters of the processes, and gauges of what waits in the database; for administrators and scrapers alone.

    Counters are those of all processes that share them (``app.shared_counters``), else of this one. What waits is the
    same whichever process answers.
    """
    try:
        await metrics_access.require(request)
    except ModelyardError as error:
        return answer_of(EDGE, error)
    figures = _figures(request)
    await figures.refresh()
    waiting = CollectorRegistry()
    waiting.register(figures)
    return Response(
        generate_latest(shared_counters.registry()) + generate_latest(waiting), media_type=CONTENT_TYPE_LATEST
    )


EDGE = Edge(
    "health",
    [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", metrics)],
    plain_error,
    BEARER,
    paths=("/health/", "/metrics"),
    tokenless=("/health/", "/metrics"),
    probes=frozenset({"/health/live", "/health/ready"}),
    is_logged=False,
)


def _figures(request: Request) -> GaugeCollector:
    state = request.app.state
    if not hasattr(state, "figures"):
        state.figures = GaugeCollector(state.runtime.db)
    collector: GaugeCollector = state.figures
    return collector


async def _state(probe: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await probe
    except StorageFull:
        return "full"
    except (ModelyardError, TimeoutError):
        return "unavailable"
    return "ok"


def _has_failed_full(state: str, room: DiskSpace) -> bool:
    """Whether a part that does not answer is away because its disk is full: a database stops when it cannot log."""
    return state != "ok" and room.explains()
