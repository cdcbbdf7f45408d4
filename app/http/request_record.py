"""What holds for every request: an id, a log line, a count, and no stack trace for the client."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from uuid import uuid4

import structlog
from prometheus_client import Counter, Histogram
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import ModelyardError, OutcomeUnknown
from app.http import request_log
from app.http.answers import edge_of, error_answer
from app.http.bodies import BrokenBody
from app.http.browsers import sessions
from app.http.errors import InternalError

REQUESTS = Counter(
    "modelyard_http_requests_total", "Requests by method, edge and status.", ["method", "edge", "status"]
)
SECONDS = Histogram(
    "modelyard_http_request_seconds",
    "Time until the whole answer was sent.",
    ["edge"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)
UNEXPECTED = Counter("modelyard_unexpected_errors_total", "Unexpected errors; each is in the log.")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_STOPPING = "The server is stopping; it is unknown whether this was done; ask again."
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
log = structlog.get_logger()


class RequestRecord:
    """ASGI middleware around everything: request id, log, metrics, and the last net for errors."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self.app(scope, receive, _refusing(scope, send))
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 0
        began = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": _complete(scope, message["headers"], request_id)}
            await send(message)

        try:
            await self._answer(scope, receive, send_with_id, lambda: status)
        finally:
            _record(scope, status, time.perf_counter() - began)
            structlog.contextvars.unbind_contextvars("request_id")

    async def _answer(self, scope: Scope, receive: Receive, send: Send, status: Callable[[], int]) -> None:
        try:
            await self.app(scope, receive, send)
        except ModelyardError as error:
            if status():
                raise
            await error_answer(scope, error)(scope, receive, send)
        except ClientDisconnect:  # the client has left, before or within the answer
            log.info("request.broken_off", method=scope["method"], path=request_log.path_of(scope))
            if not status():
                await error_answer(scope, BrokenBody())(scope, receive, send)
        except asyncio.CancelledError:  # the server stops, and has waited for requests under way as long as it does
            log.warning("request.ended", method=scope["method"], path=request_log.path_of(scope))
            if not status():
                await error_answer(scope, OutcomeUnknown(_STOPPING))(scope, receive, send)
        except Exception:
            UNEXPECTED.inc()
            log.exception("request.failed", method=scope["method"], path=request_log.path_of(scope))
            if status():
                raise
            await error_answer(scope, _masked(scope))(scope, receive, send)


def _complete(scope: Scope, headers: list[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    """Add the id, a session to forget, and `no-store` unless the answer itself says how it may be cached."""
    added = [(b"x-request-id", request_id.encode()), *sessions.forgotten(scope, headers)]
    if not any(name == b"cache-control" for name, _ in headers):
        added.append((b"cache-control", b"no-store"))
    return [*headers, *added]


def _refusing(scope: Scope, send: Send) -> Send:
    """Complete the answer to a refused WebSocket like that to a request."""

    async def refuse(message: Message) -> None:
        if message["type"] == "websocket.http.response.start":
            headers = [*message["headers"], (b"x-content-type-options", b"nosniff")]
            message = {**message, "headers": _complete(scope, headers, uuid4().hex)}
        await send(message)

    return refuse


def _masked(scope: Scope) -> InternalError:
    request_id = scope["state"]["request_id"]
    return InternalError(500, f"Internal error; the log has it under the request id {request_id}.")


def _request_id(scope: Scope) -> str:
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex


def _record(scope: Scope, status: int, seconds: float) -> None:
    edge = edge_of(scope)
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    REQUESTS.labels(method, edge.name, str(status)).inc()
    SECONDS.labels(edge.name).observe(seconds)
    if edge.is_logged and scope["path"] not in edge.probes:
        request_log.write(scope, method, status, seconds)
