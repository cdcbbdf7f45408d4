"""SHA-256 of a stream that comes in blocks, beside everything else that happens to them."""

from __future__ import annotations

import asyncio
import hashlib

THREAD_BYTES = 256 * 1024
"""From here on an update (1 ms without SHA instructions) takes longer than the way to a thread (0.1 ms)."""


class RunningHash:
    """Hashes blocks in the order of the calls, large ones in a thread; a block must not change any more."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._update: asyncio.Task[None] | None = None

    async def take(self, block: bytes | bytearray | memoryview) -> None:
        """Begin with this block as soon as the one before is done; returns before it is done."""
        await self._settle()
        if len(block) < THREAD_BYTES:
            self._sha256.update(block)
        else:
            self._update = asyncio.create_task(asyncio.to_thread(self._sha256.update, block))

    async def digest(self) -> bytes:
        """The 32 bytes of the hash of all blocks taken."""
        await self._settle()
        return self._sha256.digest()

    async def _settle(self) -> None:
        if self._update is not None:
            await self._update
            self._update = None


class GivenHash:
    """The hash of bytes that the caller has hashed before."""

    def __init__(self, sha256: bytes) -> None:
        self._sha256 = sha256

    async def digest(self) -> bytes:
        """The 32 bytes."""
        return self._sha256
