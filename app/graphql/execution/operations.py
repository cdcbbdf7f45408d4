"""Running operations, whatever brought them here: with limits of time, and with failures in the client's words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from uuid import uuid4

import orjson
from graphql import GraphQLError
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from app.access.policy import Actor
from app.errors import TooManyRequests
from app.graphql.context import Context
from app.graphql.execution.budget import Budget
from app.graphql.loaders import Loaders
from app.graphql.schema import schema
from app.graphql.transport.requests import Operation
from app.http import addresses, proxies
from app.http.admission.fair_queue import Overloaded
from app.http.admission.gate import gate_of
from app.http.admission.senders import user_account
from app.live.subscribers import Live
from app.runtime import Runtime

TOO_LONG = "The operation took too long and was ended; ask for less at a time, or try again shortly."
ANY = {OperationType.QUERY, OperationType.MUTATION, OperationType.SUBSCRIPTION}
BY_METHOD = {"GET": {OperationType.QUERY}, "POST": {OperationType.QUERY, OperationType.MUTATION}}


async def run(
    context: Context, operation: Operation, allowed: set[OperationType]
) -> ExecutionResult | PreExecutionError:
    """The result of a query or mutation.

    Raises:
        TimeoutError: it took too long; its statements were cancelled.
    """
    async with asyncio.timeout(context.runtime.settings.graphql_query_seconds) as deadline:
        context.deadline = deadline
        return await schema.execute(
            operation.query,
            variable_values=operation.variables,
            context_value=context,
            operation_name=operation.name,
            allowed_operation_types=allowed,
        )


async def results(
    context: Context, operation: Operation, allowed: set[OperationType]
) -> AsyncGenerator[ExecutionResult, None]:
    """The results of any operation that came over a connection, one by one; only subscriptions may take their time."""
    try:
        await context.take_turn()
        async with asyncio.timeout(context.runtime.settings.graphql_query_seconds) as deadline:
            context.deadline = deadline
            results = schema.results(
                operation.query,
                context,
                variable_values=operation.variables,
                operation_name=operation.name,
                allowed_operation_types=allowed,
            )
            async with aclosing(results):
                async for result in results:
                    context.end_turn()
                    yield result
    except (TooManyRequests, Overloaded) as error:
        yield _refused(error.message, error.code)
    except TimeoutError:
        yield _refused(TOO_LONG, "UNAVAILABLE")
    finally:
        context.end_turn()


def _refused(message: str, code: str) -> PreExecutionError:
    return PreExecutionError(data=None, errors=[GraphQLError(message, extensions={"code": code})])


def context_of(connection: HTTPConnection, actor: Actor) -> Context:
    """The context of one operation that came over this connection."""
    runtime: Runtime = connection.app.state.runtime
    request_id = getattr(connection.state, "request_id", None) or uuid4().hex
    base = addresses.base(connection, runtime.settings)
    caller = _caller(connection, actor)
    return Context(
        runtime,
        live_of(connection.app),
        actor,
        Loaders(runtime.db, actor, runtime.settings),
        request_id,
        None,
        base,
        budget_of(connection.app),
        caller,
        gate_of(connection.app),
    )


def _caller(connection: HTTPConnection, actor: Actor) -> int | str:
    """Who pays: a token for itself, all sessions of a person together, strangers by their address."""
    if actor.session_id is not None and actor.user_id is not None:
        return user_account(actor.user_id)
    return actor.token_id or proxies.counted(connection)


def budget_of(app: Starlette) -> Budget:
    """What callers have spent with this process, made at the first request."""
    budget: Budget | None = getattr(app.state, "graphql_budget", None)
    if budget is None:
        budget = app.state.graphql_budget = Budget(app.state.runtime.settings.graphql_budget)
    return budget


def live_of(app: Starlette) -> Live:
    """What this process tells those who watch, made at the first request."""
    live: Live | None = getattr(app.state, "live", None)
    if live is None:
        live = app.state.live = Live(app.state.runtime.db, session_idle=app.state.runtime.authenticator.session_idle)
    return live


def body_of(result: ExecutionResult) -> dict[str, Any]:
    """A result as it is sent; one that was refused before execution has no ``data``."""
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    if not isinstance(result, PreExecutionError):
        body["data"] = result.data
    if result.extensions:
        body["extensions"] = result.extensions
    return body


def encoded(body: dict[str, Any]) -> bytes:
    """JSON."""
    return orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS)
