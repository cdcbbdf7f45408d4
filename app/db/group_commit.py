"""Callers who share a transaction: whoever comes while one is under way joins the next.

A commit waits for the disk, and that costs the same for one row as for a hundred. Nobody waits for company: the first
to come goes alone and at once.
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

Wish = TypeVar("Wish")
Outcome = TypeVar("Outcome")
Write: TypeAlias = Callable[[Database, Sequence[Wish]], Awaitable[Sequence[Outcome | Exception]]]


class GroupCommit(Generic[Wish, Outcome]):
    """Runs ``write`` for many wishes at once; it answers with an outcome, or an error, for each in their order.

    An error that ``write`` raises belongs to nobody in particular: everybody is tried again alone, so that one bad
    wish fails no other. It must not raise one after its commit, and should pass over rows that somebody holds.
    ``weigh`` and ``most`` bound what goes together, ``at_once`` how many transactions of this process run side by
    side.
    """

    def __init__(
        self,
        write: Write[Wish, Outcome],
        *,
        at_once: int = 2,
        most: int = 100,
        weigh: Callable[[Wish], int] = lambda _wish: 1,
    ) -> None:
        self._write = write
        self._at_once = at_once
        self._most = most
        self._weigh = weigh
        self._lines: WeakKeyDictionary[Database, _Line[Wish, Outcome]] = WeakKeyDictionary()

    async def __call__(self, db: Database, wish: Wish) -> Outcome:
        """Have the wish written; answers once that is committed.

        Whoever goes away meanwhile takes a wish along that has not been begun, and leaves the others alone.
        """
        line = self._lines.get(db)
        if line is None:
            line = self._lines[db] = _Line()
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        line.waiting.append((wish, outcome))
        if line.running < self._at_once:
            line.running += 1
            # In a context of its own: what it logs is not about the request that happened to be first.
            run = asyncio.get_running_loop().create_task(self._run(db, line), context=Context())
            line.runs.add(run)
            run.add_done_callback(line.runs.discard)
        return await outcome

    async def _run(self, db: Database, line: _Line[Wish, Outcome]) -> None:
        try:
            while line.waiting:
                taken = self._take(line)
                if taken:
                    await self._settle(db, taken)
        finally:
            # Here and not when the task is seen to be done: whoever comes in between would wait for nobody.
            line.running -= 1

    def _take(self, line: _Line[Wish, Outcome]) -> list[tuple[Wish, asyncio.Future[Outcome]]]:
        taken: list[tuple[Wish, asyncio.Future[Outcome]]] = []
        weight = 0
        while line.waiting and weight < self._most:
            wish, outcome = line.waiting.popleft()
            if not outcome.done():
                taken.append((wish, outcome))
                weight += self._weigh(wish)
        return taken

    async def _settle(self, db: Database, taken: list[tuple[Wish, asyncio.Future[Outcome]]]) -> None:
        outcomes: Sequence[Outcome | BaseException]
        try:
            outcomes = await self._write(db, [wish for wish, _ in taken])
            if len(outcomes) != len(taken):
                outcomes = [RuntimeError(f"{len(outcomes)} outcomes of {len(taken)} wishes")] * len(taken)
        except Exception as error:  # noqa: BLE001 - it is handed to whoever asked
            is_away = isinstance(error, Unavailable) and not isinstance(error, Busy)
            if len(taken) > 1 and not is_away:
                for one in taken:
                    await self._settle(db, [one])
                return
            outcomes = [error] * len(taken)
        except BaseException as error:
            _answer(taken, [error] * len(taken))
            raise
        _answer(taken, outcomes)


class _Line(Generic[Wish, Outcome]):
    def __init__(self) -> None:
        self.waiting: deque[tuple[Wish, asyncio.Future[Outcome]]] = deque()
        self.running = 0
        self.runs: set[asyncio.Task[None]] = set()
        """Kept, since a loop forgets tasks that nobody else knows."""


def _answer(
    taken: Sequence[tuple[object, asyncio.Future[Outcome]]], outcomes: Sequence[Outcome | BaseException]
) -> None:
    for (_, future), outcome in zip(taken, outcomes, strict=True):
        if future.done():
            continue
        if isinstance(outcome, asyncio.CancelledError):
            future.cancel()
        elif isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
