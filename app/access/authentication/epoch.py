"""The epoch of access: the number of the last transaction that changed who may do what.

Triggers replace it as such a transaction commits (decision 0016). What a process caches of tokens and memberships is
right as long as the number is the same. Reading it costs less than reading all of that, and all requests that arrive
while one reading waits share the next.
"""

from __future__ import annotations

import asyncio
from contextvars import Context

from app.db.database import Database, Tx
from app.db.statements import Statement

_READ_EPOCH = Statement(
    "access.read_epoch", "The last transaction that changed access.", "SELECT transaction FROM access_epoch"
)
_RESET_EPOCH = Statement(
    "access.reset_epoch", "Forget the epoch of another server.", "UPDATE access_epoch SET transaction = 0"
)


class Epoch:
    """The number as of now."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._one_at_a_time = asyncio.Lock()
        self._next: asyncio.Task[int] | None = None

    async def current(self) -> int:
        """The number, read after this call began.

        Raises:
            Unavailable: the database is away.
        """
        if self._next is None:
            # In a context of its own: the priority of the first request must not delay the others that wait for it.
            self._next = asyncio.get_running_loop().create_task(self._read(), context=Context())
        # Other requests wait for the same answer: one that is cancelled does not end it.
        return await asyncio.shield(self._next)

    async def _read(self) -> int:
        try:
            async with self._one_at_a_time, self._db.priority_connection() as connection:
                # A request that arrives from here on may have to see what commits from here on.
                self._next = None
                return int(await _READ_EPOCH.fetch_value(connection))
        except BaseException:
            self._next = None
            raise


async def reset(tx: Tx) -> None:
    """Step: after a restore, when the epoch is the number of a transaction of another server.

    This server may come to the same number, and processes would take what they have cached for current.
    """
    await _RESET_EPOCH.execute(tx)
