from __future__ import annotations

from contextlib import contextmanager

import pytest
from sqlalchemy import event


@pytest.fixture
def statements(runtime):
    """Collects the statements that run inside ``with statements() as seen:``."""

    @contextmanager
    def watch():
        seen = []

        def note(_connection, _cursor, statement, *_):
            seen.append(statement)

        engines = [engine.sync_engine for engine in runtime.db.engines]
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            for engine in engines:
                event.remove(engine, "before_cursor_execute", note)

    return watch
