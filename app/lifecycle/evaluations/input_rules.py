"""What may be stored of evaluations, experiments and facts; every refusal names the field, the value and the rule."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from app.errors import Invalid, TooLarge
from app.text import quoted
from app.tracking import names

MAX_NAME = 250
MAX_DATASET = 500
MAX_DIGEST = 128
MAX_DESCRIPTION = 10_000
MAX_NOTE = 1_000
MAX_KEY = 255
AHEAD = timedelta(minutes=10)
"""So far may the clock of a client be ahead; what it dates later than now is dated now."""
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


def text(value: str, what: str, limit: int, field: str, *, needed: bool = False) -> str:
    """A text of at most ``limit`` characters, without blanks around it.

    Raises:
        TooLarge: it is longer.
        Invalid: it is empty though it is needed, or holds NUL or half of a surrogate pair.
    """
    stripped = value.strip()
    if needed and not stripped:
        raise Invalid(f"The {what} is empty; it has 1 to {limit} characters.", field=field)
    if len(stripped) > limit:
        raise TooLarge(
            f"The {what} {quoted(stripped)} has {len(stripped)} characters; at most {limit} fit.", field=field
        )
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in stripped):
        raise Invalid(f"The {what} {quoted(stripped)} holds a character that is no text.", field=field)
    return stripped


def number(value: float, key: str, field: str) -> float:
    """A value of a metric.

    Raises:
        Invalid: it is NaN or infinite, which no threshold can be compared with.
    """
    if not math.isfinite(value):
        raise Invalid(
            f"The metric {quoted(key)} has the value {value}; a result is a finite number. Leave out what could not be "
            "measured.",
            field=field,
        )
    return value


def metric_key(key: str, field: str) -> str:
    """The name of a metric, by the rule for those of candidates.

    Raises:
        Invalid: it is empty, longer than 250 characters or has others than letters, digits and ``_ - . / :``.
    """
    return names.check_key(key, field, named="metric")


def moment(value: datetime | None, field: str) -> datetime | None:
    """A moment that a client names; None: now.

    Raises:
        Invalid: it is before 1970, or later than a clock may be ahead.
    """
    if value is None:
        return None
    now = datetime.now(UTC)
    if value < _FIRST or value > now + AHEAD:
        raise Invalid(
            f"{value.isoformat()} is no moment of something that was done: here it is {now:%Y-%m-%dT%H:%M:%SZ}. "
            "Look at the clock of the machine that sent it.",
            field=field,
        )
    return value


def idempotency_key(value: str | None) -> str | None:
    """The key by which a repetition is recognised.

    Raises:
        Invalid: it is empty or longer than 255 characters.
    """
    return None if value is None else text(value, "idempotency key", MAX_KEY, "idempotencyKey", needed=True)


def digest(content: Mapping[str, Any]) -> bytes:
    """SHA-256 of what was sent, for :func:`idempotency_key`: the same content has the same, whatever its order."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)).digest()
