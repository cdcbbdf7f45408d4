"""The event loop of a command."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end: on uvloop where that is installed, else on asyncio's own loop. Ctrl-C cancels it.

    Raises:
        KeyboardInterrupt: after Ctrl-C, once all of it has ended.
    """
    if sys.version_info < (3, 11):
        return asyncio.run(_cancellable(work))
    try:
        import uvloop  # noqa: PLC0415 - not on every system
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def _cancellable(work: Coroutine[Any, Any, T]) -> T:
    """What ``asyncio.run`` does by itself since Python 3.11; before, Ctrl-C broke whatever task was running."""
    task, interrupted = asyncio.current_task(), False

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        if task is not None:
            task.cancel()

    with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupt)
    try:
        return await work
    except asyncio.CancelledError:
        if interrupted:
            raise KeyboardInterrupt from None
        raise
