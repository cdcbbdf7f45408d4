"""Text that clients send: the Unicode form in which names are stored, and how a value is shown inside a message."""

from __future__ import annotations

import json
import unicodedata

NORMALIZED_CHARACTERS = 4_096
"""Normalizing takes quadratic time, so a text far beyond every limit of a name stays as it is."""


def normalized(text: str, limit: int = NORMALIZED_CHARACTERS) -> str:
    """The text in Unicode's normal form C (Annex 15), in which names are stored and compared: `é` is one character,
    whatever keyboard or disk it came from. A text longer than ``limit`` characters is returned as it is.
    """
    return text if text.isascii() or len(text) > limit else unicodedata.normalize("NFC", text)


def quoted(text: str, limit: int = 60) -> str:
    """The text in quotes, cut after ``limit`` characters, with everything invisible or unencodable escaped."""
    return repr(text) if len(text) <= limit else f"{text[:limit]!r}…"


def in_json(text: str, limit: int = 60) -> str:
    """The same in double quotes, as MLflow shows a value in its own sentences."""
    shown = json.dumps(text[:limit])
    return shown if len(text) <= limit else f"{shown}…"
