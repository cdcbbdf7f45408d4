"""The application: routes, middleware, lifespan. The one module that knows every edge."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from app.graphql.edge import EDGE as GRAPHQL
from app.http.admission.middleware import Admission
from app.http.answers import routing_error
from app.http.authentication import Authentication
from app.http.ci import EDGE as CI
from app.http.edge import Edge
from app.http.edge_table import EdgeTable, RequestEdge
from app.http.hosts import HostNames
from app.http.links.edge import EDGE as LINKS
from app.http.origins import Origins
from app.http.probes.health import EDGE as HEALTH
from app.http.proxies import Proxies
from app.http.request_record import RequestRecord
from app.mlflow.edge import EDGE as MLFLOW
from app.oauth.edge import EDGE as OAUTH
from app.packages.edge import EDGE as PACKAGES
from app.pages.edge import EDGE as PAGES
from app.runtime import Runtime, open_runtime
from app.settings import Settings
from app.telemetry import configure_logging
from app.web.edge import EDGE as WEB

EDGES = (HEALTH, GRAPHQL, LINKS, CI, MLFLOW, PACKAGES, PAGES, OAUTH, WEB)
"""All protocols that are spoken."""
PROJECTS = "/api/v4/projects/"
"""Where projects stand, as in GitLab."""
_GC_THRESHOLD = 10_000
"""New containers before the collector looks for cycles among them."""


def create_app(settings: Settings, *, runtime: Runtime | None = None, edges: Sequence[Edge] = EDGES) -> Starlette:
    """Build the ASGI application.

    With a ``runtime`` the application uses that one, which its opener closes.
    """
    table = EdgeTable(edges, projects=PROJECTS)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if runtime is not None:
            async with _serving(app, runtime):
                yield
            return
        configure_logging(settings.log_level, as_json=settings.log_json)
        # A page of a hundred candidates is thousands of lists and dictionaries, all garbage a moment later without any
        # cycle: at Python's own 700 the collector would look at them a dozen times while the page is put together.
        gc.set_threshold(_GC_THRESHOLD, 10, 10)
        async with open_runtime(settings, name="modelyard api") as opened, _serving(app, opened):
            # Modules and pools stay: to look through them for garbage stops all answers for a tenth of a second.
            gc.freeze()
            yield

    app = Starlette(
        routes=table.routes(),
        middleware=_middleware(settings, table),
        exception_handlers={HTTPException: routing_error},
        lifespan=lifespan,
    )
    app.state.edges = table
    return app


def stop(app: object) -> None:
    """End answers that would go on for ever, when the server is told to stop."""
    assert isinstance(app, Starlette), "the server has the application that was made here"
    for edge in app.state.edges.edges:
        if edge.stop is not None:
            edge.stop(app)


@asynccontextmanager
async def _serving(app: Starlette, runtime: Runtime) -> AsyncIterator[None]:
    app.state.runtime = runtime
    async with AsyncExitStack() as stack:
        for edge in app.state.edges.edges:
            if edge.lifespan is not None:
                await stack.enter_async_context(edge.lifespan(app))
        yield


def _middleware(settings: Settings, edges: EdgeTable) -> list[Middleware]:
    """What every request passes, from without to within."""
    proxies = [Middleware(Proxies, settings)] if settings.trusted_proxies.strip() else []
    origins = [Middleware(Origins, settings)] if settings.graphql_origins.strip() else []
    return [
        *proxies,
        Middleware(RequestEdge, edges),
        *origins,
        Middleware(RequestRecord),
        Middleware(HostNames, settings),
        Middleware(Admission),
        Middleware(Authentication),
    ]
