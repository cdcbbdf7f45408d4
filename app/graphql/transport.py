"""GraphQL over HTTP: one endpoint, POST and GET, never a 500 for what a client sent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from app.graphql import requests
from app.graphql.context import Context
from app.graphql.errors import is_unavailable
from app.graphql.loaders import Loaders
from app.graphql.schema import schema
from app.http import addresses
from app.runtime import Runtime

QUERY_SECONDS = 5.0
"""For a query; :mod:`app.graphql.gate` grants more to changes."""
MAX_ANSWER = 5 * 1024 * 1024
_BY_METHOD = {"GET": {OperationType.QUERY}, "POST": {OperationType.QUERY, OperationType.MUTATION}}
_EXPLORER = (Path(__file__).parent / "explorer.html").read_text(encoding="utf-8")
_EXPLORER_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
}


async def graphql(request: Request) -> Response:
    """Run one operation; a browser without one gets the explorer."""
    if requests.wants_page(request):
        return HTMLResponse(_EXPLORER, headers=_EXPLORER_HEADERS)
    try:
        media_type = requests.answer_type(request)
    except HTTPException as refusal:
        return _refusal(refusal, requests.JSON)
    try:
        runtime: Runtime = request.app.state.runtime
        operation = await requests.read(request, runtime.settings.max_body_bytes)
        result = await _execute(request, runtime, operation)
    except HTTPException as refusal:
        return _refusal(refusal, media_type)
    return _answer(result, media_type)


routes = [Route("/graphql", graphql, methods=["GET", "POST"])]


async def _execute(request: Request, runtime: Runtime, operation: requests.Operation) -> ExecutionResult:
    deadline = asyncio.timeout(QUERY_SECONDS)
    context = _context(request, runtime, deadline)
    try:
        async with deadline:
            return await schema.execute(
                operation.query,
                variable_values=operation.variables,
                context_value=context,
                operation_name=operation.name,
                allowed_operation_types=_BY_METHOD[request.method],
            )
    except TimeoutError:
        message = "The operation took too long and was ended; ask for less at a time, or try again shortly."
        raise HTTPException(503, message, {"Retry-After": "2"}) from None
    except InvalidOperationTypeError as error:
        if request.method == "GET":
            raise HTTPException(405, "Only queries run by GET; send a POST.", {"Allow": "POST"}) from None
        raise HTTPException(400, error.as_http_error_reason(request.method)) from None
    except CannotGetOperationTypeError:
        raise HTTPException(400, "The document has no operation of that name; check `operationName`.") from None
    except MissingQueryError:
        raise HTTPException(400, "`query` is missing; it holds the GraphQL document.") from None


def _context(request: Request, runtime: Runtime, deadline: asyncio.Timeout) -> Context:
    actor, request_id = request.state.actor, getattr(request.state, "request_id", "")
    base = addresses.base(request, runtime.settings)
    return Context(runtime, actor, Loaders(runtime.db, actor), request_id, deadline, base)


def _answer(result: ExecutionResult, media_type: str) -> Response:
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    refused = isinstance(result, PreExecutionError)
    if not refused:
        body["data"] = result.data
    if result.extensions:
        body["extensions"] = result.extensions
    content = _encoded(body)
    if len(content) > MAX_ANSWER:
        return _refusal(
            HTTPException(413, f"The answer is larger than {MAX_ANSWER:,} bytes; ask for less."), media_type
        )
    status, headers = 200, {}
    if refused and media_type == requests.GRAPHQL_JSON:
        status = 400
    elif result.data is None and result.errors and all(is_unavailable(error) for error in result.errors):
        status, headers = 503, {"Retry-After": "2"}
    return Response(content, status, headers, media_type=media_type)


def _encoded(body: dict[str, Any]) -> bytes:
    return orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS)


def _refusal(refusal: HTTPException, media_type: str) -> Response:
    codes = {405: "METHOD_NOT_ALLOWED", 408: "TIMEOUT", 413: "TOO_LARGE", 503: "UNAVAILABLE"}
    error = {"message": refusal.detail, "extensions": {"code": codes.get(refusal.status_code, "INVALID")}}
    headers = dict(refusal.headers or {})
    return Response(_encoded({"errors": [error]}), refusal.status_code, headers, media_type=media_type)
