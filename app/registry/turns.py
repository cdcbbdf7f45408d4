"""Who wants to change the same model waits here in line, and not in the database.

A row's lock is held by one transaction at a time; others would only wait for it with a connection each, until the
pool has none left for anybody else. Other processes are kept in order by the row's lock itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.errors import Unavailable

AT_ONCE = 2
"""Transactions of this process on one model: one works, the next is at the lock already."""
PATIENCE = 30
"""Seconds that anybody waits in line."""


class _Line:
    def __init__(self) -> None:
        self.turns = asyncio.Semaphore(AT_ONCE)
        self.people = 0


_lines: dict[tuple[int, int], _Line] = {}


@asynccontextmanager
async def turn(project_id: int, model_id: int) -> AsyncIterator[None]:
    """Wait in line for the model, first come, first served; ask for permission before.

    Raises:
        Unavailable: it was not one's turn within 30 seconds; nothing was done.
    """
    key = (project_id, model_id)
    line = _lines.setdefault(key, _Line())
    line.people += 1
    try:
        await _wait(line)
        try:
            yield
        finally:
            line.turns.release()
    finally:
        line.people -= 1
        if line.people == 0:
            del _lines[key]


async def _wait(line: _Line) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await line.turns.acquire()
    except TimeoutError as error:
        raise Unavailable("Too many are changing this model at the moment; try again shortly.") from error
