"""Server-sent events: one operation, answered as an event stream (graphql-sse, "distinct connections" mode)."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from app.graphql.execution import operations
from app.graphql.transport import open_streams
from app.graphql.transport.requests import EVENT_STREAM, Operation

HEARTBEAT_SECONDS = 15.0
SEND_SECONDS = 10.0
"""For how long a client may not read before its stream is cut."""
_COMPLETE = b"event: complete\ndata:\n\n"
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # proxies pass each event on as it comes
}


def answer(request: Request, operation: Operation) -> Response:
    """The operation's results as events: ``next`` for each, then ``complete``.; no change runs by GET."""
    return _Events(request, operation)


def cut(app: Starlette) -> None:
    """End all open streams, without saying that they are complete: clients connect again, to another process."""
    for telling in list(_open(app)):
        telling.cancel()


def _open(app: Starlette) -> set[asyncio.Task[None]]:
    tasks: set[asyncio.Task[None]] | None = getattr(app.state, "open_streams", None)
    if tasks is None:
        tasks = app.state.open_streams = set()
    return tasks


class _Events(Response):
    def __init__(self, request: Request, operation: Operation) -> None:
        super().__init__(None, 200, _HEADERS, media_type=EVENT_STREAM)
        del self.headers["content-length"]
        self._request = request
        self._operation = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with open_streams.subscriptions_of(self._request.app).taken(self._request, self._request.state.actor):
                await self._stream(receive, send)
        except open_streams.TooMany as error:
            body = {"errors": [{"message": error.message, "extensions": {"code": error.code}}]}
            refusal = Response(operations.encoded(body), 429, {"Retry-After": "5"}, media_type="application/json")
            await refusal(scope, receive, send)

    async def _stream(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await _push(send, b":\n\n")
        telling, beating, leaving = (
            asyncio.create_task(one) for one in (self._tell(send), _beat(send), _gone(receive))
        )
        _open(self._request.app).add(telling)
        try:
            await asyncio.wait({telling, beating, leaving}, return_when=asyncio.FIRST_COMPLETED)
            cut_off = leaving.done() or beating.done()
        finally:
            _open(self._request.app).discard(telling)
            for task in (telling, beating, leaving):
                task.cancel()
            await asyncio.gather(telling, beating, leaving, return_exceptions=True)
        with contextlib.suppress(TimeoutError, OSError):  # the client does not read, or has gone
            if not telling.cancelled():
                telling.result()
            if not cut_off:
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, send: Send) -> None:
        request = self._request
        allowed = operations.BY_METHOD[request.method] | {OperationType.SUBSCRIPTION}
        context = operations.context_of(request, request.state.actor)
        async with contextlib.aclosing(operations.results(context, self._operation, allowed)) as results:
            async for result in results:
                request.state.operation = context.operation
                await _push(send, _event(result))
        await _push(send, _COMPLETE)


def _event(result: ExecutionResult) -> bytes:
    return b"event: next\ndata: " + operations.encoded(operations.body_of(result)) + b"\n\n"


async def _push(send: Send, chunk: bytes) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _beat(send: Send) -> None:
    """Comments now and then, so that whatever stands between keeps the stream open."""
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        await _push(send, b":\n\n")


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
