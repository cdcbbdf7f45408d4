"""Checks an export of the audit log: each entry against its hash, each hash against the one before, all against heads.

An export has one JSON object in a line: ``header``, then the ``head`` lines that the installation has itself, then an
``entry`` for each place of the chain, then ``end``. ``entry_hash`` is SHA-256 of the entry as
``json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)``; ``chain_hash`` is SHA-256 of the bytes
of the ``chain_hash`` before (32 zero bytes before the first) and of ``entry_hash``. Lines are read one by one, so an
export may be of any size.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

GENESIS = bytes(32)
FORMAT = "modelyard-audit/1"
MOST_PROBLEMS = 100
"""Problems that are told; the others are counted."""


@dataclass(frozen=True)
class Head:
    """The hash of a chain at an entry, as it was told at a time."""

    chain: int
    seq: int
    chain_hash: str
    at: str


@dataclass
class Report:
    """What a check has found; ``problems`` are sentences, each with the number of the entry it is about."""

    entries: int = 0
    heads: int = 0
    """Heads of this chain that were compared."""
    chain: int | None = None
    last_seq: int = 0
    last_hash: str = ""
    proven: int = 0
    """The last entry that a stored head agrees with; what comes after it is only consistent in itself."""
    problems: list[str] = field(default_factory=list)
    more_problems: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return not self.problems

    def add(self, problem: str) -> None:
        """Note a problem, or count it."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)
        else:
            self.more_problems += 1


def verify(lines: Iterable[str], stored: Sequence[Head] = ()) -> Report:
    """Check an export, line by line; ``stored`` are heads that were kept elsewhere."""
    checker = _Checker(stored)
    for number, line in enumerate(lines, 1):
        if line.strip():
            checker.read(number, line)
    return checker.finish()


def heads_of(lines: Iterable[str]) -> Iterator[Head]:
    """The heads in a file: an export, or lines of heads alone.

    Raises:
        ValueError: a line is no JSON object, or a head lacks something.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        value = _object(line)
        if value is None:
            raise ValueError(f"Line {number} is not a JSON object.")
        if value.get("type") == "head":
            head = _head(value)
            if head is None:
                raise ValueError(f"The head in line {number} lacks its chain, its seq or its hash.")
            yield head


def canonical(entry: dict[str, Any]) -> bytes:
    """The bytes of an entry that are hashed."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


