"""Unicode normal form C, in which names are stored and compared, whatever keyboard or disk they came from."""

from __future__ import annotations

import unicodedata

LIMIT = 4_096
"""Characters; composing takes quadratic time, so a text far beyond every limit of a name stays as it is."""


def normalized(text: str, limit: int = LIMIT) -> str:
    """The text in normal form C (Unicode Annex 15): `é` is one character, however it was typed."""
    return text if text.isascii() or len(text) > limit else unicodedata.normalize("NFC", text)
