"""Scalars that GraphQL lacks: 64-bit integers, numbers that may be NaN or infinite, and moments."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

Long = NewType("Long", int)
Number = NewType("Number", float)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"-?[0-9]{1,19}")
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _parse_long(value: Any) -> int:
    number = int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value
    if type(number) is not int or not -(2**63) <= number < 2**63:
        raise GraphQLError("A Long is an integer of 64 bits, as a number or as a string of digits.")
    return number


def _parse_number(value: Any) -> float:
    if isinstance(value, str) and value in _WORDS:
        return _WORDS[value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise GraphQLError('A Number is a number, or one of the strings "NaN", "Infinity" and "-Infinity".')


def _serialize_number(value: Any) -> float | str:
    number = float(value)
    if math.isnan(number):
        return "NaN"
    return number if math.isfinite(number) else ("Infinity" if number > 0 else "-Infinity")


def moment(milliseconds: int | None) -> datetime | None:
    """A time of MLflow's, in milliseconds since 1970; None outside of the years 1 to 9999."""
    try:
        return None if milliseconds is None else _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def milliseconds(moment: datetime | None) -> int | None:
    """A moment as MLflow's milliseconds since 1970; what is finer is cut off."""
    return None if moment is None else (moment - _EPOCH) // timedelta(milliseconds=1)


def _parse_moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise GraphQLError('A DateTime is a moment with its offset, such as "2027-01-31T12:00:00Z".')


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description='A moment by ISO 8601 with its offset from UTC, such as "2027-01-31T12:00:00Z".',
        serialize=datetime.isoformat,
        parse_value=_parse_moment,
    ),
    Long: strawberry.scalar(
        name="Long",
        description="An integer of 64 bits, as a JSON number; as input a string of digits will do, too.",
        serialize=int,
        parse_value=_parse_long,
    ),
    Number: strawberry.scalar(
        name="Number",
        description='A 64-bit floating-point number; "NaN", "Infinity" and "-Infinity" stand as strings.',
        serialize=_serialize_number,
        parse_value=_parse_number,
    ),
}
