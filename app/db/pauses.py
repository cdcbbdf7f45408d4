"""Pauses between two statements of a request, in which it holds no connection and quiet requests may go first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

PAUSE: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar("pause", default=None)
"""What the current request waits for in a pause. Work that several requests share runs in a context without it."""


async def pause() -> None:
    """Let other requests go first, if admission wants this one to (``http/admission``)."""
    wait = PAUSE.get()
    if wait is not None:
        await wait()
