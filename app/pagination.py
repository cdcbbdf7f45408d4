"""Pages by key, not by offset: a page begins after the last row that was seen.

Stable while others insert, and as cheap on page 1,000 as on page 1.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar, TypeVarTuple, cast
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Select, SQLColumnExpression, tuple_

from app.errors import Invalid

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MAX_PAGE = 100
DEFAULT_PAGE = 20


@dataclass(frozen=True, slots=True)
class Window:
    """Which page is wanted: ``first`` rows after a cursor, or the ``last`` rows before one (Relay connections)."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @property
    def size(self) -> int:
        return self.last if self.backwards and self.last is not None else (self.first or DEFAULT_PAGE)

    @property
    def backwards(self) -> bool:
        return self.last is not None

    @property
    def cursor(self) -> str | None:
        return self.before if self.backwards else self.after

    def check(self, limit: int = MAX_PAGE) -> None:
        """Refuse pages that make no sense.

        Raises:
            Invalid: both directions at once, or a size outside 1..``limit``.
        """
        if self.first is not None and self.last is not None:
            raise Invalid("`first` and `last` cannot be asked for together; pass one of them.", field="first")
        size = self.last if self.backwards else self.first
        if size is not None and not 1 <= size <= limit:
            name = "last" if self.backwards else "first"
            raise Invalid(f"`{name}` is {size}; a page has between 1 and {limit} rows.", field=name)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows of one page in the requested order, each with its cursor."""

    items: Sequence[T] = ()
    cursors: Sequence[str] = ()
    has_next: bool = False
    has_previous: bool = False


@dataclass(frozen=True, slots=True)
class Keyset(Generic[T]):
    """An order that is total: columns that end in a unique one, all ascending or all descending.

    ``name`` goes into the cursor, so that a cursor of one order is refused by another.
    ``values`` reads the same columns off a row.
    """

    name: str
    columns: tuple[SQLColumnExpression[Any], ...]
    values: Callable[[T], tuple[Any, ...]]
    descending: bool = False

    def apply(self, statement: Select[*Ts], window: Window) -> Select[*Ts]:
        """Narrow the statement to the window, plus one row that tells whether there is more.

        Raises:
            Invalid: the window or its cursor is not acceptable.
        """
        window.check()
        downwards = self.descending is not window.backwards
        if window.cursor is not None:
            position = tuple_(*self._decode(window.cursor))
            row = tuple_(*self.columns)
            statement = statement.where(row < position if downwards else row > position)
        order = [column.desc() if downwards else column.asc() for column in self.columns]
        return statement.order_by(*order).limit(window.size + 1)

    def page(self, rows: Sequence[T], window: Window) -> Page[T]:
        """Cut the extra row off and put a backwards page into reading order."""
        more = len(rows) > window.size
        items = list(rows[: window.size])
        if window.backwards:
            items.reverse()
        return Page(
            items=items,
            cursors=[self._encode(item) for item in items],
            has_next=window.before is not None if window.backwards else more,
            has_previous=more if window.backwards else window.after is not None,
        )

    def _encode(self, item: T) -> str:
        return encode_cursor([self.name, *(_plain(value) for value in self.values(item))])

    def _decode(self, cursor: str) -> list[Any]:
        name, *values = decode_cursor(cursor)
        if name != self.name or len(values) != len(self.columns):
            raise Invalid("The cursor belongs to a list in another order; start without one.", field="after")
        try:
            pairs = zip(self.columns, values, strict=True)
            return [_typed(value, _python_type(column)) for column, value in pairs]
        except (ValueError, TypeError) as error:
            raise Invalid("The cursor is not one that this list gave out.", field="after") from error


def encode_cursor(values: list[Any]) -> str:
    """Values as a cursor: opaque, URL-safe text."""
    return urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def decode_cursor(cursor: str) -> list[Any]:
    """The values inside a cursor.

    Raises:
        Invalid: it is not a cursor of ours.
    """
    try:
        values = orjson.loads(urlsafe_b64decode(cursor[:4000] + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise Invalid("The cursor is not one that this list gave out.", field="after") from error
    if not isinstance(values, list) or not values:
        raise Invalid("The cursor is not one that this list gave out.", field="after")
    return values


def unreadable(token: str) -> str:
    """Why a text is no page token, in MLflow's words."""
    try:
        decoded = b64decode(token)
    except ValueError:
        return "Invalid page token, could not base64-decode"
    return f"Invalid page token, decoded value={decoded[:100]!r}"


def _python_type(column: SQLColumnExpression[Any]) -> type[Any]:
    kind: type[Any] = cast("ColumnElement[Any]", column).type.python_type
    return kind


def _plain(value: object) -> object:
    match value:
        case date():
            return value.isoformat()
        case UUID() | bytes():
            return value.hex if isinstance(value, UUID) else value.hex()
        case _:
            return value


def _typed(value: Any, kind: type[Any]) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    if kind is UUID:
        return UUID(hex=value)
    if kind is bytes:
        return bytes.fromhex(value)
    if kind is int and isinstance(value, bool):
        raise TypeError("a truth value is not a number")
    if not isinstance(value, kind):
        raise TypeError("unexpected type in a cursor")
    return value
