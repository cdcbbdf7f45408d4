"""What a block sends to the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import event

from app.access.authentication import access_cache
from app.db.database import Database

_NAME = re.compile(r"/\* [\w.]+ \*/ ")
_NOW_AND_THEN = (
    "UPDATE tokens SET last_used_at",
    "SELECT tokens.",
    "SELECT transaction FROM access_epoch",
    "INSERT INTO pulls AS old",
)
"""Of tokens: their last use, noted once a minute, and what processes remember of them until something changes. Of
downloads: how many there were, which each process writes every few seconds."""


@contextmanager
def statements(db: Database) -> Iterator[list[str]]:
    """Notes the statements that the block sends, but for those about tokens, which are sent now and then.

    Nothing is remembered of projects meanwhile, so that a count does not depend on earlier requests.
    """
    seen: list[str] = []

    def note(statement: str) -> None:
        if not _NAME.sub("", statement).startswith(_NOW_AND_THEN):
            seen.append(statement)

    def before(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        note(statement)

    def directly(logged: Any) -> None:
        note(" ".join(logged.query.split()))

    engines = [engine.sync_engine for engine in db.engines]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", before)
    db.watchers.append(directly)
    try:
        with patch.object(access_cache, "FRESH_SECONDS", -1.0):
            yield seen
    finally:
        db.watchers.remove(directly)
        for engine in engines:
            event.remove(engine, "before_cursor_execute", before)
