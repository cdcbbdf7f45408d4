"""The members of a tar archive, one after the other.

The format: POSIX.1-1988 ``ustar``, with the long names of GNU tar and of pax, which are gone past.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.inspection.archives.zips import Hostile, climbs
from app.inspection.limits import Limits
from app.inspection.reports import Malformed, shown
from app.inspection.source import Stream

BLOCK = 512
FILES = b"0\07"
LINKS = b"12"


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive; the stream stands at its first byte."""

    name: str
    size: int


def members(stream: Stream, limits: Limits) -> Iterator[Member]:
    """Every file; whoever iterates takes at most ``size`` bytes of the stream, the rest is gone past.

    Raises:
        Hostile: names and links that lead out.
        Malformed: the archive is damaged or cut off.
    """
    for _ in range(limits.archive_members):
        if not stream.peek(1):
            return
        block = stream.take(BLOCK)
        if not any(block):
            return
        name, size = _text(block[:100]), _number(block[124:136], stream.position)
        if climbs(name) or (block[156] in LINKS and climbs(_text(block[157:257]))):
            raise Hostile(f"The archive has a member {shown(repr(name), 100)} that leads outside of its folder.")
        end = stream.position + -(-size // BLOCK) * BLOCK
        if block[156] in FILES and size:
            yield Member(name, size)
        if stream.position > end:
            raise Malformed(f"The member {shown(repr(name), 100)} is longer than its {size:,} bytes.")
        stream.skip(end - stream.position)
    raise Hostile(f"The archive has more than {limits.archive_members:,} members.")


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")


def _number(field: bytes, position: int) -> int:
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if not digits:
        return 0
    try:
        size = int(digits, 8)
    except ValueError:
        size = -1
    if size < 0:
        raise Malformed(f"The tar header before byte {position:,} is damaged.")
    return size
