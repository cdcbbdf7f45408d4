"""Several coroutines as one piece of work, and a limit of time that can be moved (Python 3.9 has neither)."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Iterable
from typing import Any

from modelyard_client.failures import Failure

if sys.version_info >= (3, 11):
    from asyncio import Timeout, timeout

    def put_off(deadline: Timeout, when: float) -> None:
        """Let the limit end at this time of the loop instead."""
        deadline.reschedule(when)

else:  # aiohttp brings it to these versions
    from async_timeout import Timeout, timeout

    def put_off(deadline: Timeout, when: float) -> None:
        """Let the limit end at this time of the loop instead."""
        deadline.update(when)


__all__ = ["Timeout", "all_of", "put_off", "timeout"]


async def all_of(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all of it at once. When one fails, the others are cancelled, and nothing of it runs any more.

    Raises:
        Failure: the first of the failures that are expected; else whatever went wrong first.
    """
    tasks = [asyncio.ensure_future(one) for one in work]
    if not tasks:
        return
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    errors = [error for task in tasks if not task.cancelled() and (error := task.exception())]
    if errors:
        raise next((error for error in errors if isinstance(error, Failure)), errors[0])
