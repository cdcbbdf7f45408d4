"""Bodies of PUT requests: a block in memory that can be sent again, or a stream that cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

SLICE_BYTES = 256 * 1024

Body = bytes | memoryview | AsyncIterator[bytes | memoryview] | None


class Pulse:
    """Ends a request that makes no progress for ``idle`` seconds; ``rest`` stops the clock."""

    def __init__(self, timer: asyncio.Timeout, idle: float) -> None:
        self._timer = timer
        self._idle = idle

    def beat(self) -> None:
        """Something has moved: begin to count anew."""
        self._timer.reschedule(asyncio.get_running_loop().time() + self._idle)

    def rest(self) -> None:
        """Waiting for the client and not for the store."""
        self._timer.reschedule(None)


class Payload(Protocol):
    """What a request sends. ``repeatable`` tells whether ``body`` may be called again."""

    size: int
    repeatable: bool

    def body(self, pulse: Pulse) -> Body:
        """The bytes for the HTTP client, with a beat of the pulse at each slice."""


class Block:
    """Bytes in memory."""

    repeatable = True

    def __init__(self, data: bytes | bytearray) -> None:
        self._view = memoryview(data).toreadonly()
        self.data = data
        self.size = len(data)

    def body(self, pulse: Pulse) -> Body:
        """Slices that are small enough not to hold up the event loop while the socket takes them."""
        return self._slices(pulse) if self.size > SLICE_BYTES else self._view or None

    async def _slices(self, pulse: Pulse) -> AsyncIterator[memoryview]:
        for start in range(0, self.size, SLICE_BYTES):
            pulse.beat()
            yield self._view[start : start + SLICE_BYTES]


class Flow:
    """Bytes that pass through once.

    What the source raises is kept in ``failure``, since the HTTP client replaces it by an error of its own.
    """

    repeatable = False

    def __init__(self, size: int, chunks: AsyncIterator[bytes | memoryview]) -> None:
        self.size = size
        self.failure: Exception | None = None
        self._chunks = chunks

    async def body(self, pulse: Pulse) -> AsyncIterator[bytes | memoryview]:
        """The chunks as they come; time spent waiting for the source does not count against the store."""
        pulse.rest()
        try:
            async for chunk in self._chunks:
                pulse.beat()
                yield chunk
                pulse.rest()
        except Exception as error:
            self.failure = error
            raise
        pulse.beat()
