"""One header of a tar archive, and the numbers in it, as Python's ``tarfile`` reads them.

The format: POSIX.1-1988 ``ustar`` and what came before it, GNU tar's large numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.inspection.reports import Malformed

BLOCK = 512
CHECKSUM = slice(148, 156)
"""Where the sum of the bytes of a header stands."""
HARD_LINK, SYMBOLIC_LINK = ord("1"), ord("2")
WITHOUT_BYTES = frozenset(b"123456")
"""Links, devices, folders, pipes: whatever size they claim, the next header follows (``TarFile._proc_builtin``)."""


@dataclass(frozen=True, slots=True)
class Header:
    """What one block says of the member that follows."""

    name: str
    target: str
    """Where a link leads to."""
    type: int
    size: int
    """Bytes in the archive."""

    @property
    def stored(self) -> int:
        """Bytes that follow in the archive, less those that fill up the last block."""
        return 0 if self.type in WITHOUT_BYTES or (self.type == 0 and self.name.endswith("/")) else self.size

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic or hard link."""
        return self.type in {HARD_LINK, SYMBOLIC_LINK}


def read(block: bytes, position: int) -> Header:
    """The header in a block of 512 bytes that ends at ``position``.

    Raises:
        Malformed: its size is no number.
    """
    name, type = text(block[:100]), block[156]
    prefix = text(block[345:500])
    if prefix and type not in b"LKS":  # of GNU tar, which has other things there
        name = f"{prefix}/{name}"
    size = number(block[124:136])
    if size is None or size < 0:
        raise Malformed(f"The tar header before byte {position:,} is damaged.")
    return Header(name, text(block[157:257]), type, size)


def text(field: bytes) -> str:
    """Up to the first NUL."""
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")


def number(field: bytes) -> int | None:
    """A number in octal digits or, when the first bit is set, in bytes; None if it is none (``tarfile.nti``)."""
    if field[0] in {0x80, 0xFF}:
        return int.from_bytes(field[1:], "big") - (256 ** (len(field) - 1) if field[0] == 0xFF else 0)
    try:
        return int(field.split(b"\0", 1)[0].decode("ascii").strip() or "0", 8)
    except ValueError:
        return None


def sums_up(block: bytes) -> bool:
    """Whether a block is a header, with or without a mark: the sum of its bytes, its own as spaces, stands in it."""
    if len(block) < BLOCK or not block[0]:
        return False
    told = number(block[CHECKSUM])
    if not told:
        return False
    total = sum(block) - sum(block[CHECKSUM]) + 8 * ord(" ")
    high = sum(byte > 0x7F for byte in block) - sum(byte > 0x7F for byte in block[CHECKSUM])
    return told in {total, total - 256 * high}
