"""How a value that a client sent is shown inside a message."""

from __future__ import annotations


def quoted(text: str, limit: int = 60) -> str:
    """The text in quotes, cut after ``limit`` characters, with everything invisible or unencodable escaped."""
    return repr(text) if len(text) <= limit else f"{text[:limit]!r}…"
