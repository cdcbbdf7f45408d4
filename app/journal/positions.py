"""Positions: up to where a reader has read the journal, and the opaque cursors that are made of them.

A number that grows with every row would not do: transactions commit in another order than they took their numbers,
so a reader who has seen row 8 may still miss row 7. A position is a snapshot of PostgreSQL instead: exactly the
transactions that a reader could see.
"""

from __future__ import annotations

import binascii
import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from functools import cached_property

import orjson

from app.errors import Invalid

_TEXT = re.compile(r"[1-9]\d{0,17}:[1-9]\d{0,17}:(?:[1-9]\d{0,17}(?:,[1-9]\d{0,17})*)?")
_MAX_CHARACTERS = 16_384


@dataclass(frozen=True)
class Position:
    """A snapshot, as ``pg_current_snapshot()`` words it: ``xmin:xmax:transactions in between that were open``."""

    text: str

    @cached_property
    def _parts(self) -> tuple[int, int, frozenset[int]]:
        low, high, between = self.text.split(":")
        return int(low), int(high), frozenset(int(one) for one in between.split(",") if one)

    def shows(self, transaction: int) -> bool:
        """Whether a reader at this position saw what the transaction wrote."""
        low, high, still_open = self._parts
        return transaction < low or (transaction < high and transaction not in still_open)

    def or_later(self, other: Position) -> Position:
        """The later of two positions of the same server."""
        return other if other._parts[:2] > self._parts[:2] else self


BEGINNING = Position("1:1:")
"""Before everything."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """All that ``before`` shows was read, and of what ``within`` shows the rows up to ``row``.

    ``row`` is transaction and id; the rows of one read come in this order.
    """

    before: Position
    within: Position
    row: tuple[int, int] = (0, 0)
    made_at: float = field(default_factory=time.time)

    @classmethod
    def at(cls, position: Position) -> Cursor:
        """The cursor behind everything that the position shows."""
        return cls(position, position)

    @property
    def age(self) -> float:
        """Seconds since it was made."""
        return time.time() - self.made_at

    def __str__(self) -> str:
        parts = [self.before.text, self.within.text, *self.row, round(self.made_at)]
        return urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """The cursor that :meth:`__str__` wrote.

        Raises:
            Invalid: it was not.
        """
        try:
            before, within, *numbers = orjson.loads(urlsafe_b64decode(text[:_MAX_CHARACTERS] + "=" * (-len(text) % 4)))
            transaction, id, made_at = (_number(one) for one in numbers)
            return cls(_position(before), _position(within), (transaction, id), float(made_at))
        except (ValueError, TypeError, binascii.Error):
            raise Invalid("`after` is not a cursor of this subscription; leave it out to begin anew.") from None


def _number(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**62:
        raise ValueError
    return value


def _position(text: object) -> Position:
    if not isinstance(text, str) or not _TEXT.fullmatch(text):
        raise ValueError
    position = Position(text)
    low, high, between = position._parts  # noqa: SLF001 - of the same module
    ordered = [int(one) for one in text.rsplit(":", 1)[1].split(",") if one]
    if low > high or ordered != sorted(between) or any(not low <= one < high for one in between):
        raise ValueError
    return position
