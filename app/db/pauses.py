"""A moment between two statements of a request, in which it holds no connection and others may go first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

PAUSE: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar("pause", default=None)
"""What the request that runs does in such a moment. Work that several requests share runs in a context without it."""


async def pause() -> None:
    """Let other requests go first, if admission asks this one to."""
    wait = PAUSE.get()
    if wait is not None:
        await wait()
