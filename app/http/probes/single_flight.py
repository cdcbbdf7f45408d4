"""One result for all callers that want it at the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class SingleFlight(Generic[Answer]):
    """Runs a coroutine once at a time, also if a caller leaves meanwhile; repeats its result while that is fresh."""

    def __init__(
        self,
        ask: Callable[[], Awaitable[Answer]],
        fresh_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``ask`` must end; if it fails, all waiting callers fail alike."""
        self._ask = ask
        self._fresh_seconds = fresh_seconds
        self._clock = clock
        self._asking: asyncio.Task[Answer] | None = None
        self._fresh_until = 0.0

    async def __call__(self) -> Answer:
        """The result of a run that began while this call waited, or one that is fresh."""
        if self._asking is None or (self._asking.done() and self._clock() >= self._fresh_until):
            # In a context of its own: the run does not belong to the request that happened to be first.
            self._asking = asyncio.get_running_loop().create_task(self._run(), context=Context())
        return await asyncio.shield(self._asking)

    async def _run(self) -> Answer:
        try:
            return await self._ask()
        finally:
            self._fresh_until = self._clock() + self._fresh_seconds
