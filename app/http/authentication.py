"""The caller of a request: its token, else its session, read once for all protocols; and where it comes from."""

from __future__ import annotations

import binascii
from base64 import b64decode
from functools import lru_cache
from uuid import uuid4

from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.authentication.change_authors import context_of
from app.access.authentication.client_info import MAX_AGENT, UNKNOWN, ClientInfo, readable_agent
from app.access.policy import Actor
from app.access.sessions import SessionEnded
from app.db import change_context
from app.errors import ModelyardError, Unauthenticated
from app.http.answers import edge_of, error_answer
from app.http.browsers import sessions
from app.runtime import Runtime


class Authentication:
    """ASGI middleware: puts the actor into ``request.state.actor``, or answers 401 when the token is not valid.

    No token at all means the session of the browser, where the edge takes sessions, else an anonymous actor: public
    projects may be read. A wrong token never does; a wrong cookie is forgotten, and does only for people's eyes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or scope["path"].startswith(edge_of(scope).tokenless):
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        client = client_of(scope)
        try:
            state["actor"] = await _actor(scope["app"].state.runtime, scope, client)
        except SessionEnded as error:
            sessions.forget(scope, error)
            if not sessions.may_go_on(scope):
                await error_answer(scope, error)(scope, receive, send)
                return
            state["actor"] = scope["app"].state.runtime.authenticator.visitor(client)
        except ModelyardError as error:
            await error_answer(scope, error)(scope, receive, send)
            return
        with change_context.within(context_of(state["actor"])):
            await self.app(scope, receive, send)


def client_of(scope: Scope) -> ClientInfo:
    """Where a request comes from: the address behind trusted proxies, and what its User-Agent says."""
    agent = b""
    for name, value in scope["headers"]:
        if name == b"user-agent":
            agent = value[: 8 * MAX_AGENT]
            break
    state = scope["state"]
    if "request_id" not in state:
        state["request_id"] = uuid4().hex
    address = scope["client"][0] if scope.get("client") else ""
    return ClientInfo(address, _readable(agent), state["request_id"])


@lru_cache(256)
def _readable(agent: bytes) -> str:
    """Clients send the same again and again."""
    return readable_agent(agent.decode("utf-8", "replace"))


async def _actor(runtime: Runtime, scope: Scope, client: ClientInfo) -> Actor:
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    private = [value for name, value in scope["headers"] if name == b"private-token"]
    if not values and not private:
        return await sessions.actor_of(runtime, scope, client) or runtime.authenticator.visitor(client)
    if len(values) + len(private) > 1:
        raise Unauthenticated("There is more than one token in the request; send exactly one.")
    if values:
        return await actor_of(runtime, values[0].decode("latin-1"), client)
    return await runtime.authenticator.actor(private[0].decode("latin-1"), client)


async def actor_of(runtime: Runtime, authorization: str, client: ClientInfo = UNKNOWN) -> Actor:
    """The actor that an Authorization header stands for.

    Raises:
        Unauthenticated: it is not one, or its token is not valid.
    """
    return await runtime.authenticator.actor(secret_of(authorization), client)


def secret_of(header: str) -> str:
    """The token in an Authorization header.

    Raises:
        Unauthenticated: there is none.
    """
    scheme, _, value = header.strip().partition(" ")
    match scheme.lower():
        case "bearer":
            return value.strip()
        case "basic":
            return _password(value)
        case _:
            raise Unauthenticated(
                "The Authorization header must be `Bearer myt_…`, or Basic with the token as password."
            )


def _password(value: str) -> str:
    try:
        decoded = b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise Unauthenticated(
            "The Basic credentials are not valid Base64; the token stands as the password."
        ) from error
    return decoded.partition(":")[2]
