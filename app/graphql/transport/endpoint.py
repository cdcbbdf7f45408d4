"""GraphQL over HTTP: one endpoint, POST and GET, never a 500 for what a client sent."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from app.graphql.errors import outage
from app.graphql.execution import operations, trusted_documents
from app.graphql.transport import etags, event_streams, requests, sockets
from app.graphql.transport.explorer import page
from app.http.answers import RETRY_SECONDS
from app.runtime import Runtime

MAX_ANSWER = 5 * 1024 * 1024


async def graphql(request: Request) -> Response:
    """Run one operation; a browser without one gets the explorer."""
    if requests.wants_page(request):
        return page.answer()
    try:
        media_type = requests.answer_type(request)
    except HTTPException as refusal:
        return _refusal(refusal, requests.JSON)
    try:
        runtime: Runtime = request.app.state.runtime
        given = await requests.read(request, runtime.settings.graphql_max_body_bytes)
        operation = trusted_documents.of(request.app).resolve(given)
        if media_type == requests.EVENT_STREAM:
            return event_streams.answer(request, operation)
        result = await _execute(request, operation)
    except HTTPException as refusal:
        return _refusal(refusal, requests.JSON if media_type == requests.EVENT_STREAM else media_type)
    if request.method == "GET":
        return etags.revalidated(request, _answer(etags.stable(result), media_type), whole=not result.errors)
    return _answer(result, media_type)


def prepare(app: Starlette) -> None:
    """Read what is read once.

    Raises:
        Invalid: the manifest of trusted documents cannot be used.
    """
    trusted_documents.of(app)


def stop(app: Starlette) -> None:
    """End what would otherwise go on for ever; sockets are told by the server itself."""
    event_streams.cut(app)


async def close(app: Starlette) -> None:
    """Send away all who watch."""
    await operations.live_of(app).close()


routes = [
    Route("/graphql", graphql, methods=["GET", "POST"]),
    WebSocketRoute("/graphql", sockets.graphql),
    Route("/graphql/explorer/{digest}/{name}", page.asset),
]


async def _execute(request: Request, operation: requests.Operation) -> ExecutionResult:
    context = operations.context_of(request, request.state.actor)
    try:
        return await operations.run(context, operation, operations.BY_METHOD[request.method])
    except TimeoutError:
        raise HTTPException(503, operations.TOO_LONG, {"Retry-After": "2"}) from None
    except InvalidOperationTypeError as error:
        raise _of_another_kind(request, error) from None
    except CannotGetOperationTypeError:
        raise HTTPException(400, "The document has no operation of that name; check `operationName`.") from None
    except MissingQueryError:
        raise HTTPException(400, "`query` is missing; it holds the GraphQL document.") from None
    finally:
        request.state.operation = context.operation


def _of_another_kind(request: Request, error: InvalidOperationTypeError) -> HTTPException:
    if error.operation_type is OperationType.SUBSCRIPTION:
        message = f"Subscriptions need a WebSocket ({sockets.PROTOCOL}), or `Accept: {requests.EVENT_STREAM}`."
        return HTTPException(400, message)
    if request.method == "GET":
        return HTTPException(405, "Only queries run by GET; send a POST.", {"Allow": "POST"})
    return HTTPException(400, error.as_http_error_reason(request.method))


def _answer(result: ExecutionResult, media_type: str) -> Response:
    refused = isinstance(result, PreExecutionError)
    content = operations.encoded(operations.body_of(result))
    if len(content) > MAX_ANSWER:
        return _refusal(
            HTTPException(413, f"The answer is larger than {MAX_ANSWER:,} bytes; ask for less."), media_type
        )
    status, headers = 200, {}
    if (refused or result.data is None) and (wait := _wait(result)):
        status, headers = 429, {"Retry-After": str(wait)}
    elif refused and media_type == requests.GRAPHQL_JSON:
        status = 400
    elif result.data is None and result.errors and (outage_status := outage(result.errors)):
        status, headers = outage_status, {"Retry-After": RETRY_SECONDS[outage_status]}
    return Response(content, status, headers, media_type=media_type)


def _wait(result: ExecutionResult) -> int | None:
    """Seconds until the caller may ask again, if it has asked too much."""
    waits = [(error.extensions or {}).get("retryAfter") for error in result.errors or ()]
    return waits[0] if waits else None


def _refusal(refusal: HTTPException, media_type: str) -> Response:
    codes = {405: "METHOD_NOT_ALLOWED", 408: "TIMEOUT", 413: "TOO_LARGE", 503: "UNAVAILABLE"}
    code = getattr(refusal, "code", None) or codes.get(refusal.status_code, "INVALID")
    error = {"message": refusal.detail, "extensions": {"code": code}}
    headers = dict(refusal.headers or {})
    return Response(operations.encoded({"errors": [error]}), refusal.status_code, headers, media_type=media_type)
