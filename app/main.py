"""The application: routes, middleware, lifespan. The one module that knows every edge."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount

from app.graphql.transport import endpoint
from app.http import ci
from app.http.admission.middleware import Admission
from app.http.authentication import Authentication
from app.http.hosts import HostNames
from app.http.links import downloads, uploads
from app.http.origins import Origins
from app.http.probes import health
from app.http.project_paths import ProjectSegment
from app.http.proxies import Proxies
from app.http.request_record import RequestRecord
from app.mlflow import routes as mlflow
from app.mlflow.protocol import route_lookup
from app.packages import files
from app.runtime import Runtime, open_runtime
from app.settings import Settings
from app.telemetry import configure_logging

_YOUNG = 10_000
"""New containers before the collector looks for cycles among them."""


def create_app(settings: Settings, *, runtime: Runtime | None = None) -> Starlette:
    """Build the ASGI application.

    With a ``runtime`` the application uses that one and leaves closing it to whoever opened it.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if runtime is not None:
            async with _serving(app, runtime):
                yield
            return
        configure_logging(settings.log_level, as_json=settings.log_json)
        # A page of a hundred candidates is thousands of lists and dictionaries, all garbage a moment later without any
        # cycle: at Python's own 700 the collector would look at them a dozen times while the page is put together.
        gc.set_threshold(_YOUNG, 10, 10)
        async with open_runtime(settings, name="modelyard api") as opened, _serving(app, opened):
            # What is loaded stays; to look through it for garbage takes a tenth of a second that nobody is answered in.
            gc.freeze()
            yield

    return Starlette(
        routes=_routes(),
        middleware=_middleware(settings),
        lifespan=lifespan,
    )


def stop(app: object) -> None:
    """End answers that would go on for ever, when the server is told to stop."""
    assert isinstance(app, Starlette), "the server has the application that was made here"
    endpoint.stop(app)


@asynccontextmanager
async def _serving(app: Starlette, runtime: Runtime) -> AsyncIterator[None]:
    app.state.runtime = runtime
    endpoint.prepare(app)
    try:
        yield
    finally:
        await endpoint.close(app)


def _middleware(settings: Settings) -> list[Middleware]:
    """What every request passes, from without to within."""
    proxies = [Middleware(Proxies, settings)] if settings.trusted_proxies.strip() else []
    origins = [Middleware(Origins, settings)] if settings.graphql_origins.strip() else []
    return [
        *proxies,
        *origins,
        Middleware(RequestRecord),
        Middleware(HostNames, settings),
        Middleware(Admission),
        Middleware(ProjectSegment),
        Middleware(Authentication),
    ]


def _routes() -> list[BaseRoute]:
    calls = route_lookup.with_lookup(mlflow.routes)
    return [
        *health.routes,
        *endpoint.routes,
        *downloads.routes,
        *uploads.routes,
        *ci.routes,
        Mount(
            "/api/v4/projects/{project}",
            routes=[Mount("/ml/mlflow", routes=calls), Mount("/packages", routes=files.routes)],
        ),
        *calls,
    ]
