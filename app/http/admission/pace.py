"""How many requests this process works on at once, by how long the rounds of its event loop are."""

from __future__ import annotations

import asyncio
import time

from app.http.admission.fair_queue import FairQueue

FIRST_SLOTS, MIN_SLOTS = 4, 1
ROUNDS_PER_SLOT = 10
"""Short rounds after which there is one slot more: what was let in too much is under work for long."""
IDLE_SECONDS = 5.0
"""Seconds without a waiting request after which there are the first slots again."""
TICK, SHORT_ROUND, LONG_ROUND = 0.005, 0.006, 0.012
"""Seconds: how often the event loop is looked at, and for how long a round may take beyond that."""


class Pace:
    """How many slots a queue has, by how long the rounds of the event loop are while requests wait.

    In a long round each request waits for all others: fewer of them come to an end as soon. In short ones there is room
    for more, which share the database's commits. Rounds are measured in processor time of this thread, so that it does
    not matter what else the machine does.
    """

    def __init__(self, queue: FairQueue, most: int) -> None:
        """``most`` slots are never exceeded."""
        self._queue = queue
        self._most, self._least = most, min(most, MIN_SLOTS)
        self._began: float | None = None
        self._short_rounds = 0
        self._idle_at = 0.0

    def watch(self) -> None:
        """Look at the loop while requests wait. After an idle time begin with few slots: the requests may be long."""
        if self._began is None:
            if time.monotonic() > self._idle_at:
                self._queue.resize(min(self._queue.slots, FIRST_SLOTS))
            self._wait()

    def adjust(self, spent: float) -> None:
        """``spent`` is the processor time, in seconds, from one look at the loop to the next."""
        if spent > TICK + LONG_ROUND:
            self._short_rounds = 0
            self._queue.resize(max(self._least, self._queue.slots // 2))
        elif spent < TICK + SHORT_ROUND:
            self._short_rounds += 1
            if self._short_rounds % ROUNDS_PER_SLOT == 0:
                # Also when there are no more: an account that has had its share may have more by now.
                self._queue.resize(min(self._queue.slots + 1, self._most))

    def _wait(self) -> None:
        self._began = time.thread_time()
        asyncio.get_running_loop().call_later(TICK, self._look)

    def _look(self) -> None:
        assert self._began is not None, "`_wait` sets it before it asks for a look"
        self.adjust(time.thread_time() - self._began)
        self._began, self._idle_at = None, time.monotonic() + IDLE_SECONDS
        if self._queue.waiting:
            self._wait()
