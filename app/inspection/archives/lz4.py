"""Decompression of LZ4, which Python's library does not have and joblib writes.

The formats: "LZ4 Frame Format" 1.6.2 and "LZ4 Block Format" of github.com/lz4/lz4. Checksums are not verified: the
program that loads the file does that.
"""

from __future__ import annotations

MAGIC = b"\x04\x22\x4d\x18"
VERSION, LINKED_NOT, BLOCK_SUM, SIZE, CONTENT_SUM, DICTIONARY = 0xC0, 0x20, 0x10, 0x08, 0x04, 0x01
"""Bits of the flags of a frame."""
LARGEST = {4: 64 * 1024, 5: 256 * 1024, 6: 1024 * 1024, 7: 4 * 1024 * 1024}
"""Bytes of a block by its code."""
WINDOW = 64 * 1024
"""Bytes back to which a block may refer."""
PLAIN = 1 << 31


class Damaged(OSError):
    """As bz2 raises one: what is compressed is damaged."""


class Lz4:
    """One frame, fed piece by piece; what is decompressed comes block by block."""

    def __init__(self) -> None:
        self.eof = False
        self.unused_data = b""
        self._packed = b""
        self._window = b""
        self._flags = -1
        self._largest = 0

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Feed bytes; the blocks that are whole now, at least one of them where there is one.

        Raises:
            Damaged: it is no frame, or a block refers to what is not there.
        """
        self._packed += data
        out = b""
        while not self.eof and len(out) < max_length:
            part = self._head() if self._flags < 0 else self._block()
            if part is None:
                break
            out += part
        return out

    def _head(self) -> bytes | None:
        """Go past the descriptor of the frame."""
        if len(self._packed) < len(MAGIC) + 2:
            return None
        flags, code = self._packed[4], self._packed[5] >> 4 & 7
        length = len(MAGIC) + 3 + 8 * bool(flags & SIZE) + 4 * bool(flags & DICTIONARY)
        if not self._packed.startswith(MAGIC) or flags & VERSION != 0x40 or code not in LARGEST:
            raise Damaged("The frame of LZ4 is none of version 1.")
        if flags & DICTIONARY:
            raise Damaged("The frame of LZ4 needs a dictionary, which no program has.")
        if len(self._packed) < length:
            return None
        self._flags, self._largest, self._packed = flags, LARGEST[code], self._packed[length:]
        return b""

    def _block(self) -> bytes | None:
        if len(self._packed) < 4:
            return None
        told = int.from_bytes(self._packed[:4], "little")
        size = told & ~PLAIN
        if size > self._largest:
            raise Damaged(f"A block of LZ4 claims {size:,} bytes; those of this frame have {self._largest:,} at most.")
        end = 4 + size + (4 * bool(self._flags & BLOCK_SUM) if told else 4 * bool(self._flags & CONTENT_SUM))
        if len(self._packed) < end:
            return None
        raw, self._packed = self._packed[4 : 4 + size], self._packed[end:]
        if not told:
            self.eof, self.unused_data, self._packed = True, self._packed, b""
            return b""
        window = b"" if self._flags & LINKED_NOT else self._window
        out = raw if told & PLAIN else unpacked(raw, window, self._largest)
        self._window = (window + out)[-WINDOW:]
        return out


def unpacked(raw: bytes, window: bytes, most: int) -> bytes:
    """What a block stands for, which may refer to the window before it.

    Raises:
        Damaged: it is cut off, longer than allowed, or refers to what is not there.
    """
    out, at = bytearray(window), 0
    try:
        while at < len(raw):
            token = raw[at]
            length, at = _length(raw, at + 1, token >> 4)
            out += raw[at : at + length]
            at += length
            if at >= len(raw):
                break
            back = raw[at] | raw[at + 1] << 8
            length, at = _length(raw, at + 2, token & 15)
            if not 0 < back <= len(out):
                raise Damaged(f"A block of LZ4 refers to {back:,} bytes back, where {len(out):,} are.")
            if len(out) - len(window) + length + 4 > most:
                raise Damaged(f"A block of LZ4 stands for more than {most:,} bytes.")
            _repeat(out, back, length + 4)
    except IndexError:
        raise Damaged("A block of LZ4 is cut off.") from None
    if at > len(raw):
        raise Damaged("A block of LZ4 is cut off.")
    return bytes(out[len(window) :])


def _length(raw: bytes, at: int, first: int) -> tuple[int, int]:
    """A length, of which the first part is full when more follow, and where what comes after it begins."""
    length = first
    if first == 15:
        while raw[at] == 255:
            length += 255
            at += 1
        length += raw[at]
        at += 1
    return length, at


def _repeat(out: bytearray, back: int, length: int) -> None:
    start = len(out) - back
    if back >= length:
        out += out[start : start + length]
    else:
        out += (bytes(out[start:]) * (length // back + 1))[:length]
