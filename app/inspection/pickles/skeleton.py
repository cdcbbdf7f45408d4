"""A pickle without its large values: the same opcodes, short enough to be shown to the scanners of others."""

from __future__ import annotations

STAND_INS = {0x95: b"", 0x46: b"G" + bytes(8), 0x97: b"N", 0x98: b""}
"""Lengths of frames would no longer be true; FLOAT, NEXT_BUFFER and READONLY_BUFFER are unknown to fickling."""
BYTEARRAY8, BINBYTES8 = 0x96, 0x8E


class Skeleton:
    """Grows until one of its limits is passed; then it is given up."""

    def __init__(self, most_bytes: int, most_opcodes: int) -> None:
        self._bytes = bytearray()
        self._most_bytes = most_bytes
        self._opcodes_left = most_opcodes
        self.whole = True

    def add_opcode(self, code: int, argument: bytes = b"") -> None:
        """An opcode with its argument, or what means the same to a scanner."""
        stand_in = STAND_INS.get(code)
        code = BINBYTES8 if code == BYTEARRAY8 else code
        self.add(bytes((code,)) + argument if stand_in is None else stand_in)

    def add(self, raw: bytes) -> None:
        """Append bytes as they are, unless a limit is passed."""
        if not self.whole:
            return
        self._opcodes_left -= 1
        if self._opcodes_left < 0 or len(self._bytes) + len(raw) > self._most_bytes:
            self.whole = False
            self._bytes = bytearray()
            return
        self._bytes += raw

    def bytes(self) -> bytes | None:
        """The skeleton, None when it was given up."""
        return bytes(self._bytes) if self.whole else None
