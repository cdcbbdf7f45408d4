"""GraphQL over WebSocket: the protocol graphql-transport-ws, and no older one.

Any operation may come by it. A socket ends with a code of the protocol (4400 … 4429), with 4413 when its client does
not read, and with 4401 when its token has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.access.authentication.change_authors import context_of
from app.access.policy import Actor
from app.db import change_context
from app.errors import ModelyardError, Unauthenticated
from app.graphql.context import Context
from app.graphql.execution import operations, trusted_documents
from app.graphql.transport import open_streams, requests
from app.http import request_log
from app.http.authentication import actor_of
from app.live.feeds import TooSlow
from app.live.subscribers import Subscriber
from app.settings import listed

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 3.0
SEND_SECONDS = 10.0
"""For how long a client may not read before its socket is cut."""
INVALID, UNAUTHORIZED, TIMED_OUT, EXISTS, TOO_SLOW, TOO_MANY = 4400, 4401, 4408, 4409, 4413, 4429
log = structlog.get_logger()


async def graphql(socket: WebSocket) -> None:
    """One socket, from handshake to close."""
    if not _may_come_from(socket):
        await socket.send_denial_response(Response("This page may not connect here.", 403))
        return
    offered = socket.scope.get("subprotocols", [])
    if PROTOCOL not in offered:
        await socket.accept()
        await socket.close(4406, f"Subprotocol not acceptable; speak {PROTOCOL}")
        return
    await socket.accept(PROTOCOL)
    await _Connection(socket).serve()


def _may_come_from(socket: WebSocket) -> bool:
    """Pages of other sites are kept out; what is not a browser sends no origin."""
    origin = socket.headers.get("origin")
    if origin is None:
        return True
    settings = socket.app.state.runtime.settings
    own = {socket.headers.get("host"), urlsplit(settings.url).netloc}
    return urlsplit(origin).netloc in own or origin.lower() in {one.lower() for one in listed(settings.graphql_origins)}


class _End(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason[:120]


class _Connection:
    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._actor: Actor | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._over: asyncio.Future[_End] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        """Answer messages until one of both ends it."""
        reading = asyncio.create_task(self._read())
        try:
            waited: set[asyncio.Future[Any]] = {reading, self._over}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not self._over.done():
                reading.result()
        except WebSocketDisconnect:
            return
        except _End as end:
            self._end(end.code, end.reason)
        finally:
            await self._stop(reading)
            if self._over.done():
                await self._close(self._over.result())

    async def _stop(self, reading: asyncio.Task[None]) -> None:
        tasks = [reading, *self._operations.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self, end: _End) -> None:
        with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect, OSError):
            async with asyncio.timeout(1):
                await self._socket.close(end.code, end.reason)

    def _end(self, code: int, reason: str) -> None:
        if not self._over.done():
            self._over.set_result(_End(code, reason))

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(INIT_SECONDS):
                message = await self._receive()
                while message["type"] in {"ping", "pong"}:
                    await self._answer(message)
                    message = await self._receive()
        except TimeoutError:
            raise _End(TIMED_OUT, "Connection initialisation timeout") from None
        if message["type"] != "connection_init":
            raise _End(UNAUTHORIZED, "Unauthorized: send connection_init first")
        self._actor = await self._authenticated(message.get("payload"))
        change_context.begin(context_of(self._actor))
        try:
            with open_streams.sockets_of(self._socket.app).taken(self._socket, self._actor):
                await self._converse(self._actor)
        except open_streams.TooMany as error:
            raise _End(TOO_MANY, error.message) from None
        except TooSlow as error:
            raise _End(TOO_SLOW, error.message) from None

    async def _converse(self, actor: Actor) -> None:
        subscriber = Subscriber(actor, lambda error: self._end(UNAUTHORIZED, error.message))
        async with operations.live_of(self._socket.app).subscribed(subscriber):
            await self._send({"type": "connection_ack"})
            while True:
                await self._answer(await self._receive())

    async def _authenticated(self, payload: Any) -> Actor:
        """The token of ``connection_init``, or else the token or session of the handshake."""
        given: Actor = self._socket.state.actor
        if payload is not None and not isinstance(payload, dict):
            raise _End(INVALID, "The payload of connection_init must be an object")
        values = [value for key, value in (payload or {}).items() if key.lower() == "authorization"]
        if not values or values == [None]:
            if (ended := getattr(self._socket.state, "session_error", None)) is not None:
                raise _End(UNAUTHORIZED, f"Unauthorized: {ended.message}")
            return given
        try:
            if len(values) > 1 or not isinstance(values[0], str):
                raise Unauthenticated("`authorization` must be one text, `Bearer myt_…`.")
            return await actor_of(self._socket.app.state.runtime, values[0], given.client)
        except ModelyardError as error:
            raise _End(UNAUTHORIZED, f"Unauthorized: {error.message}") from None

    async def _receive(self) -> dict[str, Any]:
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        text = received.get("text")
        if text is None:
            raise _End(INVALID, "Messages are text, not bytes")
        most = self._socket.app.state.runtime.settings.graphql_max_body_bytes
        if len(text) > most:
            raise _End(INVALID, f"The message is larger than {most:,} characters")
        try:
            message = requests.decoded(text.encode("utf-8", "surrogatepass"), "The message")
        except HTTPException as error:
            raise _End(INVALID, error.detail) from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise _End(INVALID, "The message is not an object with a `type`")
        return message

    async def _answer(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "ping":
                payload = {"payload": message["payload"]} if isinstance(message.get("payload"), dict) else {}
                await self._send({"type": "pong", **payload})
            case "pong":
                pass
            case "subscribe":
                self._subscribe(_id_of(message), message.get("payload"))
            case "complete":
                operation = self._operations.pop(_id_of(message), None)
                if operation is not None:
                    operation.cancel()
            case "connection_init":
                raise _End(TOO_MANY, "Too many initialisation requests")
            case other:
                raise _End(INVALID, f"Unknown message type {other[:40]}")

    def _subscribe(self, id: str, payload: Any) -> None:
        if id in self._operations:
            raise _End(EXISTS, f"Subscriber for {id[:60]} already exists")
        try:
            operation = trusted_documents.of(self._socket.app).resolve(requests.operation_of(payload))
        except trusted_documents.Refused as error:
            self._start(id, self._refuse(id, error.code, error.detail))
            return
        except HTTPException as error:
            raise _End(INVALID, error.detail) from None
        self._start(id, self._run(id, operation))

    def _start(self, id: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._operations[id] = task
        task.add_done_callback(lambda done: self._forget(id, done))

    def _forget(self, id: str, task: asyncio.Task[None]) -> None:
        if self._operations.get(id) is task:
            del self._operations[id]
        if not task.cancelled() and task.exception() is not None:
            log.error("graphql.socket.failed", exc_info=task.exception())
            self._end(1011, "Internal error")

    async def _run(self, id: str, operation: requests.Operation) -> None:
        assert self._actor is not None, "subscriptions come after the token"
        try:
            with open_streams.subscriptions_of(self._socket.app).taken(self._socket, self._actor):
                await self._tell(id, operation, self._actor)
        except open_streams.TooMany as error:
            await self._refuse(id, error.code, error.message)
        except TooSlow:
            self._end(TOO_SLOW, TooSlow().message)
        except (WebSocketDisconnect, RuntimeError, OSError):
            self._end(1001, "Gone")

    async def _refuse(self, id: str, code: str, message: str) -> None:
        body = {"message": message, "extensions": {"code": code}}
        self._operations.pop(id, None)
        await self._send({"id": id, "type": "error", "payload": [body]})

    async def _tell(self, id: str, operation: requests.Operation, actor: Actor) -> None:
        actor = replace(actor, cache=actor.cache and actor.cache.branch())
        context, began = operations.context_of(self._socket, actor), time.monotonic()
        try:
            await self._tell_all(id, operation, context)
        finally:
            request_log.write_operation(self._socket.state, actor, context.operation, time.monotonic() - began)

    async def _tell_all(self, id: str, operation: requests.Operation, context: Context) -> None:
        async with contextlib.aclosing(operations.results(context, operation, operations.ANY)) as results:
            async for result in results:
                body = operations.body_of(result)
                if "data" not in body:
                    self._operations.pop(id, None)
                    await self._send({"id": id, "type": "error", "payload": body["errors"]})
                    return
                if any(error.get("extensions", {}).get("code") == TooSlow.code for error in body.get("errors", ())):
                    raise TooSlow
                await self._send({"id": id, "type": "next", "payload": body})
        self._operations.pop(id, None)
        await self._send({"id": id, "type": "complete"})

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._socket.send_text(operations.encoded(message).decode())
        except TimeoutError:
            raise TooSlow from None


def _id_of(message: dict[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= 200:
        raise _End(INVALID, "The message needs an `id`, a text of 1 to 200 characters")
    return id
