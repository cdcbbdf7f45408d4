"""Compressed bytes as a stream of what they stand for, within a budget."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from app.inspection.archives.lz4 import MAGIC, Lz4
from app.inspection.reports import Malformed, Unread
from app.inspection.source import FileStream, Source, Stream

CHUNK = 256 * 1024
MOST_MEMORY = 128 * 1024 * 1024
"""Bytes of dictionary that an xz or lzma file may ask for."""


class Budget:
    """How much may still be unpacked of one file, all of its parts together."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.left = most

    def spend(self, count: int) -> None:
        """Count what was unpacked.

        Raises:
            Unread: that was too much.
        """
        self.left -= count
        if self.left < 0:
            raise Unread(f"More than {self.most:,} bytes would have to be unpacked to look inside.")


class Inflater(Protocol):
    """What the decompressors of Python's library have in common."""

    @property
    def eof(self) -> bool:
        """Whether the compressed stream has ended."""

    @property
    def unused_data(self) -> bytes:
        """What follows the end of the compressed stream."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """The next bytes, at most ``max_length``."""


def _lzma() -> Inflater:
    return lzma.LZMADecompressor(memlimit=MOST_MEMORY)


MARKS: dict[bytes, Callable[[], Inflater]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\0": _lzma,
    b"\x5d\0": _lzma,
    MAGIC: Lz4,
    b"\x78": zlib.decompressobj,
}
METHODS: dict[int, Callable[[], Inflater]] = {
    8: lambda: zlib.decompressobj(wbits=-15),
    12: bz2.BZ2Decompressor,
}
"""Methods of zip archives that are read (APPNOTE 4.4.5)."""


def inflater_for(head: bytes) -> Callable[[], Inflater] | None:
    """The decompressor for a file that begins so; None when there is none here (zstd)."""
    return next((make for mark, make in MARKS.items() if head.startswith(mark)), None)


def before_damage(raw: bytes, make: Callable[[], Inflater], most: int) -> bytes:
    """What the first bytes of a damaged file stand for, up to the damage: a loader would have seen that much."""
    inflater, unpacked = make(), b""
    try:
        for position in range(len(raw)):
            unpacked += inflater.decompress(raw[position : position + 1], most)
            if inflater.eof or len(unpacked) >= most:
                break
    except (zlib.error, lzma.LZMAError, OSError, EOFError):
        pass  # the damage
    return unpacked


class Inflated(Stream):
    """What compressed bytes stand for; several compressed parts one after the other are one stream."""

    def __init__(self, source: Source, make: Callable[[], Inflater], budget: Budget) -> None:
        super().__init__()
        self._make = make
        self._budget = budget
        self._chunks = self._unpacked(FileStream(source), source.size)

    def _next(self) -> bytes:
        chunk = next((each for each in self._chunks if each), b"")
        self._budget.spend(len(chunk))
        return chunk

    def _unpacked(self, packed: Stream, size: int) -> Iterator[bytes]:
        inflater, fresh, ended = self._make(), True, False
        try:
            while packed.position < size:
                raw = packed.take(min(CHUNK, size - packed.position))
                while raw:
                    yield inflater.decompress(raw, CHUNK)
                    fresh = False
                    while not inflater.eof and (more := inflater.decompress(_pending(inflater), CHUNK)):
                        yield more
                    raw = inflater.unused_data if inflater.eof else b""
                    if inflater.eof:
                        inflater, fresh, ended = self._make(), True, True
        except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
            if fresh and ended:
                return  # what follows the end mark is padding, as for gzip itself
            raise Malformed(f"The compressed bytes before {packed.position:,} are damaged: {error}.") from None
        if not fresh:
            raise Malformed(f"The compressed bytes end at {size:,} before their end mark.")


def _pending(inflater: Inflater) -> bytes:
    """Input that zlib hands back when its output is limited; the others keep it."""
    return getattr(inflater, "unconsumed_tail", b"")
