"""A task that stops before a step of the application until the test lets it go on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest


@asynccontextmanager
async def paused_before(
    monkeypatch: pytest.MonkeyPatch, step: Callable[..., Any], task_name: str
) -> AsyncIterator[asyncio.Event]:
    """The task of that name stops before this step until the block ends; gives what is set when it is there."""
    reached, gate = asyncio.Event(), asyncio.Event()

    async def stopping(*args: Any, **kwargs: Any) -> Any:
        task = asyncio.current_task()
        if task is not None and task.get_name() == task_name:
            reached.set()
            await gate.wait()
        return await step(*args, **kwargs)

    monkeypatch.setattr(sys.modules[step.__module__], step.__name__, stopping)
    try:
        yield reached
    finally:
        gate.set()


async def at_once(
    monkeypatch: pytest.MonkeyPatch,
    step: Callable[..., Any],
    first: Coroutine[Any, Any, Any],
    second: Coroutine[Any, Any, Any],
) -> list[Any]:
    """The results of both, errors too: ``first`` stops before the step until ``second`` waits for it or is done."""
    async with paused_before(monkeypatch, step, "first") as reached:
        one = asyncio.create_task(first, name="first")
        await asyncio.wait_for(reached.wait(), 10)
        two = asyncio.create_task(second, name="second")
        await asyncio.wait([two], timeout=0.5)
    return await asyncio.wait_for(asyncio.gather(one, two, return_exceptions=True), 20)
