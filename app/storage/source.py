"""The incoming stream, cut to the sizes that the store wants, with its length watched."""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.errors import TooLarge
from app.storage.blobs import SizeMismatch


class Source:
    """Counts what comes and holds at most one chunk of it.

    Raises, from every method that reads:
        TooLarge: more than ``limit`` bytes came.
        SizeMismatch: more or fewer than the declared ``size`` came.
    """

    def __init__(self, chunks: AsyncIterator[bytes], *, size: int | None, limit: int) -> None:
        if size is not None and size > limit:
            raise too_large(limit)
        self.taken = 0
        """Bytes received so far; the size of the whole once ``more`` has answered False."""
        self._chunks = chunks
        self.size = size
        """The declared number of bytes, None when unknown."""
        self._limit = limit
        self._rest = memoryview(b"")

    async def more(self) -> bool:
        """Whether bytes are left; waits for the next ones."""
        while not self._rest:
            chunk = await anext(self._chunks, None)
            if chunk is None:
                self._check_end()
                return False
            self.taken += len(chunk)
            if self.taken > self._limit:
                raise too_large(self._limit)
            if self.size is not None and self.taken > self.size:
                raise _more(self.size)
            self._rest = memoryview(chunk)
        return True

    async def block(self, size: int) -> bytearray:
        """The next ``size`` bytes in memory, fewer at the end."""
        block = bytearray()
        async for piece in self.flow(size):
            block += piece
        return block

    async def flow(self, size: int) -> AsyncIterator[memoryview]:
        """The next ``size`` bytes as they come, fewer at the end."""
        left = size
        while left and await self.more():
            piece, self._rest = self._rest[:left], self._rest[left:]
            left -= len(piece)
            yield piece

    def _check_end(self) -> None:
        if self.size is not None and self.taken < self.size:
            raise _fewer(self.taken, self.size)


async def whole(chunks: AsyncIterator[bytes], size: int) -> bytes:
    """All bytes of a small body.

    Raises:
        SizeMismatch: they are more or fewer than the declared ``size``.
    """
    pieces, taken = [], 0
    async for chunk in chunks:
        pieces.append(chunk)
        taken += len(chunk)
        if taken > size:
            raise _more(size)
    if taken < size:
        raise _fewer(taken, size)
    return b"".join(pieces)


def _more(size: int) -> SizeMismatch:
    return SizeMismatch(f"The body has more than the {size} bytes that were declared.")


def _fewer(taken: int, size: int) -> SizeMismatch:
    return SizeMismatch(f"The body has {taken} bytes where {size} were declared.")


def too_large(limit: int, circumstance: str = "here") -> TooLarge:
    """The refusal, with the limit in it."""
    return TooLarge(f"An artifact may have at most {limit} bytes {circumstance}.")
