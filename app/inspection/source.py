"""Where the bytes of a file come from: ranges of it, never the whole."""

from __future__ import annotations

from typing import Protocol

from app.inspection.reports import Malformed, Unread

FIRST = 64 * 1024
MOST = 4 * 1024 * 1024
"""Bytes of one range; reading on doubles it from the first to the most."""
LONGEST_TAKE = 64 * 1024 * 1024


class RangeReader(Protocol):
    """A file in the store."""

    size: int

    async def read(self, start: int, end: int) -> bytes:
        """The bytes from ``start`` up to, not including, ``end``; shorter only at the end of the file."""


class Source(Protocol):
    """The same within the process that inspects; reading waits."""

    @property
    def size(self) -> int:
        """Bytes."""

    def read(self, start: int, end: int) -> bytes:
        """The bytes from ``start`` up to, not including, ``end``."""


class Part:
    """A range of a source, as a source."""

    def __init__(self, source: Source, start: int, size: int) -> None:
        self._source = source
        self._start = start
        self.size = size

    def read(self, start: int, end: int) -> bytes:
        """As of the whole, counted from the start of the range."""
        return self._source.read(self._start + start, self._start + min(end, self.size))


class Held:
    """Bytes in memory, as a source."""

    def __init__(self, held: bytes) -> None:
        self._held = held
        self.size = len(held)

    def read(self, start: int, end: int) -> bytes:
        """A slice."""
        return self._held[start:end]


class Ended(Malformed):
    """The bytes end before what they announce."""


class Unended(Ended):
    """A last line without a line feed; ``line`` is what there is of it."""

    def __init__(self, reason: str, line: bytes) -> None:
        super().__init__(reason)
        self.line = line


class Stream:
    """Bytes one after the other; ``position`` counts those that have gone by."""

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0
        self._gone = 0

    @property
    def position(self) -> int:
        """Bytes that have gone by, since the start of the file."""
        return self._gone + self._at

    def _next(self) -> bytes:
        """The bytes that follow the buffer; none at the end."""
        raise NotImplementedError

    def _more(self) -> bool:
        chunk = self._next()
        self._gone += self._at
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0
        return bool(chunk)

    def peek(self, count: int) -> bytes:
        """The next bytes without taking them; fewer only at the end."""
        while len(self._buffer) - self._at < count and self._more():
            pass
        return self._buffer[self._at : self._at + count]

    def take(self, count: int) -> bytes:
        """Exactly the next ``count`` bytes.

        Raises:
            Ended: there are not that many.
            Unread: more than is ever held in memory.
        """
        end = self._at + count
        if end <= len(self._buffer):
            taken = self._buffer[self._at : end]
            self._at = end
            return taken
        if count > LONGEST_TAKE:
            raise Unread(f"A single value of {count:,} bytes at byte {self.position:,} is not read.")
        if len(self.peek(count)) < count:
            raise self._ended(count)
        taken = self._buffer[self._at : self._at + count]
        self._at += count
        return taken

    def skip(self, count: int) -> None:
        """Go past ``count`` bytes without holding them."""
        left = count
        while left > len(self._buffer) - self._at:
            left -= len(self._buffer) - self._at
            self._at = len(self._buffer)
            if not self._more():
                raise self._ended(left)
        self._at += left

    def line(self, most: int) -> tuple[bytes, bool]:
        """Up to the next line feed, which is taken, too; the first ``most`` bytes, and whether that is all of it."""
        kept = b""
        whole = True
        while True:
            end = self._buffer.find(b"\n", self._at)
            piece = self._buffer[self._at : end if end >= 0 else len(self._buffer)]
            whole = whole and len(kept) + len(piece) <= most
            kept = (kept + piece)[:most]
            self._at += len(piece)
            if end >= 0:
                self._at += 1
                return kept, whole
            if not self._more():
                raise Unended(self._ended(1).reason, kept)

    def fork(self) -> Stream:
        """What follows, for a look ahead; this stream stays where it is."""
        return FileStream(Held(self.peek(FIRST)))

    def _ended(self, missing: int) -> Ended:
        return Ended(
            f"The bytes end at {self.position + len(self._buffer) - self._at:,}, before {missing:,} announced."
        )


class FileStream(Stream):
    """A source from one offset on; what is skipped is not read."""

    def __init__(self, source: Source, start: int = 0, *, first: int = FIRST) -> None:
        super().__init__()
        self._source = source
        self._gone = start
        self._step = first

    def _next(self) -> bytes:
        start = self._gone + len(self._buffer)
        if start >= self._source.size:
            return b""
        chunk = self._source.read(start, min(start + self._step, self._source.size))
        if not chunk:
            raise Ended(f"The file has {start:,} bytes only, not {self._source.size:,}.")
        self._step = min(self._step * 2, MOST)
        return chunk

    def skip(self, count: int) -> None:
        """Go past ``count`` bytes; those beyond the buffer are not read."""
        held = len(self._buffer) - self._at
        if count <= held:
            self._at += count
            return
        target = self.position + count
        if target > self._source.size:
            raise Ended(
                f"{count:,} bytes are announced at byte {self.position:,}, but the file ends at {self._source.size:,}."
            )
        self._buffer, self._at, self._gone, self._step = b"", 0, target, FIRST

    def fork(self) -> Stream:
        """What follows, for a look ahead; this stream stays where it is."""
        ahead = FileStream(self._source, self.position)
        ahead._buffer = self._buffer[self._at : self._at + FIRST]
        return ahead
