"""One transaction for whoever asks at the same time: who comes while a round runs takes part in the next.

A commit costs the same for one row as for a hundred. Nobody waits for company: the first one to come is served at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

W = TypeVar("W")
R = TypeVar("R")

MOST = 64
"""Wishes of one round: few enough for a statement that is soon done."""


class Rounds(Generic[W, R]):
    """Serves wishes round by round; an outcome that is an exception is raised for its own wish alone.

    One that goes away neither ends the round nor learns whether its wish came about.
    """

    def __init__(self, serve: Callable[[Sequence[W]], Awaitable[Sequence[R | Exception]]]) -> None:
        """``serve`` answers the outcomes in the order of the wishes; what it raises is raised for all of them."""
        self._serve = serve
        self._waiting: list[tuple[W, asyncio.Future[R]]] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nobody is being served."""
        return self._task is None

    async def ask(self, wish: W) -> R:
        """The outcome of a wish, as soon as its round is over."""
        outcome: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((wish, outcome))
        if self._task is None:
            self._task = asyncio.create_task(self._go())
        return await outcome

    async def _go(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                # Whoever has gone while it waited wishes nothing any more.
                await self._round([one for one in some if not one[1].done()])
        finally:
            self._task = None
            for _, outcome in self._waiting:
                outcome.cancel()

    async def _round(self, some: Sequence[tuple[W, asyncio.Future[R]]]) -> None:
        if not some:
            return
        try:
            found = await self._serve([wish for wish, _ in some])
        except Exception as error:  # noqa: BLE001 - it is theirs whom the round was for
            found = [error] * len(some)
        except BaseException:
            for _, outcome in some:
                outcome.cancel()
            raise
        for (_, outcome), result in zip(some, found, strict=True):
            if outcome.done():
                continue
            if isinstance(result, Exception):
                outcome.set_exception(result)
            else:
                outcome.set_result(result)
