"""Fields of all kinds, each with its description; typed, so that resolvers stay checked functions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from enum import Enum
from typing import Any, TypeVar, cast

import strawberry

from app.graphql.errors import UserErrors

F = TypeVar("F", bound=Callable[..., Any])

INPUT = strawberry.argument(description="Input of the mutation.")


def resolved(description: str, *, deprecated: str | None = None) -> Callable[[F], F]:
    """A field that is computed when it is asked for; ``deprecated`` is what :func:`deprecation` gives."""
    return cast("Callable[[F], F]", strawberry.field(description=description, deprecation_reason=deprecated))


def deprecation(why: str, *, since: date, use: str) -> str:
    """The reason of a ``@deprecated``, as tests/graphql/test_deprecations.py wants it.

    ``why`` is a sentence without its end, ``use`` what replaces it. What is deprecated stays for half a year.
    """
    return f"{why} since {since.isoformat()}, use {use}"


def mutation(description: str) -> Callable[[F], F]:
    """A field that changes something; expected failures stand in its payload's ``userErrors``."""
    return cast("Callable[[F], F]", strawberry.mutation(description=description, extensions=[UserErrors()]))


def user_errors() -> Any:
    """The field ``userErrors`` of a payload."""
    return strawberry.field(default_factory=list, description="Why nothing was done; empty after success.")


def optional(description: str, default: Any = None) -> Any:
    """A field of an input that may be left out, or of a payload that is null after a failure."""
    return strawberry.field(default=default, description=description)


def choice(description: str) -> Any:
    """A field of a ``@oneOf`` input."""
    return strawberry.field(default=strawberry.UNSET, description=description)


def enumerated(kind: type[Enum], description: str, *, name: str | None = None, **values: str) -> None:
    """An enum of the core as one of the schema; ``values`` describes each of its values."""
    strawberry.enum(kind, name=name or kind.__name__, description=description)
    for one in kind.__strawberry_definition__.values:  # type: ignore[attr-defined] # strawberry.enum has put it there
        one.description = values.pop(one.name)
    assert not values, f"{kind.__name__} has no {sorted(values)}"


def value(raw: str, description: str) -> Any:
    """A value of an enum."""
    return strawberry.enum_value(raw, description=description)
