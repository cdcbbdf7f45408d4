"""Probes: alive, ready (part by part), and metrics for Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from prometheus_client import REGISTRY as PROCESS_REGISTRY
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.errors import ModelyardError
from app.http import scraping
from app.http.answers import error_answer
from app.http.single_flight import SingleFlight
from app.runtime import Runtime
from app.upkeep.figures import Figures

PROBE_SECONDS = 2.5
FRESH_SECONDS = 0.5
"""For how long an answer to `/health/ready` is given again."""


async def live(_request: Request) -> Response:
    """The process answers; asks nobody else."""
    return PlainTextResponse("OK")


async def ready(request: Request) -> Response:
    """Database and store answer (needed), and Redis (only makes things faster): each with its state.

    However many ask, the parts are asked once at a time, and what they said holds for half a second.
    """
    state = request.app.state
    if not hasattr(state, "readiness"):
        runtime: Runtime = state.runtime
        state.readiness = SingleFlight(lambda: _states(runtime), FRESH_SECONDS)
    parts: dict[str, str] = await state.readiness()
    needed = parts["database"] == "ok" and parts["store"] == "ok"
    overall = "ready" if needed and parts["redis"] == "ok" else "degraded" if needed else "unavailable"
    return Response(
        orjson.dumps({"status": overall, "parts": parts}),
        200 if needed else 503,
        headers={} if needed else {"Retry-After": "2"},
        media_type="application/json",
    )


async def _states(runtime: Runtime) -> dict[str, str]:
    names = ("database", "redis", "store")
    states = await asyncio.gather(
        _state(runtime.db.ping()), _state(runtime.broker.ping()), _state(runtime.blobs.ready())
    )
    return dict(zip(names, states, strict=True))


async def metrics(request: Request) -> Response:
    """What processes count, and what the database knows to be waiting; for administrators and scrapers alone.

    Counters are those of all processes that share ``PROMETHEUS_MULTIPROC_DIR``, where it is set, else of this one. What
    waits is the same whichever process tells it.
    """
    try:
        await scraping.require(request)
    except ModelyardError as error:
        return error_answer(request.scope, error)
    figures = _figures(request)
    await figures.refresh()
    waiting = CollectorRegistry()
    waiting.register(figures)
    return Response(generate_latest(_registry()) + generate_latest(waiting), media_type=CONTENT_TYPE_LATEST)


routes = [
    Route("/health/live", live),
    Route("/health/ready", ready),
    Route("/metrics", metrics),
]


def _figures(request: Request) -> Figures:
    state = request.app.state
    if not hasattr(state, "figures"):
        state.figures = Figures(state.runtime.db)
    found: Figures = state.figures
    return found


def _registry() -> CollectorRegistry:
    try:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # the library has no types here
    except ValueError:  # the variable is not set: one process only
        return PROCESS_REGISTRY
    return registry


async def _state(probe: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await probe
    except (ModelyardError, TimeoutError):
        return "unavailable"
    return "ok"
