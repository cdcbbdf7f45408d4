"""The queue before a pool: its order, which callers are refused, and that no slot is ever lost."""

from __future__ import annotations

import asyncio

import pytest

from app.db.pool_queue import PoolQueue
from app.errors import Unavailable


async def _stay(queue: PoolQueue, seconds: float, came: list[int] | None = None, name: int = 0) -> None:
    async with queue:
        if came is not None:
            came.append(name)
        await asyncio.sleep(seconds)


async def test_callers_are_served_in_order():
    queue, came = PoolQueue(2, stalled_seconds=0.3), list[int]()
    await asyncio.gather(*(_stay(queue, 0.05, came, name) for name in range(20)))
    assert came == list(range(20))


async def test_stalled_queue_refuses_callers():
    queue = PoolQueue(1, stalled_seconds=0.05)
    slow = asyncio.create_task(_stay(queue, 0.5))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="too busy"):
        await _stay(queue, 0)
    await slow
    await _stay(queue, 0)


async def test_no_caller_waits_longer_than_the_limit():
    queue = PoolQueue(1, stalled_seconds=0.2, max_wait_seconds=0.3)
    stays = [_stay(queue, 0.05) for _ in range(20)]
    ends = await asyncio.gather(*stays, return_exceptions=True)
    served = ends.index(next(end for end in ends if end is not None))
    assert 2 <= served <= 7
    assert all(end is None for end in ends[:served])
    assert all(isinstance(end, Unavailable) for end in ends[served:])


async def test_cancelled_caller_leaves_its_slot_to_the_next():
    queue, came = PoolQueue(1), list[int]()
    first = asyncio.create_task(_stay(queue, 0.02))
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(_stay(queue, 0, came, name)) for name in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await first
    # The slot is the second caller's by now, though its task has not run yet.
    waiting[1].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert came == [2]
    await asyncio.wait_for(_stay(queue, 0), 1)
