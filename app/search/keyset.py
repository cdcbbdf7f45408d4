"""Pages of a search in any order: begins after the row that the token describes. Missing values come last."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_

from app.errors import Invalid
from app.pagination import decode_cursor, encode_cursor, unreadable


@dataclass(frozen=True, slots=True)
class SortKey:
    """One sort expression. ``kind`` is its Python type; the last term of an order must be unique."""

    expression: ColumnElement[Any]
    kind: type[Any]
    descending: bool = False
    nullable: bool = True

    def ordered(self) -> ColumnElement[Any]:
        direction = self.expression.desc() if self.descending else self.expression.asc()
        return direction.nulls_last() if self.nullable else direction

    def same(self, value: Any) -> ColumnElement[bool]:
        return self.expression.is_(None) if value is None else self.expression == value

    def after(self, value: Any) -> ColumnElement[bool] | None:
        """Strictly later in the order; None when nothing can be."""
        if value is None:
            return None
        beyond = self.expression < value if self.descending else self.expression > value
        return or_(beyond, self.expression.is_(None)) if self.nullable else beyond


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page of which search: its order, its mark, where it goes on, and how many rows."""

    terms: Sequence[SortKey]
    mark: str
    token: str | None
    limit: int


def fingerprint(*parts: object) -> str:
    """Identifies a search, so that a token is refused by another one."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def apply(
    statement: Select[*tuple[Any, ...]], terms: Sequence[SortKey], mark: str, token: str | None, limit: int
) -> Select[*tuple[Any, ...]]:
    """Sort, continue after the token, add the sort values as columns, and fetch one row more than the page.

    Raises:
        Invalid: the token is not one of this search.
    """
    if token:
        statement = statement.where(_later(terms, _values(terms, mark, token)))
    return ordered(statement, terms).limit(limit + 1)


def ordered(statement: Select[*tuple[Any, ...]], terms: Sequence[SortKey]) -> Select[*tuple[Any, ...]]:
    """The same without a place to go on and without an end."""
    columns = [term.expression.label(f"sort_{index}") for index, term in enumerate(terms)]
    return statement.add_columns(*columns).order_by(*(term.ordered() for term in terms))


def position_after(terms: Sequence[SortKey], mark: str, token: str | None) -> list[Any] | None:
    """The sort values after which the page begins; None: at the beginning.

    Raises:
        Invalid: the token is not one of this search.
    """
    return _values(terms, mark, token) if token else None


def next_token(rows: Sequence[Any], terms: Sequence[SortKey], mark: str, limit: int) -> str | None:
    """The token after this page, or None when it is the last. ``rows`` end in the sort values."""
    if len(rows) <= limit:
        return None
    values = list(rows[limit - 1])[-len(terms) :]
    return encode_cursor([mark, *(_plain(value) for value in values)])


def fingerprint_of(token: str) -> str:
    """The mark of the search that gave a token out; empty where it is no token."""
    try:
        return str(decode_cursor(token)[0])
    except Invalid:
        return ""


def _later(terms: Sequence[SortKey], values: Sequence[Any]) -> ColumnElement[bool]:
    branches = []
    for index, term in enumerate(terms):
        after = term.after(values[index])
        if after is not None:
            equal = [terms[before].same(values[before]) for before in range(index)]
            branches.append(and_(*equal, after))
    later = or_(*branches)
    first, begin = terms[0], values[0]
    if first.nullable or begin is None:
        return later
    # Implied by what follows, but only this lets an index be entered at the place where the page begins.
    return and_(first.expression <= begin if first.descending else first.expression >= begin, later)


def _values(terms: Sequence[SortKey], mark: str, token: str) -> list[Any]:
    try:
        found, *values = decode_cursor(token)
    except Invalid as error:
        raise Invalid(f"{unreadable(token)}: it is not one that this search gave out.", field="page_token") from error
    if found != mark or len(values) != len(terms):
        raise Invalid("Invalid page token: it does not belong to this search.", field="page_token")
    try:
        return [_typed(value, term) for value, term in zip(values, terms, strict=True)]
    except (ValueError, TypeError) as error:
        raise Invalid("Invalid page token: it is not one that this search gave out.", field="page_token") from error


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, float):
        return repr(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _typed(value: Any, term: SortKey) -> Any:
    kind = term.kind
    if value is None and term.nullable:
        return None
    if kind is UUID:
        return UUID(hex=value)
    if kind is float:
        return float(value)
    if hasattr(kind, "fromisoformat"):
        return kind.fromisoformat(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError("unexpected type in a token")
    return value
