"""The schema as text, and whether the committed copy of it is current."""

from __future__ import annotations

import difflib
from pathlib import Path

from app.graphql.schema import schema

COMMITTED = Path("schema.graphql")


def text() -> str:
    """The schema in GraphQL's own language, ending in a line break."""
    return schema.as_str().rstrip("\n") + "\n"


def difference(committed: Path = COMMITTED) -> str:
    """What would have to change in the committed copy; empty when nothing does."""
    current = committed.read_text(encoding="utf-8") if committed.exists() else ""
    return "".join(
        difflib.unified_diff(current.splitlines(True), text().splitlines(True), str(committed), "generated", n=2)
    )
