"""The directory of a zip archive, checked before anything in it is read.

The format: PKWARE APPNOTE 6.3.10, sections 4.3.12 (central directory), 4.3.14 to 4.3.16 (its end).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from app.inspection.archives.inflating import METHODS, Budget, Inflated
from app.inspection.archives.links import climbs
from app.inspection.limits import Limits
from app.inspection.reports import Malformed, Unread, shown
from app.inspection.source import FileStream, Part, Source, Stream

END = struct.Struct("<4s4H2LH")
END_MARK = b"PK\x05\x06"
LOCATOR = struct.Struct("<4sLQL")
LOCATOR_MARK = b"PK\x06\x07"
END64 = struct.Struct("<4sQ2H2L4Q")
END64_MARK = b"PK\x06\x06"
ENTRY = struct.Struct("<4s6H3L5H2L")
ENTRY_MARK = b"PK\x01\x02"
LOCAL = struct.Struct("<4s5H3L2H")
LOCAL_MARK = b"PK\x03\x04"
LONGEST_END = END.size + 0xFFFF
ENCRYPTED = 0x1 | 0x40
STORED = 0


class Hostile(Malformed):
    """The archive is made to harm the program that unpacks it."""


class NoDirectory(Malformed):
    """The archive is cut off: it has no directory."""


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of the directory; sizes in bytes."""

    name: str
    method: int
    encrypted: bool
    packed: int
    size: int
    offset: int


@dataclass(frozen=True, slots=True)
class End:
    """What the end of the archive says of its directory."""

    members: int
    size: int
    offset: int
    position: int


def members(source: Source, limits: Limits) -> list[Member]:
    """Every member, by position.

    Raises:
        Hostile: names that climb out, members over each other, sizes of a bomb.
        NoDirectory: there is none.
        Malformed: the directory does not fit the file, or others could find another one than is read here.
    """
    end = _end(source)
    if end.members > limits.archive_members:
        raise Hostile(f"The archive claims {end.members:,} members; at most {limits.archive_members:,} are looked at.")
    # Some readers look for the directory where its end says, others (Python's) just before its end.
    if end.offset + end.size != end.position:
        raise Malformed(
            f"The directory of the archive should be at {end.offset:,} to {end.offset + end.size:,},"
            f" but the archive ends at {end.position:,}."
        )
    if end.size > limits.header_bytes:
        raise Malformed(f"The directory of the archive takes {end.size:,} bytes; {limits.header_bytes:,} are read.")
    members = sorted(_entries(source, end), key=lambda member: member.offset)
    _check(members, end, limits)
    return members


def _end(source: Source) -> End:
    start = max(0, source.size - LONGEST_END)
    tail = source.read(start, source.size)
    at = tail.rfind(END_MARK)
    if at < 0:
        raise NoDirectory(f"The archive has no directory: it is cut off at {source.size:,} bytes, or no archive.")
    if len(tail) - at < END.size:
        raise Malformed(f"The end of the archive's directory is cut off at {source.size:,} bytes.")
    _, disk, first, _, count, size, offset, _ = END.unpack_from(tail, at)
    large = _end64(source, start + at)
    if large is not None:
        told = ((count, 0xFFFF, large.members), (size, 0xFFFFFFFF, large.size), (offset, 0xFFFFFFFF, large.offset))
        if any(value not in {unknown, expected} for value, unknown, expected in told):
            raise Malformed("The archive names two directories.")
        return large
    if disk or first:
        raise Malformed("The archive is spread over several files.")
    return End(count, size, offset, start + at)


def _end64(source: Source, end: int) -> End | None:
    raw = source.read(max(0, end - LOCATOR.size), end)
    if len(raw) < LOCATOR.size or not raw.startswith(LOCATOR_MARK):
        return None
    position = LOCATOR.unpack(raw)[2]
    # Some readers go where the locator says, others (Python's) look just before it.
    is_beside = position == end - LOCATOR.size - END64.size
    raw = source.read(position, position + END64.size) if is_beside else b""
    if len(raw) < END64.size or not raw.startswith(END64_MARK):
        raise Malformed(f"The archive has no directory at {position:,}, where its end says.")
    count, size, offset = END64.unpack(raw)[7:10]
    return End(count, size, offset, position)


