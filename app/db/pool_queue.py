"""The queue of callers before a connection pool.

A pool that is merely busy is worth waiting for; one whose connections all hang is not. A limit on the wait cannot tell
the two apart, so what is limited is how long no caller has been served.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType

from app.errors import Unavailable

STALLED_SECONDS = 2.0
"""Seconds in which no caller has left after which those in the queue are refused."""
MAX_WAIT_SECONDS = 15.0
"""Seconds that a caller waits at most, however fast the queue moves."""


class PoolQueue:
    """Lets in as many callers as there are connections, first come, first served.

    A caller that is inside must not enter again: were all of them to do so, none could go on.
    """

    def __init__(
        self, slots: int, *, stalled_seconds: float = STALLED_SECONDS, max_wait_seconds: float = MAX_WAIT_SECONDS
    ) -> None:
        self._free = slots
        self._stalled_seconds = stalled_seconds
        self._max_wait_seconds = max_wait_seconds
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._last_left = 0.0

    async def __aenter__(self) -> None:
        """Wait for a slot.

        Raises:
            Unavailable: no caller has left for too long, or this one has waited for too long.
        """
        if self._free and not self._waiting:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await self._wait(turn)
        except BaseException:
            if turn.done():
                self.leave()
            else:
                self._waiting.remove(turn)
            raise

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.leave()

    async def _wait(self, turn: asyncio.Future[None]) -> None:
        now = asyncio.get_running_loop().time
        entered = now()
        while not turn.done():
            left = max(entered, self._last_left)
            rest = min(left + self._stalled_seconds, entered + self._max_wait_seconds) - now()
            if rest <= 0:
                raise Unavailable("The database is too busy at the moment; nothing was written, try again shortly.")
            await asyncio.wait((turn,), timeout=rest)

    def leave(self) -> None:
        """Give the slot to the next caller in the queue."""
        self._last_left = asyncio.get_running_loop().time()
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._free += 1
