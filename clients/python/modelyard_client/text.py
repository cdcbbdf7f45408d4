"""Text as the registry stores it, and as a terminal may get it."""

from __future__ import annotations

import re
import unicodedata

NORMALIZED_CHARACTERS = 4_096
"""Normalizing takes quadratic time, so a text far beyond every limit of a name stays as it is."""
_UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but the line feed, what turns the direction of writing, and what has no bytes."""


def normalized(text: str) -> str:
    """The text in Unicode's normal form C (Annex 15), in which the registry stores names: `é` is one character,
    whatever keyboard or disk it came from. A text longer than 4,096 characters is returned as it is.
    """
    return text if text.isascii() or len(text) > NORMALIZED_CHARACTERS else unicodedata.normalize("NFC", text)


def legible(text: str) -> str:
    """A text as a terminal may get it: what a service says must not move the cursor or rewrite what was told."""
    return _UNPRINTABLE.sub("\ufffd", text)


def format_size(size: float) -> str:
    """Bytes as people read them: `1.4 GiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 file`, `2,000 files`, `3 entries`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