def _entries(source: Source, end: End) -> Iterator[Member]:
    stream = FileStream(Part(source, end.offset, end.size))
    for _ in range(end.members):
        fields = ENTRY.unpack(stream.take(ENTRY.size))
        if fields[0] != ENTRY_MARK:
            raise Malformed(f"The directory of the archive is damaged at {end.offset + stream.position:,}.")
        flags, method = fields[3], fields[4]
        packed, size, name_length, extra_length, comment_length = fields[8:13]
        offset = fields[16]
        name = stream.take(name_length).decode("utf-8" if flags & 0x800 else "cp437", "replace")
        extra = stream.take(extra_length)
        stream.skip(comment_length)
        size, packed, offset = _large(extra, size, packed, offset)
        yield Member(name, method, bool(flags & ENCRYPTED), packed, size, offset)
    if stream.position != end.size:
        raise Malformed(
            f"The archive's directory has {end.size:,} bytes, its {end.members:,} entries take {stream.position:,}."
        )


def _large(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Sizes beyond 4 GiB stand in an extra field (APPNOTE 4.5.3)."""
    values = [size, packed, offset]
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            field, read = extra[at + 4 : at + 4 + length], 0
            for index, value in enumerate(values):
                if value == 0xFFFFFFFF and read + 8 <= len(field):
                    values[index] = int.from_bytes(field[read : read + 8], "little")
                    read += 8
        at += 4 + length
    return values[0], values[1], values[2]


def _check(members: list[Member], end: End, limits: Limits) -> None:
    reached, previous = 0, ""
    for member in members:
        told = shown(repr(member.name), 100)
        if climbs(member.name):
            raise Hostile(f"The archive has a member {told}, which would be written outside of its folder.")
        if member.offset < reached:
            raise Hostile(f"The members {shown(repr(previous), 100)} and {told} of the archive lie over each other.")
        reached, previous = member.offset + LOCAL.size + member.packed, member.name
        if reached > end.offset:
            raise Malformed(f"The member {told} ends at {reached:,}, within the directory at {end.offset:,}.")
    _weigh(sum(member.size for member in members), sum(member.packed for member in members), limits)


def _weigh(size: int, packed: int, limits: Limits) -> None:
    if size > limits.archive_bytes and size > 2 * packed:
        raise Hostile(
            f"The archive claims to unpack to {size:,} bytes from {packed:,}; at most {limits.archive_bytes:,}."
        )
    if size > limits.harmless_bytes and size > limits.archive_ratio * max(packed, 1):
        raise Hostile(f"The archive would unpack {packed:,} bytes to {size:,}, as bombs do.")


def content(source: Source, member: Member) -> Part:
    """The bytes of a member as they are stored.

    Raises:
        Malformed: what stands before them is not about this member.
    """
    raw = source.read(member.offset, member.offset + LOCAL.size)
    if len(raw) < LOCAL.size or not raw.startswith(LOCAL_MARK):
        raise Malformed(f"There is no member at {member.offset:,}, where the directory says.")
    fields = LOCAL.unpack(raw)
    start = member.offset + LOCAL.size + fields[9] + fields[10]
    if fields[3] != member.method:
        raise Malformed(f"The member {shown(repr(member.name), 100)} is packed otherwise than the directory says.")
    if start + member.packed > source.size:
        raise Malformed(
            f"The member {shown(repr(member.name), 100)} ends at {start + member.packed:,}, beyond the file."
        )
    return Part(source, start, member.packed)


def open_member(source: Source, member: Member, budget: Budget) -> Stream:
    """What a member holds.

    Raises:
        Unread: it is packed in a way that is not read here.
        Malformed: what stands before it is not about it.
    """
    stored = content(source, member)
    if member.method == STORED:
        return FileStream(stored)
    make = METHODS.get(member.method)
    if make is None:
        raise Unread(
            f"The member {shown(repr(member.name), 100)} is packed by method {member.method}, which is not read."
        )
    return Inflated(stored, make, budget)
