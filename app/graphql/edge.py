"""The edge of GraphQL: one path, for requests, event streams and WebSockets."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.responses import Response

from app.errors import ModelyardError
from app.graphql.transport import endpoint
from app.http.answers import json_answer, status_of
from app.http.edge import BEARER, Edge


def _error_answer(error: ModelyardError) -> Response:
    """A failure that no operation has reported, as errors of the request (GraphQL §7.1.1)."""
    return json_answer({"errors": [{"message": error.message, "extensions": {"code": error.code}}]}, status_of(error))


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    endpoint.prepare(app)
    try:
        yield
    finally:
        await endpoint.close(app)


EDGE = Edge(
    "graphql",
    endpoint.routes,
    _error_answer,
    BEARER,
    paths=("/graphql",),
    accepts_sessions=True,
    cross_origin=re.compile(r"/graphql\Z"),
    lifespan=_lifespan,
    stop=endpoint.stop,
)
