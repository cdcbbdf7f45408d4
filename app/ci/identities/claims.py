"""What an identity token must claim beside its project, and whether it does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.errors import Invalid
from app.text import quoted

MAX_CLAIMS, MAX_VALUES, MAX_TEXT = 20, 50, 500
GLOBBED = frozenset({"ref"})
"""Claims whose allowed values may hold ``*``, which stands for any characters, slashes too."""
PROTECTED = {"ref_protected": ["true"]}
"""What an identity must claim when the settings say nothing else about protection."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def check(claims: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Allowed values by claim, if they are acceptable.

    Raises:
        Invalid: too many, no name of a claim, or no value.
    """
    if len(claims) > MAX_CLAIMS:
        raise Invalid(f"There are {len(claims)} claims; at most {MAX_CLAIMS} fit.", field="claims")
    for name, values in claims.items():
        if not _NAME.fullmatch(name):
            raise Invalid(f"{quoted(name)} is not the name of a claim, such as `ref_protected`.", field="claims")
        if not 0 < len(values) <= MAX_VALUES or any(not 0 < len(value) <= MAX_TEXT for value in values):
            raise Invalid(
                f"The claim {name} needs 1 to {MAX_VALUES} values of 1 to {MAX_TEXT} characters each.", field="claims"
            )
    return {name: list(values) for name, values in claims.items()}


def refusal(allowed: Mapping[str, Sequence[str]], claimed: Mapping[str, Any]) -> str | None:
    """The first claim, by name, that has none of its allowed values; None: all have."""
    return next((name for name in sorted(allowed) if not _fits(name, allowed[name], claimed.get(name))), None)


def text(value: Any) -> str | None:
    """A claim's value as the settings spell it; None for what is no plain value."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int) else None


def _fits(name: str, allowed: Sequence[str], value: Any) -> bool:
    spelled = text(value)
    if spelled is None:
        return False
    if name in GLOBBED:
        return any(_matches(pattern, spelled) for pattern in allowed)
    return spelled in allowed


def _matches(pattern: str, spelled: str) -> bool:
    """Piece by piece, each at its first position: in time that grows with the text and not with the stars."""
    first, *middle = pattern.split("*")
    if not middle:
        return spelled == pattern
    last = middle.pop()
    if len(spelled) < len(first) + len(last) or not (spelled.startswith(first) and spelled.endswith(last)):
        return False
    start, end = len(first), len(spelled) - len(last)
    for piece in middle:
        position = spelled.find(piece, start, end)
        if position < 0:
            return False
        start = position + len(piece)
    return True
