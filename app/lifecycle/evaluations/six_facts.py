"""The six facts of a version: what its sources say, which of it counts, and where they contradict each other.

A source says entries of a fact: of the source commit ``repository``, ``sha`` and ``branch``; of the training data a
digest or version by the name of each data set; of the hyper-parameters a value by name; of the metrics a value by name
and data set; of the environment ``image_digest``, ``hardware``, ``python`` and ``library:<name>``; of the stage
``stage``. For each entry the statement with the highest rank counts, of equal ones the latest: what was said of the
version by hand before what a CI job says, and that before tags, data sets and files. Nothing that was said goes away.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

LIBRARY = "library:"
_NEVER = datetime.min.replace(tzinfo=UTC)
_USER_INFO = re.compile(r"^([a-z][a-z0-9+.-]*://)[^/@]*@", re.IGNORECASE)
_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?", re.IGNORECASE)
_SHORT_SHA = 7


class FactKind(StrEnum):
    """The six facts."""

    SOURCE_COMMIT = "source_commit"
    TRAINING_DATA = "training_data"
    HYPER_PARAMETERS = "hyper_parameters"
    METRICS = "metrics"
    ENVIRONMENT = "environment"
    STAGE = "stage"


class FactSource(StrEnum):
    """Where a statement comes from; what is ``stated`` was said of the version itself, by a person or a job."""

    STATED = "stated"
    CI_JOB = "ci_job"
    TAG = "tag"
    DATASET = "dataset"
    PARAM = "param"
    FILE = "file"
    METRIC = "metric"
    EVALUATION = "evaluation"
    ONLINE = "online"
    STAGE = "stage"


OF_CANDIDATES = frozenset({FactSource.TAG, FactSource.DATASET, FactSource.PARAM, FactSource.METRIC})
"""What only callers may see who may read candidates; tags of the version itself are not among it."""
_RANKS = {FactSource.STATED: 3, FactSource.CI_JOB: 2}
_PARTS: dict[FactKind, tuple[str, ...]] = {
    FactKind.SOURCE_COMMIT: ("repository", "sha", "branch"),
    FactKind.ENVIRONMENT: ("image_digest", "hardware", "libraries"),
}
"""What a fact is made of, where that is more than a list."""


@dataclass(frozen=True, slots=True)
class SourceStatement:
    """What one source says of a fact. An entry that is None was taken back.

    ``detail`` names the source: the owner of a tag, the path of a file, the number of a CI job. ``is_kept``: a copy
    that was made when the version was sealed.
    """

    fact: FactKind
    entries: Mapping[str, str | None]
    source: FactSource
    learned_at: datetime | None
    detail: str = ""
    of_candidate: bool = False
    """Whether it comes from the candidate, so that only those may see it who may read candidates."""
    id: int | None = None
    reason: str = ""
    stated_by: int | None = None
    username: str = ""
    ci_job: str | None = None
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """An entry of which sources say different things; settled once someone has said of the version what holds."""

    entry: str
    values: Sequence[tuple[str, SourceStatement]]
    is_settled: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """One of the six facts: the entries that count, who said each, and all that was said, the latest first."""

    kind: FactKind
    entries: Mapping[str, str] = field(default_factory=dict)
    said_by: Mapping[str, SourceStatement] = field(default_factory=dict)
    statements: Sequence[SourceStatement] = ()
    conflicts: Sequence[Conflict] = ()

    @property
    def is_present(self) -> bool:
        """Whether it counts as known: a commit needs its SHA, an environment its image or its libraries."""
        match self.kind:
            case FactKind.SOURCE_COMMIT:
                return "sha" in self.entries
            case FactKind.ENVIRONMENT:
                return "image_digest" in self.entries or self._has_libraries
            case _:
                return bool(self.entries)

    @property
    def missing(self) -> list[str]:
        """The parts of it that no source has said."""
        parts = _PARTS.get(self.kind, ())
        return [part for part in parts if not (part in self.entries or (part == "libraries" and self._has_libraries))]

    @property
    def _has_libraries(self) -> bool:
        return any(entry.startswith(LIBRARY) for entry in self.entries)

    @property
    def value(self) -> Mapping[str, str]:
        """The entries, as conditions call them."""
        return self.entries

    @property
    def source(self) -> str:
        """The sources of what counts, by name."""
        return ", ".join(sorted({statement.source for statement in self.said_by.values()}))

    @property
    def learned_at(self) -> datetime | None:
        """When the latest part of what counts was learned; None where no source says when."""
        moments = [one.learned_at for one in self.said_by.values() if one.learned_at is not None]
        return max(moments, default=None)


def merged(statements: Iterable[SourceStatement], *, sealed_at: datetime | None = None) -> dict[FactKind, Fact]:
    """All six facts from what sources say.

    Of a sealed version, what was said until then counts; what was said later adds only what was missing.
    """
    by_fact: dict[FactKind, list[SourceStatement]] = defaultdict(list)
    for statement in statements:
        by_fact[statement.fact].append(statement)
    return {kind: _merged(kind, by_fact[kind], sealed_at) for kind in FactKind}


def present_count(facts: Mapping[FactKind, Fact]) -> int:
    """How many of the six are known."""
    return sum(fact.is_present for fact in facts.values())


def missing(facts: Mapping[FactKind, Fact]) -> list[FactKind]:
    """Those that are not known, in the order of the six."""
    return [kind for kind in FactKind if not facts[kind].is_present]


def same(entry: str, one: str, other: str) -> bool:
    """Whether two sources mean the same by an entry, though they may write it differently."""
    compare = _SAME.get(LIBRARY if entry.startswith(LIBRARY) else entry)
    return one == other or (compare is not None and compare(one, other))


def without_secrets(repository: str) -> str:
    """The address of a repository without the user and password that a CI system may have put into it."""
    return _USER_INFO.sub(r"\1", repository)


def _merged(kind: FactKind, said: Sequence[SourceStatement], sealed_at: datetime | None) -> Fact:
    statements = _once(said)
    has_kept = any(one.is_kept for one in statements)
    ordered = sorted(statements, key=lambda one: _order(one, sealed_at, has_kept=has_kept), reverse=True)
    winners: dict[str, SourceStatement] = {}
    for statement in ordered:
        for entry in statement.entries:
            winners.setdefault(entry, statement)
    entries = {entry: value for entry, one in sorted(winners.items()) if (value := one.entries[entry]) is not None}
    return Fact(
        kind=kind,
        entries=entries,
        said_by={entry: winners[entry] for entry in entries},
        statements=sorted(statements, key=lambda one: (one.learned_at or _NEVER, one.id or 0), reverse=True),
        conflicts=_conflicts(ordered, winners),
    )


def _once(statements: Sequence[SourceStatement]) -> list[SourceStatement]:
    """Without what a source still says as it was kept of it."""
    kept = [(one.source, one.detail, dict(one.entries)) for one in statements if one.is_kept]
    return [one for one in statements if one.is_kept or (one.source, one.detail, dict(one.entries)) not in kept]


def _order(
    statement: SourceStatement, sealed_at: datetime | None, *, has_kept: bool
) -> tuple[bool, int, datetime, int]:
    """What counts most is the greatest. Where the sources were kept at the sealing, what they say since is late."""
    learned = statement.learned_at or _NEVER
    was_said = learned <= sealed_at if sealed_at is not None else True
    is_early = statement.is_kept or (was_said and (statement.source is FactSource.STATED or not has_kept))
    return is_early, _RANKS.get(statement.source, 1), learned, statement.id or 0


def _conflicts(ordered: Sequence[SourceStatement], winners: Mapping[str, SourceStatement]) -> list[Conflict]:
    """For each entry what each source said last, where that differs from what counts."""
    conflicts = []
    for entry, winner in sorted(winners.items()):
        latest: dict[tuple[str, str, bool], SourceStatement] = {}
        for statement in ordered:
            if entry in statement.entries:
                latest.setdefault((statement.source, statement.detail, statement.is_kept), statement)
        held = winner.entries[entry]
        others = [
            (value, one)
            for one in latest.values()
            if one is not winner and (value := one.entries[entry]) is not None and not same(entry, value, held or "")
        ]
        if others:
            mine = [(held, winner)] if held is not None else []
            conflicts.append(Conflict(entry, [*mine, *others], winner.source is FactSource.STATED))
    return conflicts


def _same_repository(one: str, other: str) -> bool:
    """With or without scheme, user and ``.git``; a CI system may name only the path at its own host."""
    short, long = sorted((_bare_repository(one), _bare_repository(other)), key=len)
    return bool(short) and (long == short or long.endswith("/" + short))


def _bare_repository(address: str) -> str:
    bare = _SCHEME.sub("", address.strip()).rstrip("/").removesuffix(".git").lower()
    host, colon, path = bare.partition(":")
    return f"{host}/{path}" if colon and "/" not in host and not path.partition("/")[0].isdecimal() else bare


def _same_sha(one: str, other: str) -> bool:
    """A short one means what begins with it."""
    short, long = sorted((one.lower(), other.lower()), key=len)
    return len(short) >= _SHORT_SHA and long.startswith(short)


def _same_branch(one: str, other: str) -> bool:
    return one.removeprefix("refs/heads/") == other.removeprefix("refs/heads/")


def _same_image(one: str, other: str) -> bool:
    return one.rpartition("@")[2].lower() == other.rpartition("@")[2].lower()


def _same_release(one: str, other: str) -> bool:
    """``=1.26`` of conda means what ``==1.26.4`` of pip does; a library without a version means any."""
    short, long = sorted((one.lstrip("= "), other.lstrip("= ")), key=len)
    return not short or long == short or long.startswith(short + ".")


_SAME: dict[str, Callable[[str, str], bool]] = {
    "repository": _same_repository,
    "sha": _same_sha,
    "branch": _same_branch,
    "image_digest": _same_image,
    "python": _same_release,
    LIBRARY: _same_release,
}
