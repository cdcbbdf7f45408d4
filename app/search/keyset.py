"""Pages of a search in any order: each begins after the row that its token describes. Missing values come last."""

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
    """One sort expression. ``kind`` is its Python type; the last key of an order must be unique."""

    expression: ColumnElement[Any]
    kind: type[Any]
    descending: bool = False
    nullable: bool = True

    def ordered(self) -> ColumnElement[Any]:
        """The expression with its direction, for ORDER BY."""
        direction = self.expression.desc() if self.descending else self.expression.asc()
        return direction.nulls_last() if self.nullable else direction

    def same(self, value: Any) -> ColumnElement[bool]:
        """Whether a row has this value; None is the missing one."""
        return self.expression.is_(None) if value is None else self.expression == value

    def after(self, value: Any) -> ColumnElement[bool] | None:
        """Strictly later in the order; None when nothing can be."""
        if value is None:
            return None
        beyond = self.expression < value if self.descending else self.expression > value
        return or_(beyond, self.expression.is_(None)) if self.nullable else beyond


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page of which search: its order, its fingerprint, the token that it continues, and the number of rows."""

    sort_keys: Sequence[SortKey]
    fingerprint: str
    token: str | None
    limit: int


def fingerprint(*parts: object) -> str:
    """Identifies a search, so that another one refuses its tokens."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def apply(statement: Select[*tuple[Any, ...]], page: PageRequest) -> Select[*tuple[Any, ...]]:
    """Sort, continue after the token, add the sort values as columns, and fetch one row more than the page.

    Raises:
        Invalid: the token is not one of this search.
    """
    if page.token:
        statement = statement.where(_later(page.sort_keys, _values(page, page.token)))
    return ordered(statement, page.sort_keys).limit(page.limit + 1)


def ordered(statement: Select[*tuple[Any, ...]], sort_keys: Sequence[SortKey]) -> Select[*tuple[Any, ...]]:
    """The same from the beginning and without a limit."""
    columns = [key.expression.label(f"sort_{index}") for index, key in enumerate(sort_keys)]
    return statement.add_columns(*columns).order_by(*(key.ordered() for key in sort_keys))


def position_after(page: PageRequest) -> list[Any] | None:
    """The sort values after which the page begins; None: at the beginning.

    Raises:
        Invalid: the token is not one of this search.
    """
    return _values(page, page.token) if page.token else None


def next_token(rows: Sequence[Any], page: PageRequest) -> str | None:
    """The token after this page, or None when it is the last. ``rows`` end in the sort values."""
    if len(rows) <= page.limit:
        return None
    values = list(rows[page.limit - 1])[-len(page.sort_keys) :]
    return encode_cursor([page.fingerprint, *(_plain(value) for value in values)])


def fingerprint_of(token: str) -> str:
    """The fingerprint of the search that gave a token out; empty where it is no token."""
    try:
        return str(decode_cursor(token)[0])
    except Invalid:
        return ""


def _later(sort_keys: Sequence[SortKey], values: Sequence[Any]) -> ColumnElement[bool]:
    branches = []
    for index, key in enumerate(sort_keys):
        after = key.after(values[index])
        if after is not None:
            equal = [sort_keys[before].same(values[before]) for before in range(index)]
            branches.append(and_(*equal, after))
    later = or_(*branches)
    first, begin = sort_keys[0], values[0]
    if first.nullable or begin is None:
        return later
    # The rest implies it, but only this lets PostgreSQL enter an index where the page begins.
    return and_(first.expression <= begin if first.descending else first.expression >= begin, later)


def _values(page: PageRequest, token: str) -> list[Any]:
    try:
        origin, *values = decode_cursor(token)
    except Invalid as error:
        raise Invalid(f"{unreadable(token)}: it is not one that this search gave out.", field="page_token") from error
    if origin != page.fingerprint or len(values) != len(page.sort_keys):
        raise Invalid("Invalid page token: it does not belong to this search.", field="page_token")
    try:
        return [_typed(value, key) for value, key in zip(values, page.sort_keys, strict=True)]
    except (ValueError, TypeError) as error:
        raise Invalid("Invalid page token: it is not one that this search gave out.", field="page_token") from error


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, float):
        return repr(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _typed(value: Any, key: SortKey) -> Any:
    kind = key.kind
    if value is None and key.nullable:
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
