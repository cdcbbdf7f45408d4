"""Failures of HTTP itself: each has a status, whichever edge answers."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import Scope

from app.errors import ModelyardError

_MAX_PATH = 300
"""Characters of a path that an answer repeats."""


class HttpError(ModelyardError):
    """A request that no route has answered."""

    code = "BAD_REQUEST"

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        """``headers`` are those that belong to the status, like `Allow`."""
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


class PathNotFound(HttpError):
    """There is nothing at the path."""

    code = "NOT_FOUND"


class MethodNotAllowed(HttpError):
    """The path has other methods, which `Allow` names."""

    code = "METHOD_NOT_ALLOWED"


class RequestTimeout(HttpError):
    """The request did not arrive in time."""

    code = "REQUEST_TIMEOUT"


class InternalError(HttpError):
    """An accident; what it was stands in the log under the request id."""

    code = "INTERNAL"


def path_not_found(scope: Scope) -> PathNotFound:
    """The error for a path without a route."""
    return PathNotFound(404, f"There is nothing at {scope['method']} {scope['path'][:_MAX_PATH]}.")


def of_starlette(scope: Scope, error: HTTPException) -> HttpError:
    """What Starlette's routing raises: 404 and 405."""
    if error.status_code == 404:
        return path_not_found(scope)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        message = f"{scope['path'][:_MAX_PATH]} does not answer {scope['method'][:20]}, only {allowed}."
        return MethodNotAllowed(405, message, error.headers)
    return HttpError(error.status_code, error.detail, error.headers)
