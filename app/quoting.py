"""How a value that a client sent is shown inside a message."""

from __future__ import annotations

import json


def quoted(text: str, limit: int = 60) -> str:
    """The text in quotes, cut after ``limit`` characters, with everything invisible or unencodable escaped."""
    return repr(text) if len(text) <= limit else f"{text[:limit]!r}…"


def in_json(text: str, limit: int = 60) -> str:
    """The same in double quotes, as MLflow shows a value in its own sentences."""
    shown = json.dumps(text[:limit])
    return shown if len(text) <= limit else f"{shown}…"
