"""Cutting a stream into parts and sending them, with the hash of the whole taken on the way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from itertools import count

from app.errors import Unavailable
from app.storage.blobs import Part
from app.storage.hashing import RunningHash
from app.storage.s3.payloads import Block, Flow, Payload
from app.storage.source import Source, too_large

MIB = 1024 * 1024

Send = Callable[[int, Payload], Awaitable[Part]]


@dataclass(frozen=True, slots=True)
class PartRule:
    """How streams are cut; sizes in bytes. The defaults hold at most 32 MiB of a stream, whatever its size.

    Parts up to ``largest`` stay in memory and can be sent again: ``largest`` bytes travel (two parts of 8 MiB keep the
    store busy, one does not) while the next part fills. A declared size for which ``most`` of those do not suffice
    (156 GiB) gets larger parts, which pass through and cannot be repeated.
    """

    smallest: int = 8 * MIB
    largest: int = 16 * MIB
    most: int = 10_000

    def part_bytes(self, size: int | None) -> int:
        """Part size for an object of this size; None is unknown."""
        needed = -(-(size or 0) // self.most)
        return max(self.smallest, -(-needed // MIB) * MIB)

    def passes_through(self, size: int | None) -> bool:
        """Whether the parts of an object of this size are too large for memory."""
        return self.part_bytes(size) > self.largest

    def block_bytes(self, size: int | None, number: int) -> int:
        """Size of one part in memory; a stream of unknown length gets larger ones in its second half."""
        return self.largest if size is None and number > self.most // 2 else self.part_bytes(size)


async def send_blocks(send: Send, source: Source, first: bytearray, digest: RunningHash, rule: PartRule) -> list[Part]:
    """Send from memory: parts travel and are hashed while the next one fills.

    Raises:
        TooLarge: the stream needs more than the permitted number of parts.
    """
    parts: list[Part] = []
    flights: deque[asyncio.Task[Part]] = deque()
    block = first
    try:
        for number in count(1):
            while flights and (len(flights) + 1) * len(block) > rule.largest:
                parts.append(await flights.popleft())
            await digest.take(block)
            flights.append(asyncio.create_task(_send_block(send, number, block)))
            if not await source.more():
                break
            if number == rule.most:
                raise too_large(source.taken, "without a declared size")
            block = await source.block(rule.block_bytes(source.size, number + 1))
        while flights:
            parts.append(await flights.popleft())
        return parts
    finally:
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)


async def send_flows(send: Send, source: Source, size: int, digest: RunningHash, rule: PartRule) -> list[Part]:
    """Send parts too large for memory, passing every chunk on as it comes."""
    parts: list[Part] = []
    part_bytes = rule.part_bytes(size)
    for number, start in enumerate(range(0, size, part_bytes), start=1):
        length = min(part_bytes, size - start)
        flow = Flow(length, _hashed(source.flow(length), digest))
        try:
            parts.append(await send(number, flow))
        except Unavailable:
            if flow.failure is not None:
                raise flow.failure from None
            raise
    await source.more()
    return parts


async def send_part(send: Send, number: int, source: Source, size: int) -> Part:
    """Send one part that the client has cut, passing every chunk on; what the source raises wins."""
    flow = Flow(size, source.flow(size))
    try:
        part = await send(number, flow if size else Block(b""))
    except Unavailable:
        if flow.failure is not None:
            raise flow.failure from None
        raise
    await source.more()
    return part


async def _send_block(send: Send, number: int, block: bytearray) -> Part:
    return await send(number, Block(block))


async def _hashed(chunks: AsyncIterator[memoryview], digest: RunningHash) -> AsyncIterator[memoryview]:
    async for chunk in chunks:
        await digest.take(chunk)
        yield chunk
