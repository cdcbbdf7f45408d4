"""When who may do what last changed: a mark that every change of it replaces as it commits.

What a process remembers of tokens and memberships is right as long as the mark is the same. Reading the mark costs
less than reading all of that, and however many requests arrive at once share one reading.
"""

from __future__ import annotations

import asyncio
from contextvars import Context

from app.db.database import Database

_MARK = "SELECT transaction FROM access_epoch"


class Epoch:
    """The mark as of now."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._one_at_a_time = asyncio.Lock()
        self._next: asyncio.Task[int] | None = None

    async def current(self) -> int:
        """The mark, read after this call began.

        Raises:
            Unavailable: the database is away.
        """
        if self._next is None:
            # In a context of its own: all wait for it, and none shall wait because the first one gives way to others.
            self._next = asyncio.get_running_loop().create_task(self._read(), context=Context())
        # Others wait for the same answer: whoever goes away does not end it.
        return await asyncio.shield(self._next)

    async def _read(self) -> int:
        try:
            async with self._one_at_a_time, self._db.priority_connection() as connection:
                # Whoever comes from here on may have to see what commits from here on.
                self._next = None
                return int(await connection.fetchval(_MARK))
        except BaseException:
            self._next = None
            raise
