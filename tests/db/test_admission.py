"""The line in front of a pool: order, who is sent away, and that no place is ever lost."""

from __future__ import annotations

import asyncio

import pytest

from app.db.pool_queue import PoolQueue
from app.errors import Unavailable


async def _stay(admission: PoolQueue, seconds: float, came: list[int] | None = None, name: int = 0) -> None:
    async with admission:
        if came is not None:
            came.append(name)
        await asyncio.sleep(seconds)


async def test_a_line_that_moves_is_waited_for_in_order():
    admission, came = PoolQueue(2, standstill=0.3), list[int]()
    await asyncio.gather(*(_stay(admission, 0.05, came, name) for name in range(20)))
    assert came == list(range(20))


async def test_a_line_that_stands_sends_away():
    admission = PoolQueue(1, standstill=0.05)
    slow = asyncio.create_task(_stay(admission, 0.5))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="too busy"):
        await _stay(admission, 0)
    await slow
    await _stay(admission, 0)


async def test_nobody_waits_for_ever():
    admission = PoolQueue(1, standstill=0.2, patience=0.3)
    stays = [_stay(admission, 0.05) for _ in range(20)]
    ends = await asyncio.gather(*stays, return_exceptions=True)
    served = ends.index(next(end for end in ends if end is not None))
    assert 2 <= served <= 7
    assert all(end is None for end in ends[:served])
    assert all(isinstance(end, Unavailable) for end in ends[served:])


async def test_whoever_gives_up_leaves_the_place_to_the_next():
    admission, came = PoolQueue(1), list[int]()
    first = asyncio.create_task(_stay(admission, 0.02))
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(_stay(admission, 0, came, name)) for name in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await first
    # The turn is the second one's by now, though it has not heard of it yet.
    waiting[1].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert came == [2]
    await asyncio.wait_for(_stay(admission, 0), 1)
