"""Errors as plain HTTP answers, in the words of whichever protocol the path belongs to."""

from __future__ import annotations

import orjson
from starlette.responses import Response
from starlette.types import Scope

from app.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Misdirected,
    ModelyardError,
    NotFound,
    StorageFull,
    Taken,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)

STATUS: dict[type[ModelyardError], int] = {
    TooLarge: 413,
    Taken: 409,
    Conflict: 409,
    Invalid: 400,
    NotFound: 404,
    Unauthenticated: 401,
    Forbidden: 403,
    TooManyRequests: 429,
    Misdirected: 421,
    StorageFull: 507,
    Unavailable: 503,
}
MLFLOW_CODES: dict[int, str] = {
    400: "INVALID_PARAMETER_VALUE",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    413: "INVALID_PARAMETER_VALUE",
    429: "REQUEST_LIMIT_EXCEEDED",
    503: "TEMPORARILY_UNAVAILABLE",
    507: "RESOURCE_EXHAUSTED",
}


RETRY_SECONDS: dict[int, str] = {429: "2", 503: "2", 507: "30"}
"""When to come back; on a full disk an operator has to make room first."""


def status_of(error: ModelyardError) -> int:
    """The HTTP status of an expected failure."""
    return next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)


def error_answer(scope: Scope, error: ModelyardError) -> Response:
    """A JSON answer that every client of this service understands.

    MLflow reads ``error_code`` and ``message``; GraphQL reads ``errors``; the rest ``message``.
    """
    status = status_of(error)
    if scope["path"].startswith("/graphql"):
        body: dict[str, object] = {"errors": [{"message": error.message, "extensions": {"code": error.code}}]}
    else:
        body = {"error_code": MLFLOW_CODES.get(status, error.code), "message": error.message}
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="modelyard", Basic realm="modelyard"'
    if status in RETRY_SECONDS:
        headers["Retry-After"] = RETRY_SECONDS[status]
    return Response(orjson.dumps(body), status, headers, media_type="application/json")
