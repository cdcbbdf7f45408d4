"""Names of models that a token is confined to: texts in which ``*`` stands for any characters, none too.

One meaning in three forms: :func:`matches` in memory, :func:`like` for constant SQL, :func:`condition` for statements
that are put together. Names are stored in normal form C and compared by code points, capitals apart from small letters.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, or_

from app.errors import Invalid
from app.search.sql import after_all
from app.text import normalized, quoted

MAX_PATTERNS = 20
MAX_LENGTH = 255
MAX_STARS = 5
"""In one pattern."""


def check(patterns: Sequence[str]) -> tuple[str, ...]:
    """The patterns as they are kept.

    Each begins with a text: by it an index finds the names, however many models there are.

    Raises:
        Invalid: none or too many, or one is empty, too long, begins with ``*`` or has too many of them.
    """
    if not 1 <= len(patterns) <= MAX_PATTERNS:
        raise Invalid(f"There are {len(patterns)} patterns; a token takes 1 to {MAX_PATTERNS}.", field="modelPatterns")
    return tuple(dict.fromkeys(_checked(pattern) for pattern in patterns))


def matches(patterns: Sequence[str], name: str) -> bool:
    """Whether one of the patterns stands for the name of a model."""
    return any(_stands_for(pattern.split("*"), name) for pattern in patterns)


def like(patterns: Sequence[str] | None) -> list[str] | None:
    """The same as patterns of ``LIKE``, for ``name LIKE ANY (:patterns)``; None: there are none."""
    return None if patterns is None else [_like(pattern) for pattern in patterns]


def condition(patterns: Sequence[str], name: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Whether one of the patterns stands for the name in a column of the collation "C", as ranges of its index.

    The outermost bounds stand beside the ranges, so that a page in the order of names reads no more of the index.
    """
    ranges = [(beginning, after_all(beginning)) for beginning in (_beginning(pattern) for pattern in patterns)]
    each = []
    for pattern, (low, high) in zip(patterns, ranges, strict=True):
        inside = [name >= low, *([name < high] if high is not None else [])]
        each.append(and_(*inside, name.like(_like(pattern), escape=None)) if "*" in pattern else name == pattern)
    highs = [high for _, high in ranges]
    bounds = [name >= min(low for low, _ in ranges)]
    if None not in highs:
        bounds.append(name < max(high for high in highs if high is not None))
    return and_(*bounds, or_(*each))


def _checked(pattern: str) -> str:
    kept = normalized(pattern)
    while "**" in kept:
        kept = kept.replace("**", "*")
    if not 1 <= len(kept) <= MAX_LENGTH or not kept.isprintable():
        raise Invalid(
            f"{quoted(pattern)} is no pattern of names: 1 to {MAX_LENGTH} visible characters.", field="modelPatterns"
        )
    if kept.startswith("*"):
        raise Invalid(
            f"{quoted(pattern)} begins with `*`; a pattern begins as the names do, like `fraud-*`.",
            field="modelPatterns",
        )
    if kept.count("*") > MAX_STARS:
        raise Invalid(f"{quoted(pattern)} has more than {MAX_STARS} `*`.", field="modelPatterns")
    return kept


def _beginning(pattern: str) -> str:
    return pattern.partition("*")[0]


def _like(pattern: str) -> str:
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%")


def _stands_for(parts: Sequence[str], name: str) -> bool:
    """Parts between stars, each at its first place: in linear time, which regular expressions do not promise."""
    first, *middle = parts
    if not middle:
        return name == first
    last = middle.pop()
    if len(name) < len(first) + len(last) or not name.startswith(first) or not name.endswith(last):
        return False
    position, end = len(first), len(name) - len(last)
    for part in middle:
        position = name.find(part, position, end)
        if position < 0:
            return False
        position += len(part)
    return True
