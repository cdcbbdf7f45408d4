"""Concurrent requests share a transaction: those that arrive while one is under way are written by the next.

A commit waits for the disk, and that costs the same for one row as for a hundred. No request waits for others to
arrive: the first one is written alone and at once.

For example, eight clients log a point to one candidate at the same moment. The first request is a batch by itself; the
other seven wait in the queue for its commit and are then one batch: two commits instead of eight. Sixteen clients come
to 2,863 calls of ``runs/log-metric`` a second so; with mapped rows and a commit for each call it was 236
(docs/decisions/0017-shared-commits.md).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from app.db.database import Database
from app.errors import Busy, Unavailable

Request = TypeVar("Request")
Outcome = TypeVar("Outcome")
Write: TypeAlias = Callable[[Database, Sequence[Request]], Awaitable[Sequence[Outcome | Exception]]]


class GroupCommit(Generic[Request, Outcome]):
    """Runs ``write`` for a batch of requests; it answers with an outcome, or an error, for each in their order.

    An error that ``write`` raises may be due to any request of the batch: each is then written again by itself, so that
    one bad request fails no other. ``write`` must not raise after its commit, and should pass over rows that another
    transaction has locked. ``weigh`` and ``most`` bound the weight of a batch, ``at_once`` the transactions that this
    process runs side by side.
    """

    def __init__(
        self,
        write: Write[Request, Outcome],
        *,
        at_once: int = 2,
        most: int = 100,
        weigh: Callable[[Request], int] = lambda _request: 1,
    ) -> None:
        self._write = write
        self._at_once = at_once
        self._most = most
        self._weigh = weigh
        self._queues: WeakKeyDictionary[Database, _Queue[Request, Outcome]] = WeakKeyDictionary()

    async def __call__(self, db: Database, request: Request) -> Outcome:
        """Write the request; answers once that is committed.

        A caller that is cancelled takes its request along unless that is being written; the others are not affected.
        """
        queue = self._queues.get(db)
        if queue is None:
            queue = self._queues[db] = _Queue()
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        queue.pending.append((request, outcome))
        if queue.running < self._at_once:
            queue.running += 1
            # In a context of its own: what it logs is not about the request that happened to be first.
            task = asyncio.get_running_loop().create_task(self._run(db, queue), context=Context())
            queue.tasks.add(task)
            task.add_done_callback(queue.tasks.discard)
        return await outcome

    async def _run(self, db: Database, queue: _Queue[Request, Outcome]) -> None:
        try:
            while queue.pending:
                batch = self._next_batch(queue)
                if batch:
                    await self._commit(db, batch)
        finally:
            # Here, not when the task is seen to be done: a request that arrives in between would wait for no task.
            queue.running -= 1

    def _next_batch(self, queue: _Queue[Request, Outcome]) -> list[tuple[Request, asyncio.Future[Outcome]]]:
        batch: list[tuple[Request, asyncio.Future[Outcome]]] = []
        weight = 0
        while queue.pending and weight < self._most:
            request, outcome = queue.pending.popleft()
            if not outcome.done():
                batch.append((request, outcome))
                weight += self._weigh(request)
        return batch

    async def _commit(self, db: Database, batch: list[tuple[Request, asyncio.Future[Outcome]]]) -> None:
        outcomes: Sequence[Outcome | BaseException]
        try:
            outcomes = await self._write(db, [request for request, _ in batch])
            if len(outcomes) != len(batch):
                outcomes = [RuntimeError(f"{len(outcomes)} outcomes of {len(batch)} requests")] * len(batch)
        except Exception as error:  # noqa: BLE001 - the callers raise it
            is_away = isinstance(error, Unavailable) and not isinstance(error, Busy)
            if len(batch) > 1 and not is_away:
                for one in batch:
                    await self._commit(db, [one])
                return
            outcomes = [error] * len(batch)
        except BaseException as error:
            _answer(batch, [error] * len(batch))
            raise
        _answer(batch, outcomes)


class _Queue(Generic[Request, Outcome]):
    def __init__(self) -> None:
        self.pending: deque[tuple[Request, asyncio.Future[Outcome]]] = deque()
        self.running = 0
        self.tasks: set[asyncio.Task[None]] = set()
        """Kept here, since an event loop holds no reference to its tasks."""


def _answer(
    batch: Sequence[tuple[object, asyncio.Future[Outcome]]], outcomes: Sequence[Outcome | BaseException]
) -> None:
    for (_, future), outcome in zip(batch, outcomes, strict=True):
        if future.done():
            continue
        if isinstance(outcome, asyncio.CancelledError):
            future.cancel()
        elif isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
