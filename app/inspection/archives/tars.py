"""The members of a tar archive, one after the other.

The format: POSIX.1-2001 ``pax`` and GNU tar, as Python's ``tarfile`` reads them: names and sizes may stand in headers
of their own before that of the member.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from app.inspection.archives.headers import BLOCK, SYMBOLIC_LINK, Header, read, text
from app.inspection.archives.links import Tree
from app.inspection.archives.zips import Hostile
from app.inspection.limits import Limits
from app.inspection.reports import Malformed, shown
from app.inspection.source import Stream

LONGEST_EXTENSION = 1024 * 1024
"""Bytes of a header for long names and other properties."""
GNU_EXTENSIONS = {ord("L"): "path", ord("K"): "linkpath"}
PAX_NEXT, PAX_ALL, SOLARIS = ord("x"), ord("g"), ord("X")
NAMES = ("GNU.sparse.name", "path")
SPARSE = ord("S")
SPARSE_FOLLOWS, SPARSE_GOES_ON = 482, 504
"""Bytes that say whether another block about a sparse file follows, of the header and of such a block."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive; the stream stands at its first byte."""

    name: str
    size: int


@dataclass(slots=True)
class _Extensions:
    """What has been said before the header of a member; of two that say the same the first counts, as in Python."""

    next: dict[str, str] = field(default_factory=dict)
    all: dict[str, str] = field(default_factory=dict)

    def applied(self, header: Header) -> Header:
        told = self.all | self.next
        self.next = {}
        name = next((told[each] for each in NAMES if each in told), header.name)
        size = told.get("size", "")
        return replace(
            header,
            name=name,
            target=told.get("linkpath", header.target),
            size=int(size) if size.isdecimal() and len(size) < 20 else header.size,
        )


def members(stream: Stream, limits: Limits) -> Iterator[Member]:
    """Every file; the caller takes at most ``size`` bytes of the stream, the rest is skipped.

    Raises:
        Hostile: names and links that lead out.
        Malformed: the archive is damaged or cut off.
    """
    tree, extensions = Tree(), _Extensions()
    for _ in range(limits.archive_members):
        header = _header(stream, extensions)
        if header is None:
            leading_out = tree.leading_out()
            if leading_out is not None:
                raise _outside(leading_out)
            return
        _add_to(header, tree)
        end = stream.position + -(-header.stored // BLOCK) * BLOCK
        if header.stored:  # of a type that is not known, too: it is unpacked as a file
            yield Member(header.name, header.size)
        if stream.position > end:
            raise Malformed(f"The member {shown(repr(header.name), 100)} is longer than its {header.size:,} bytes.")
        stream.skip(end - stream.position)
    raise Hostile(f"The archive has more than {limits.archive_members:,} members.")


def _header(stream: Stream, extensions: _Extensions) -> Header | None:
    """The next header of a member, with what the headers before it say of it; None at the end."""
    while stream.peek(1):
        block = stream.take(BLOCK)
        if not any(block):
            return None
        header = read(block, stream.position)
        if header.type in GNU_EXTENSIONS:
            extensions.next.setdefault(GNU_EXTENSIONS[header.type], text(_content(stream, header)))
        elif header.type in {PAX_NEXT, SOLARIS}:
            extensions.next = _records(_content(stream, header)) | extensions.next
        elif header.type == PAX_ALL:
            extensions.all |= _records(_content(stream, header))
        else:
            follows = header.type == SPARSE and block[SPARSE_FOLLOWS]
            while follows:
                follows = stream.take(BLOCK)[SPARSE_GOES_ON]
            return extensions.applied(header)
    return None


def _content(stream: Stream, header: Header) -> bytes:
    if header.size > LONGEST_EXTENSION:
        raise Malformed(
            f"A header before byte {stream.position:,} claims {header.size:,} bytes; {LONGEST_EXTENSION:,} are read."
        )
    content = stream.take(header.size)
    stream.skip(-header.size % BLOCK)
    return content


def _records(content: bytes) -> dict[str, str]:
    """Properties as pax writes them: ``length key=value`` and a line feed each."""
    records: dict[str, str] = {}
    at = 0
    while at < len(content) and content[at]:
        digits, _, _ = content[at : at + 20].partition(b" ")
        length = int(digits) if digits.isdigit() else 0
        key, equals, value = content[at + len(digits) + 1 : at + length - 1].partition(b"=")
        if length < len(digits) + 3 or not equals:
            raise Malformed("A pax header of the archive is damaged.")
        records[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        at += length
    return records


def _add_to(header: Header, tree: Tree) -> None:
    if tree.leaves(header.name):
        raise _outside(header.name)
    if header.is_link:
        add = tree.add_symbolic if header.type == SYMBOLIC_LINK else tree.add_hard
        if add(header.name, header.target):
            raise _outside(header.name)


def _outside(name: str) -> Hostile:
    return Hostile(f"The archive has a member {shown(repr(name), 100)} that leads outside of its folder.")
