"""Failures in GraphQL's words.

Expected ones tell their message and ``extensions.code``; in a mutation they stand in the payload's ``userErrors``
instead. Everything else is masked and logged once, under the request id that the client sees.
"""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar, cast

import strawberry
import structlog
from graphql import GraphQLError
from prometheus_client import Counter
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.extensions import FieldExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.utils.str_converters import to_camel_case

from app.access.policy import BeyondScope, SwitchedOff
from app.errors import Invalid, ModelyardError, NotFound, OutcomeUnknown, StorageFull, TooManyRequests, Unavailable

T = TypeVar("T")

MAX_MESSAGE = 1_000
"""Characters of a message about the request itself."""
_OF_THE_REQUEST = (StrawberryInputCoercionError, InvalidOperationTypeError, CannotGetOperationTypeError)
_SUGGESTION = re.compile(r" Did you mean (?:[a-z ]+ )?'[^']*'(?:,? (?:or )?'[^']*')*\?")
_OUTAGES = {Unavailable.code: 503, OutcomeUnknown.code: 503, StorageFull.code: 507}
UNEXPECTED = Counter("modelyard_graphql_unexpected_errors_total", "Errors in resolvers that were not expected.")
log = structlog.get_logger()


@strawberry.type(
    description="A reason why a mutation did nothing. Nothing was changed, unless the code is "
    "OUTCOME_UNKNOWN: then the connection to the database broke during the commit, and only a query tells."
)
class UserError:
    code: str = strawberry.field(
        description="Stable and in capitals: NOT_FOUND, INVALID, TAKEN, CONFLICT, FORBIDDEN, UNAUTHENTICATED, "
        "TOO_LARGE, QUOTA, RATE_LIMITED, UNAVAILABLE, STORAGE_FULL, OUTCOME_UNKNOWN, or one that says more."
    )
    message: str = strawberry.field(description="What was wrong, with what value, and what would be right.")
    field: str | None = strawberry.field(description="The input field that was wrong, when it was a single one.")

    @classmethod
    def of(cls, error: ModelyardError) -> UserError:
        return cls(code=error.code, message=error.message, field=to_camel_case(error.field) if error.field else None)


class UserErrors(FieldExtension):
    """Turns expected failures of a mutation into its payload's ``userErrors``."""

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        try:
            return await next_(source, info, **kwargs)
        except ModelyardError as error:
            payload: Callable[..., Any] = cast("Callable[..., Any]", info.return_type)
            return payload(user_errors=[UserError.of(error)])


async def or_none(lookup: Awaitable[T]) -> T | None:
    """The thing looked up; None when it does not exist or may not be seen."""
    try:
        return await lookup
    except NotFound:
        return None


async def or_empty(lookup: Awaitable[T], empty: T) -> T:
    """A list of something else in the project; ``empty`` where that part of it is switched off for the actor, or where
    the scopes of the actor's token do not reach it.

    Else one field that may not be seen would hide the object that it stands in.
    """
    try:
        return await lookup
    except (SwitchedOff, BeyondScope):
        return empty


def presented(errors: Sequence[GraphQLError], request_id: str, *, hide_suggestions: bool = False) -> list[GraphQLError]:
    """The errors as the client may see them; unexpected ones are logged here.

    ``hide_suggestions``: the caller may not read the schema, so no error suggests a name of it.
    """
    return [_presented(error, request_id, hide_suggestions=hide_suggestions) for error in errors]


def outage(errors: Sequence[GraphQLError]) -> int | None:
    """The HTTP status of an answer that has only errors whose way out is trying again later; else None."""
    statuses = {_OUTAGES.get(str((error.extensions or {}).get("code"))) for error in errors}
    return None if None in statuses else min(statuses, default=None, key=lambda status: status or 0)


def _presented(error: GraphQLError, request_id: str, *, hide_suggestions: bool) -> GraphQLError:
    cause = _cause(error)
    if cause is None or isinstance(cause, _OF_THE_REQUEST):
        return _of_request(error, hide_suggestions=hide_suggestions)
    if isinstance(cause, TooManyRequests) and cause.retry_after is not None:
        return _restated(error, cause.message, cause.code, retryAfter=math.ceil(cause.retry_after))
    if isinstance(cause, ModelyardError):
        return _restated(error, cause.message, cause.code)
    UNEXPECTED.inc()
    log.error("graphql.failed", request_id=request_id, path=error.path, exc_info=cause)
    message = f"Internal error; the log has it under the request id {request_id}."
    return _restated(error, message, "INTERNAL", request_id=request_id)


def _of_request(error: GraphQLError, *, hide_suggestions: bool) -> GraphQLError:
    """An error of the request itself, with a code; messages quote what the client sent, which may be long."""
    extensions = {"code": Invalid.code, **(error.extensions or {})}
    if hide_suggestions:
        error.message = _SUGGESTION.sub("", error.message)
    if len(error.message) <= MAX_MESSAGE:
        error.extensions = extensions
        return error
    return GraphQLError(f"{error.message[:MAX_MESSAGE]}…", error.nodes, extensions=extensions, path=error.path)


def _cause(error: GraphQLError) -> BaseException | None:
    """What a resolver raised; None for errors of the request itself, which graphql-core words for the client."""
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _restated(error: GraphQLError, message: str, code: str, **extensions: str | int) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": code, **extensions},
    )
