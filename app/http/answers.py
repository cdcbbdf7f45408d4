"""Errors as HTTP answers: in the words of the edge that the path belongs to, with the headers of their status."""

from __future__ import annotations

import math

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from app.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    Misdirected,
    ModelyardError,
    NotFound,
    QuotaExceeded,
    StorageFull,
    Taken,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from app.http.edge import BEARER, Edge
from app.http.errors import HttpError, of_starlette

_STATUSES: dict[type[ModelyardError], int] = {
    TooLarge: 413,
    Taken: 409,
    Conflict: 409,
    Invalid: 400,
    Gone: 410,
    NotFound: 404,
    Unauthenticated: 401,
    Forbidden: 403,
    TooManyRequests: 429,
    Misdirected: 421,
    QuotaExceeded: 507,
    StorageFull: 507,
    Unavailable: 503,
}
RETRY_SECONDS: dict[int, str] = {429: "2", 503: "2", 507: "30"}
"""When to try again, by status; on a full disk an operator has to make room first."""


def status_of(error: ModelyardError) -> int:
    """The HTTP status of a failure, for edges without a rule of their own; 500 for kinds without one."""
    if isinstance(error, HttpError):
        return error.status
    return next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 500)


def json_answer(body: object, status: int) -> Response:
    """A body of JSON."""
    return Response(orjson.dumps(body), status, media_type="application/json")


def plain_error(error: ModelyardError) -> Response:
    """The answer of edges whose protocol says nothing of errors: ``error_code`` and ``message``."""
    return json_answer({"error_code": error.code, "message": error.message}, status_of(error))


OTHER = Edge("other", [], plain_error, BEARER, paths=())
"""Stands for paths that belong to no edge."""


def edge_of(scope: Scope) -> Edge:
    """The edge that a request belongs to."""
    edge: Edge = scope.get("state", {}).get("edge", OTHER)
    return edge


def error_answer(scope: Scope, error: ModelyardError) -> Response:
    """How the edge of a request answers a failure."""
    return answer_of(edge_of(scope), error)


def answer_of(edge: Edge, error: ModelyardError) -> Response:
    """How an edge answers a failure: its body and status, its challenge with 401, and when to try again."""
    return with_headers(edge, error, edge.error_answer(error))


def with_headers(edge: Edge, error: ModelyardError, answer: Response) -> Response:
    """An answer to a failure, with the headers that belong to its status."""
    if isinstance(error, HttpError):
        answer.headers.update(error.headers)
    if answer.status_code == 401:
        answer.headers.setdefault("WWW-Authenticate", edge.challenge)
    if seconds := retry_seconds(error, answer.status_code):
        answer.headers.setdefault("Retry-After", seconds)
    return answer


def retry_seconds(error: ModelyardError, status: int) -> str | None:
    """`Retry-After` of a failure with that status, in whole seconds; None: it has none."""
    if isinstance(error, TooManyRequests) and error.retry_after is not None:
        return str(max(1, math.ceil(error.retry_after)))
    # Who is at a limit has to delete something first (RFC 4918 §11.5: the request must not be repeated by itself).
    return None if isinstance(error, QuotaExceeded) else RETRY_SECONDS.get(status)


async def routing_error(request: Request, error: Exception) -> Response:
    """Starlette's handler for what its routing raises: no such path, no such method."""
    assert isinstance(error, HTTPException), "registered for this kind alone"
    return error_answer(request.scope, of_starlette(request.scope, error))
