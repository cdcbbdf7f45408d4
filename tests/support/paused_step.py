"""A task that stops before a step of the application until the test lets it go on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
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
