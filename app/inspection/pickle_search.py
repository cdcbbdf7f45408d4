"""Looks for pickles in whatever carries them: arrays, archives, compressed files, and these within each other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

from app.inspection.archives import joined, tars, zips
from app.inspection.archives.inflating import Budget, Inflated, before_damage, inflater_for
from app.inspection.detection import HEAD, Kind, claims_pickle, detect, says_only_pickle
from app.inspection.formats import numpy_arrays
from app.inspection.limits import Limits
from app.inspection.pickles.dissection import Dissection, Dissector
from app.inspection.pickles.policy import Level
from app.inspection.replayed_stream import Bounded, ReplayedStream, length
from app.inspection.reports import Malformed, Unread, shown
from app.inspection.source import FileStream, Part, Source, Stream

Again: TypeAlias = Callable[[], Stream]
"""Gives the bytes that are looked at from their beginning."""
TORCH_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""First pickle of a file of ``torch.save`` before zip: a number (torch.serialization: ``MAGIC_NUMBER``)."""


@dataclass(slots=True)
class PickleSearch:
    """The pickles of one file, and what makes it suspicious."""

    limits: Limits
    dissections: list[Dissection] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What makes the file suspicious although no pickle does."""
    faults: list[str] = field(default_factory=list)
    """What could not be looked at although loading would."""
    unlike: str | None = None
    """Why what could be a pickle is none."""
    headers: dict[str, numpy_arrays.Header] = field(default_factory=dict)
    """NumPy arrays that are members of an archive, by name."""
    budget: Budget = field(init=False)
    members_left: int = field(init=False)

    def __post_init__(self) -> None:
        self.budget = Budget(self.limits.unpacked_bytes)
        self.members_left = self.limits.members_looked_at

    def pickles(self, stream: Stream, source: Source | None, depth: int) -> Dissection:
        """Every pickle of a stream; ``source`` is what its positions count in, None when it cannot be read again."""
        dissection = self._dissected(stream)
        self._keep(dissection, source, depth)
        return dissection

    def _dissected(self, stream: Stream) -> Dissection:
        old_torch = stream.peek(len(TORCH_MAGIC)) == TORCH_MAGIC
        dissection = Dissector(self._rest()).stream(stream)
        if old_torch and dissection.pickles >= 5:
            dissection.trailing = None  # the tensors
        return dissection

    def _keep(self, dissection: Dissection, source: Source | None, depth: int) -> None:
        self.dissections.append(dissection)
        for inside in dissection.nested:
            if source is None or depth >= self.limits.nesting:
                self.faults.append("It holds tensors in bytes that cannot be looked at.")
            else:
                self.pickles(FileStream(Part(source, inside.position, inside.length)), None, depth + 1)

    def _rest(self) -> Limits:
        """The same limits, less what has been used up."""
        used = sum(each.opcodes for each in self.dissections)
        return replace(self.limits, opcodes=max(1, self.limits.opcodes - used))

    def array(self, stream: Stream, size: int, depth: int) -> numpy_arrays.Header:
        """A NumPy file of ``size`` bytes; an array of objects is a pickle."""
        header = numpy_arrays.header(stream)
        numpy_arrays.check_size(header, size - stream.position)
        if header.objects:
            self.pickles(stream, None, depth)
        elif header.unknown:
            self.perhaps(stream, is_claimed=False)
        return header

    def compressed(self, source: Source, name: str, depth: int) -> bool:
        """A compressed file; whether it holds anything that is looked at."""
        make = inflater_for(source.read(0, 16))
        if make is None:
            if claims_pickle(name):
                self.faults.append("It is compressed in a way that is not read here.")
            return claims_pickle(name)
        again = partial(Inflated, source, make, self.budget)
        stream = again()
        try:
            head = stream.peek(HEAD)
        except Malformed:
            begun = before_damage(source.read(0, min(HEAD, source.size)), make, HEAD)
            if claims_pickle(name) or detect(begun, 1 << 62, "") in {Kind.PICKLE, Kind.PERHAPS_PICKLE}:
                raise
            return False
        kind = detect(head, 1 << 62, name if claims_pickle(name) else "")
        if kind is Kind.PERHAPS_PICKLE and says_only_pickle(name):
            kind = Kind.PICKLE
        elif kind is Kind.PERHAPS_PICKLE or (kind is Kind.PICKLE and not claims_pickle(name)):
            return self.perhaps(stream, is_claimed=False)
        return self._inside(kind, stream, name, depth, again)

    def perhaps(self, stream: Stream, *, is_claimed: bool, source: Source | None = None, depth: int = 0) -> bool:
        """Whether bytes that could be pickles are some: they can be followed, or what can be followed does something.

        Text may begin as pickles of old protocols do, which import by words on lines of their own. To import is no
        harm by itself, and unpickling bytes that break off before anything is called ends with an error.
        """
        dissection = self._dissected(stream)
        if dissection.broken:
            self.unlike = dissection.broken
            is_harmful = dissection.acted and dissection.usage.level is Level.DANGEROUS
            if not is_harmful and not (is_claimed and (dissection.acted or dissection.given_up)):
                return False
        elif dissection.trailing is not None and not dissection.usage.acted and not dissection.usage.imports:
            return False
        self._keep(dissection, source, depth)
        return True

    def _inside(self, kind: Kind | None, stream: Stream, name: str, depth: int, again: Again) -> bool:
        """What a stream holds that is no pickle by itself; whether it was looked at."""
        if kind is Kind.PICKLE:
            self.pickles(stream, None, depth)
        elif kind is Kind.NUMPY:
            header = self.array(stream, 1 << 62, depth)
            if len(self.headers) < self.limits.listed:
                self.headers[name] = header
        elif kind is Kind.TAR:
            self.tar(stream, depth, again)
        elif kind in {Kind.ZIP, Kind.COMPRESSED}:
            self.file(ReplayedStream(again, length(again())), name, depth + 1)
        else:
            return False
        return True

    def tar(self, stream: Stream, depth: int, again: Again) -> list[str]:
        """A tar archive; the names of its first members."""
        if depth > self.limits.nesting:
            raise Malformed(f"Archives are nested deeper than {self.limits.nesting}.")
        names: list[str] = []
        for member in tars.members(stream, self.limits):
            names.append(shown(member.name, 100)) if len(names) < self.limits.listed else None
            start, end = stream.position, stream.position + member.size
            source = ReplayedStream(partial(_from, again, start), member.size)
            try:
                self._look(Bounded(stream, member.size), source, member.name, depth)
            except zips.Hostile:
                raise
            except Malformed as error:
                stream.skip(end - stream.position)  # raises when it is the archive that is cut off
                self.faults.append(f"The member {shown(repr(member.name), 100)}: {error.reason}")
        return names

    def zip(self, source: Source, members: list[zips.Member], depth: int, skipped: frozenset[str]) -> None:
        """Every member of a zip archive but those that are known to hold bare numbers."""
        if depth > self.limits.nesting:
            raise Malformed(f"Archives are nested deeper than {self.limits.nesting}.")
        # Those that loaders unpickle come first, so that no number of others hides them.
        for member in sorted(members, key=lambda one: not claims_pickle(one.name)):
            if member.name in skipped or not member.size:
                continue
            if self.members_left <= 0:
                if claims_pickle(member.name):
                    self.faults.append(f"It has more than {self.limits.members_looked_at:,} members that are pickles.")
                self.notes.append(f"Only the first {self.limits.members_looked_at:,} members have been looked at.")
                return
            self.members_left -= 1
            self._member(source, member, depth)

    def _member(self, source: Source, member: zips.Member, depth: int) -> None:
        again = partial(zips.open_member, source, member, self.budget)
        try:
            stream = again()
        except Unread as error:
            (self.faults if claims_pickle(member.name) else self.notes).append(error.reason)
            return
        except Malformed as error:
            self._fault(member, error)
            return
        try:
            inside = (
                zips.content(source, member) if member.method == zips.STORED else ReplayedStream(again, member.size)
            )
            self._look(stream, inside, member.name, depth, is_encrypted=member.encrypted)
        except zips.Hostile:
            raise
        except Malformed as error:
            self._fault(member, error)

    def _fault(self, member: zips.Member, error: Malformed) -> None:
        told = f"{shown(repr(member.name), 100)}: {error.reason}"
        self.faults.append(f"The encrypted member {told}" if member.encrypted else f"The member {told}")

    def _look(self, stream: Stream, source: Source, name: str, depth: int, *, is_encrypted: bool = False) -> None:
        """One member: by its first bytes, and by its name where they do not tell."""
        head = stream.peek(HEAD)
        kind = detect(head, 1 << 62, name if claims_pickle(name) else "")
        if kind is Kind.PERHAPS_PICKLE and is_encrypted and claims_pickle(name):
            self.pickles(stream, source, depth)
        elif kind in {Kind.PICKLE, Kind.PERHAPS_PICKLE}:
            is_claimed = kind is Kind.PICKLE or claims_pickle(name)
            self.perhaps(stream, is_claimed=is_claimed, source=source, depth=depth)
        elif kind in {Kind.ZIP, Kind.COMPRESSED}:
            self.file(source, name, depth + 1)
        else:
            self._inside(kind, stream, name, depth, partial(FileStream, source))

    def file(self, source: Source, name: str, depth: int) -> None:
        """A zip archive, several in a row, or a compressed file within another; none that is cut off."""
        if depth > self.limits.nesting:
            raise Malformed(f"Archives are nested deeper than {self.limits.nesting}.")
        if source.read(0, 2) != b"PK":
            self.compressed(source, name, depth)
            return
        with suppress(zips.NoDirectory):
            for part, members in joined.opened(source, self.limits):
                self.zip(part, members, depth, frozenset())


def _from(again: Again, start: int) -> Stream:
    stream = again()
    stream.skip(start)
    return stream
