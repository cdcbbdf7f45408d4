"""Cutting a stream into parts and sending them, with the hash of the whole taken on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from app.errors import Unavailable
from app.storage.blobs import Part
from app.storage.payloads import Block, Flow, Payload
from app.storage.source import Source, too_large

MIB = 1024 * 1024

THREAD_BYTES = 256 * 1024
"""From here on a hash update (1 ms without SHA instructions) takes longer than the way to a thread (0.1 ms)."""

Send = Callable[[int, Payload], Awaitable[Part]]


class Digest(Protocol):
    """A running hash."""

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        """Take in more bytes."""


@dataclass(frozen=True, slots=True)
class PartRule:
    """How streams are cut; sizes in bytes. The defaults hold at most two parts of 16 MiB whatever the object's size.

    Parts up to ``largest`` stay in memory and can be sent again. A declared size for which ``most`` of those do not
    suffice (156 GiB) gets larger parts, which pass through and cannot be repeated.
    """

    smallest: int = 8 * MIB
    largest: int = 16 * MIB
    most: int = 10_000

    def part_bytes(self, size: int | None) -> int:
        """Part size for an object of this size; None is unknown."""
        if size is None:
            return self.largest
        needed = -(-size // self.most)
        return max(self.smallest, -(-needed // MIB) * MIB)


async def send_blocks(
    send: Send, source: Source, first: bytearray, digest: Digest, *, rule: PartRule, part_bytes: int
) -> list[Part]:
    """Send from memory: one part travels and is hashed while the next one fills.

    Raises:
        TooLarge: the stream needs more than the permitted number of parts.
    """
    parts: list[Part] = []
    block = first
    flight: asyncio.Task[Part] | None = None
    try:
        for number in count(1):
            if number > rule.most:
                raise too_large(rule.most * part_bytes, "without a declared size")
            if flight is not None:
                parts.append(await flight)
            flight = asyncio.create_task(_send_block(send, number, block, digest))
            if not await source.more():
                break
            block = await source.block(part_bytes)
        assert flight is not None
        return [*parts, await flight]
    finally:
        if flight is not None:
            flight.cancel()
            await asyncio.gather(flight, return_exceptions=True)


async def send_flows(send: Send, source: Source, size: int, part_bytes: int, digest: Digest) -> list[Part]:
    """Send parts too large for memory, passing every chunk on as it comes."""
    parts: list[Part] = []
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


@asynccontextmanager
async def hashing(digest: Digest, block: bytearray) -> AsyncIterator[None]:
    """Hash a block while the body of the ``with`` runs; the hash is complete at its end."""
    if len(block) < THREAD_BYTES:
        digest.update(block)
        yield
        return
    update = asyncio.create_task(asyncio.to_thread(digest.update, block))
    try:
        yield
    finally:
        await update


async def _send_block(send: Send, number: int, block: bytearray, digest: Digest) -> Part:
    async with hashing(digest, block):
        return await send(number, Block(block))


async def _hashed(chunks: AsyncIterator[memoryview], digest: Digest) -> AsyncIterator[memoryview]:
    async for chunk in chunks:
        if len(chunk) < THREAD_BYTES:
            digest.update(chunk)
        else:
            await asyncio.to_thread(digest.update, chunk)
        yield chunk
