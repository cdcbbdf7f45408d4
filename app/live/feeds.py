"""Feeds: one reader in this process for all subscribers to things of the same kind.

A feed polls the database for what its last mark did not show, as long as there are subscribers and no longer.
It needs no notification, so nothing is missed when a connection breaks (decision 0013).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog

from app.errors import ModelyardError, Unavailable
from app.journal.positions import Position

K = TypeVar("K")
M = TypeVar("M")

QUEUE_SIZE = 1_000
"""Messages that wait for one subscriber; one who has more is too slow."""
PATIENCE = 60.0
"""Seconds for which the database may be away before subscribers are sent away."""
log = structlog.get_logger()


class TooSlow(ModelyardError):
    """You read more slowly than things happen; connect again with the last cursor."""

    code = "TOO_SLOW"


class SubscriberQueue(Generic[M]):
    """What waits for one subscriber, in order and bounded."""

    def __init__(self) -> None:
        self._messages: deque[M] = deque()
        self._filled = asyncio.Event()
        self._end: ModelyardError | None = None

    def put(self, message: M) -> None:
        if len(self._messages) >= QUEUE_SIZE:
            self._messages.clear()
            self.end(TooSlow())
        elif self._end is None:
            self._messages.append(message)
            self._filled.set()

    def end(self, reason: ModelyardError) -> None:
        """Tell the subscriber that nothing comes any more, and why; the first reason counts."""
        self._end = self._end or reason
        self._filled.set()

    async def take(self) -> M:
        """The next message, as soon as there is one.

        Raises:
            ModelyardError: nothing comes any more.
        """
        while not self._messages:
            if self._end is not None:
                raise self._end
            self._filled.clear()
            await self._filled.wait()
        return self._messages.popleft()


Reading = Callable[[Position, Sequence[K]], Awaitable[tuple[Position, list[tuple[K, M]]]]]
"""Everything about these keys that the mark does not show, and the mark up to which this is all."""


class Feed(Generic[K, M]):
    """Reads for many subscribers, and gives each its own messages."""

    def __init__(self, read: Reading[K, M], now: Callable[[], Awaitable[Position]], every: float) -> None:
        """``now`` tells the present mark; ``every`` are the seconds between two readings."""
        self._read = read
        self._now = now
        self._every = every
        self._boxes: dict[K, set[SubscriberQueue[M]]] = {}
        self._mark: Position | None = None
        self._reader: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def watch(self, key: K, box: SubscriberQueue[M]) -> AsyncIterator[None]:
        """Fill the box with what happens to the key from now on.

        Raises:
            Unavailable: the database is away.
        """
        self._boxes.setdefault(key, set()).add(box)
        try:
            async with self._starting:
                if self._mark is None:
                    self._mark = await self._now()
                if self._reader is None or self._reader.done():
                    self._reader = asyncio.create_task(self._run())
            yield
        finally:
            self._leave(key, box)

    async def close(self) -> None:
        """Stop reading and end all subscriptions."""
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        self._send_away(Unavailable("This process is about to stop; connect again."))

    def _leave(self, key: K, box: SubscriberQueue[M]) -> None:
        boxes = self._boxes.get(key, set())
        boxes.discard(box)
        if not boxes:
            self._boxes.pop(key, None)
        if not self._boxes:
            self._mark = None
            if self._reader is not None:
                self._reader.cancel()  # so that no reading ends after the mark is gone
                self._reader = None

    async def _run(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(self._every)
            try:
                await self._tick()
                last = time.monotonic()
            except ModelyardError as error:
                log.warning("live.unreadable", reason=error.message)
                if time.monotonic() - last > PATIENCE:
                    self._send_away(error)

    async def _tick(self) -> None:
        if self._mark is None or not self._boxes:
            return
        self._mark, messages = await self._read(self._mark, list(self._boxes))
        for key, message in messages:
            for box in self._boxes.get(key, ()):
                box.put(message)

    def _send_away(self, reason: ModelyardError) -> None:
        for boxes in list(self._boxes.values()):
            for box in list(boxes):
                box.end(reason)
