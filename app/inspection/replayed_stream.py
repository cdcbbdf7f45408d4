"""Ranges of what can only be read from the beginning: members of compressed archives.

To go back is to begin anew, so the bytes that have just gone by are kept: archives are read from their end on, where
their directory is, and then from their beginning.
"""

from __future__ import annotations

from collections.abc import Callable

from app.inspection.source import Stream

KEPT = 1024 * 1024
"""Bytes that are kept of what has gone by."""


class ReplayedStream:
    """A stream as a source; ``again`` gives it from its beginning."""

    def __init__(self, again: Callable[[], Stream], size: int) -> None:
        self.size = size
        self._again = again
        self._stream: Stream | None = None
        self._start = 0
        self._kept = b""
        """The bytes from ``_start`` to where the stream stands."""

    def read(self, start: int, end: int) -> bytes:
        """The bytes from ``start`` up to ``end``, fewer at the end.

        Raises:
            Ended: there are fewer than its size says.
        """
        end = min(end, self.size)
        if start >= end:
            return b""
        if self._stream is None or start < self._start:
            self._stream, self._start, self._kept = self._again(), 0, b""
        reached = self._start + len(self._kept)
        if end > reached:
            self._advance(self._stream, reached, start, end)
        return self._kept[start - self._start : end - self._start]

    def _advance(self, stream: Stream, reached: int, start: int, end: int) -> None:
        first = max(reached, start - KEPT)
        stream.skip(first - reached)
        kept = self._kept if first == reached else b""
        taken = kept + stream.take(end - first)
        keep = max(KEPT, end - start)
        self._start = end - min(len(taken), keep)
        self._kept = taken[-keep:]


def length(stream: Stream) -> int:
    """Bytes of a stream, which is at its end then."""
    count = 0
    while held := len(stream.peek(1)):
        held = len(stream.peek(KEPT))
        stream.skip(held)
        count += held
    return count


class Bounded(Stream):
    """At most so many bytes of another stream, as a stream."""

    def __init__(self, stream: Stream, size: int) -> None:
        super().__init__()
        self._inner = stream
        self._left = size

    def _next(self) -> bytes:
        count = min(self._left, 64 * 1024)
        self._left -= count
        return self._inner.take(count)

    def skip(self, count: int) -> None:
        """Go past ``count`` bytes within the bounds."""
        held = min(count, len(self._buffer) - self._at)
        super().skip(held)
        beyond = count - held
        if beyond > self._left:
            raise self._ended(beyond)
        self._inner.skip(beyond)
        self._left -= beyond
        self._gone += beyond
