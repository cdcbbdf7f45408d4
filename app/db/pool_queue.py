"""The line in front of a connection pool.

A pool that is merely busy is worth waiting for; one whose connections all hang is not. A fixed limit cannot tell the
two apart, so what is limited is how long nobody has been served.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType

from app.errors import Unavailable

STANDSTILL = 2.0
"""Seconds without anybody leaving after which those in line are sent away."""
PATIENCE = 15.0
"""Seconds that anybody waits, however well the line moves."""


class PoolQueue:
    """Lets in as many as there are connections, first come, first served.

    Whoever is inside must not ask for admission again: were all to do so, none could go on.
    """

    def __init__(self, places: int, *, standstill: float = STANDSTILL, patience: float = PATIENCE) -> None:
        self._places = places
        self._standstill = standstill
        self._patience = patience
        self._line: deque[asyncio.Future[None]] = deque()
        self._last_left = 0.0

    async def __aenter__(self) -> None:
        if self._places and not self._line:
            self._places -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            await self._wait(turn)
        except BaseException:
            if turn.done():
                self.leave()
            else:
                self._line.remove(turn)
            raise

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.leave()

    async def _wait(self, turn: asyncio.Future[None]) -> None:
        now = asyncio.get_running_loop().time
        came = now()
        while not turn.done():
            rest = min(max(came, self._last_left) + self._standstill, came + self._patience) - now()
            if rest <= 0:
                raise Unavailable("The database is too busy at the moment; nothing was written, try again shortly.")
            await asyncio.wait((turn,), timeout=rest)

    def leave(self) -> None:
        """Make room for the next one in line."""
        self._last_left = asyncio.get_running_loop().time()
        if self._line:
            self._line.popleft().set_result(None)
        else:
            self._places += 1
