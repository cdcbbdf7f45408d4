"""Turns what a filter says into SQL conditions. Columns are the caller's; values are always parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, func, literal, not_, or_, true
from sqlalchemy.dialects.postgresql import JSONB

from app.search.ast import And, Comparison, Expression, Not, Operator, Or
from app.text import normalized

Compile = Callable[[Comparison], ColumnElement[bool]]

NAN = literal(float("nan"))
"""In PostgreSQL equal to itself and above all numbers."""
_PLAIN: Mapping[Operator, Callable[[Any, Any], ColumnElement[bool]]] = {
    Operator.EQ: lambda column, value: column == value,
    Operator.NE: lambda column, value: column != value,
    Operator.LT: lambda column, value: column < value,
    Operator.LE: lambda column, value: column <= value,
    Operator.GT: lambda column, value: column > value,
    Operator.GE: lambda column, value: column >= value,
    Operator.LIKE: lambda column, value: column.op("LIKE")(_pattern(value)),
    Operator.ILIKE: lambda column, value: column.op("ILIKE")(_pattern(value)),
    Operator.IN: lambda column, value: column.in_(value),
    Operator.NOT_IN: lambda column, value: column.not_in(value),
    Operator.IS_NULL: lambda column, _: column.is_(None),
    Operator.IS_NOT_NULL: lambda column, _: column.is_not(None),
}


def condition(expression: Expression | None, compile_one: Compile) -> ColumnElement[bool]:
    """The whole filter as one condition; no filter is true."""
    match expression:
        case None:
            return true()
        case And(operands):
            return and_(*(condition(operand, compile_one) for operand in operands))
        case Or(operands):
            return or_(*(condition(operand, compile_one) for operand in operands))
        case Not(operand):
            # Unknown (a key that is lacking) is not a match, so its opposite is one.
            return not_(func.coalesce(condition(operand, compile_one), false()))
        case Comparison():
            return compile_one(expression)


def compare(column: SQLColumnExpression[Any], comparison: Comparison) -> ColumnElement[bool]:
    """A column against the value of the comparison."""
    return _PLAIN[comparison.operator](column, comparison.value)


def compare_number(column: SQLColumnExpression[Any], comparison: Comparison) -> ColumnElement[bool]:
    """Like :func:`compare` for a float column: NaN differs from everything and is neither above nor below."""
    compared = compare(column, comparison)
    if comparison.operator is Operator.NE:
        return compared
    return and_(compared, column != NAN)


def compare_name(column: SQLColumnExpression[Any], comparison: Comparison) -> ColumnElement[bool]:
    """Like :func:`compare` for a name: sorted by code points, and by trigrams in the collation that knows cases.

    How a name begins is a range of the order, which pages are read along; trigrams would find all that begin so first.
    """
    beginning = _beginning(comparison)
    if beginning:
        after = after_all(beginning)
        return column >= beginning if after is None else and_(column >= beginning, column < after)
    in_part = comparison.operator in {Operator.LIKE, Operator.ILIKE}
    return compare(column.collate("default") if in_part else column, comparison)


def contains(column: SQLColumnExpression[Any], text: str) -> ColumnElement[bool]:
    """Whether a name in normal form C has the text in it, whatever the case."""
    escaped = normalized(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return column.collate("default").op("ILIKE")(f"%{escaped}%")


def compare_in_json(column: SQLColumnExpression[Any], comparison: Comparison) -> ColumnElement[bool]:
    """A key of a JSON object of texts; equality is written in the form that a GIN index serves."""
    if comparison.operator is Operator.EQ:
        return column.op("@>")(literal({comparison.key: comparison.value}, JSONB))
    return compare(column.op("->>")(comparison.key), comparison)


def _beginning(comparison: Comparison) -> str:
    """The text in a pattern that is nothing but a text and a final `%`; else nothing."""
    if comparison.operator is not Operator.LIKE:
        return ""
    text = str(comparison.value).rstrip("%")
    return "" if text == comparison.value or "%" in text or "_" in text else text


def after_all(beginning: str) -> str | None:
    """The first text after all that begin so, in the order of code points; None: there is nothing after them."""
    stem = beginning.rstrip("\U0010ffff")
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    # Halves of UTF-16 pairs are no characters.
    return stem[:-1] + chr(0xE000 if 0xD800 <= following < 0xE000 else following)


def _pattern(value: Any) -> Any:
    """In a filter a backslash is a letter; PostgreSQL would take it for an escape, an error at the end of a pattern."""
    return value.replace("\\", "\\\\")