class _Checker:
    def __init__(self, stored: Sequence[Head]) -> None:
        self.report = Report()
        self._stored: dict[int, list[Head]] = {}
        for head in stored:
            self._stored.setdefault(head.seq, []).append(head)
        self._own: dict[int, list[Head]] = {}
        """Heads of the export itself: they agree with it, or show that someone was careless."""
        self._hash, self._before = GENESIS, GENESIS
        """The hash of the line before, and the one before that."""
        self._has_ended = False
        self._told_end: object = None

    def read(self, number: int, line: str) -> None:
        value = _object(line)
        if value is None:
            self.report.add(f"Line {number} is not a JSON object: the file was cut or damaged.")
            return
        kind = value.get("type")
        if kind == "header":
            self._header(value)
        elif kind == "entry":
            self._entry(number, value)
        elif kind == "head":
            self._own_head(number, value)
        elif kind == "unchained":
            self._unchained(value)
        elif kind == "end":
            self._has_ended, self._told_end = True, value.get("seq")
        else:
            self.report.add(f"Line {number} is of no known type ({kind!r}).")

    def _header(self, value: dict[str, Any]) -> None:
        if value.get("format") != FORMAT:
            self.report.add(f"The format is {value.get('format')!r}; this program knows {FORMAT!r}.")
        self.report.chain = value.get("chain")

    def _entry(self, number: int, value: dict[str, Any]) -> None:
        report = self.report
        seq, content = value.get("seq"), value.get("entry")
        entry_hash, chain_hash = _bytes(value.get("entry_hash")), _bytes(value.get("chain_hash"))
        if not isinstance(seq, int) or entry_hash is None or chain_hash is None:
            report.add(f"Line {number} lacks its seq or a hash.")
            return
        report.entries += 1
        self._sequence(seq)
        if content is None:
            report.add(f"Entry {seq} was removed: its place in the chain is there, its content is not.")
        elif not isinstance(content, dict) or hashlib.sha256(canonical(content)).digest() != entry_hash:
            report.add(f"Entry {seq} was altered: its content does not have its hash ({_described(content)}).")
        elif report.chain is not None and content.get("chain") != report.chain:
            report.add(f"Entry {seq} is of another chain ({content.get('chain')!r}, not {report.chain}).")
        self._link(seq, entry_hash, chain_hash)
        report.last_seq, report.last_hash = max(seq, report.last_seq), chain_hash.hex()
        for head in self._own.pop(seq, ()):
            self._compare(head, chain_hash.hex(), is_stored=False)
        for head in self._stored.pop(seq, ()):
            self._compare(head, chain_hash.hex(), is_stored=True)

    def _sequence(self, seq: int) -> None:
        expected = self.report.last_seq + 1
        if seq == expected:
            return
        if seq < expected:
            self.report.add(f"Entry {seq} stands after entry {self.report.last_seq}: it was inserted, or moved.")
        else:
            missing = f"Entry {expected} is" if seq == expected + 1 else f"Entries {expected} to {seq - 1} are"
            self.report.add(f"{missing} missing: after entry {self.report.last_seq} follows entry {seq}.")

    def _link(self, seq: int, entry_hash: bytes, chain_hash: bytes) -> None:
        if hashlib.sha256(self._hash + entry_hash).digest() == chain_hash:
            self._before = self._hash
        elif hashlib.sha256(self._before + entry_hash).digest() == chain_hash:
            self.report.add(f"The entry before entry {seq} was inserted: the chain goes on without it.")
        elif seq == self.report.last_seq + 1:
            self.report.add(
                f"Entry {seq} does not follow entry {seq - 1}: its hash was altered, or entries between were removed."
            )
            self._before = self._hash
        self._hash = chain_hash

    def _own_head(self, number: int, value: dict[str, Any]) -> None:
        head = _head(value)
        if head is None:
            self.report.add(f"The head in line {number} lacks its chain, its seq or its hash.")
        else:
            self._own.setdefault(head.seq, []).append(head)

    def _unchained(self, value: dict[str, Any]) -> None:
        self.report.add(
            f"Entry with id {value.get('id')} is in the log and has no place in the chain: it was inserted past it."
        )

    def _compare(self, head: Head, chain_hash: str, *, is_stored: bool) -> None:
        if self.report.chain is not None and head.chain != self.report.chain:
            return
        self.report.heads += is_stored
        if head.chain_hash == chain_hash:
            if is_stored and self.report.is_sound:
                self.report.proven = max(self.report.proven, head.seq)
            return
        since = f"after entry {self.report.proven}" if self.report.proven else "from the beginning on"
        self.report.add(
            f"Entry {head.seq} does not have the hash that the head of {head.at} says: something up to it was changed, "
            f"{since}."
        )

    def finish(self) -> Report:
        report = self.report
        left = [(head, True) for heads in self._stored.values() for head in heads]
        left += [(head, False) for heads in self._own.values() for head in heads]
        for head, is_stored in sorted(left, key=lambda one: one[0].seq):
            if report.chain is None or head.chain == report.chain:
                report.heads += is_stored
                report.add(
                    f"The head of {head.at} knows entry {head.seq}, and the export ends at entry {report.last_seq}: "
                    f"{_count(head.seq - report.last_seq)} removed at the end."
                    if head.seq > report.last_seq
                    else f"The head of {head.at} knows entry {head.seq}, which is not in the export."
                )
        if report.chain is None:
            report.add("The export has no header: its beginning was removed.")
        if not self._has_ended:
            report.add("The export has no end: it was cut, or is not complete yet.")
        elif self._told_end != report.last_seq:
            report.add(
                f"The export says that it ends at entry {self._told_end}, and its last one is {report.last_seq}."
            )
        return report


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _head(value: dict[str, Any]) -> Head | None:
    chain, seq, chain_hash = value.get("chain"), value.get("seq"), value.get("chain_hash")
    if not isinstance(chain, int) or not isinstance(seq, int) or _bytes(chain_hash) is None:
        return None
    return Head(chain, seq, str(chain_hash).lower(), str(value.get("at", "")))


def _bytes(text: object) -> bytes | None:
    try:
        value = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return None
    return value if len(value) == 32 else None


def _described(content: object) -> str:
    if not isinstance(content, dict):
        return "it is no object"
    return f"{content.get('action')} {content.get('type')} {content.get('key')} at {content.get('at')}"


def _count(number: int) -> str:
    return "one entry was" if number == 1 else f"{number} entries were"
