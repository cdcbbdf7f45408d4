"""Numbers and SemVer texts for versions of a model that are created together, one after the other.

Nothing is read or written here: the state of the model comes in, what is to be inserted goes out. An example, of a
model whose versions are 1.0.0 (READY) and 1.0.1 (OPEN), and whose last number is 2:

    assign(state, [next patch, "5.0.0", "5.0.0", next patch])
    -> number 3 with 1.0.2 (1.0.1 is reserved), number 4 with 5.0.0, a duplicate of that, number 5 with 5.0.1

The duplicate is refused like a version that exists, but only once the other one is committed: if that fails, all of
them are tried again. Refused requests use no number up, so numbers have no gaps.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias
from uuid import UUID

from app.errors import Conflict, ModelyardError
from app.ids import uuid7
from app.registry.references import semver
from app.registry.references.semver import Increment, SemVer
from app.registry.tables import Model
from app.registry.versions.request import VersionRequest, VersionTaken
from app.tracking import candidates

MAX_RESERVED = 10_000
"""Texts above the highest release that an automatic version steps over."""


class ExistingVersion(NamedTuple):
    """A living version that has a requested text."""

    id: int
    number: int
    state: str


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model at one moment, with all that decides about its next versions.

    Attributes:
        model: the model itself; ``last_number`` is the number of its latest version.
        mark: changes with the model's row, and so whenever a version of it is created or deleted.
        release: the highest release that is READY and not yanked.
        highest: the same with prereleases.
        reserved: texts above the release that no automatic version gets: of deleted, of yanked
            versions, and of those not READY.
        taken: the living versions that have requested texts, by text.
        retired: requested texts of deleted versions.
        candidates: which requested candidates exist, and whether they are in the trash.
        subscribed_events: what the webhooks of the project listen to.
    """

    model: Model
    mark: int
    release: SemVer | None
    highest: SemVer | None
    reserved: Collection[str]
    taken: Mapping[str, ExistingVersion]
    retired: Collection[str]
    candidates: Mapping[UUID, bool]
    subscribed_events: Collection[str]


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version that is about to be inserted."""

    request: VersionRequest
    number: int
    version: SemVer
    precedence: bytes
    candidate_id: UUID


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A request for the text that another one of the same batch gets."""

    of: NewVersion


Assignment: TypeAlias = NewVersion | Duplicate | ModelyardError


class TooManyReserved(Conflict):
    """Too many versions above the highest READY release failed or were deleted; name the version that you want."""


def assign(state: ModelState, requests: Sequence[VersionRequest]) -> list[Assignment]:
    """What each request gets, in their order: a version, or the reason why not."""
    numbering = _Numbering(state)
    return [numbering.assign(request) for request in requests]


class _Numbering:
    """The model as it will be when all new versions so far are inserted."""

    def __init__(self, state: ModelState) -> None:
        self._state = state
        self._number = state.model.last_number
        self._release, self._highest = state.release, state.highest
        self._new: dict[str, NewVersion] = {}
        self._unavailable = set(state.reserved)

    def assign(self, request: VersionRequest) -> Assignment:
        try:
            candidate_id = self._candidate(request)
            version = self._version(request)
        except ModelyardError as error:
            return error
        if (other := self._new.get(version.text)) is not None:
            return Duplicate(other)
        self._number += 1
        new = NewVersion(request, self._number, version, semver.precedence_key(version), candidate_id)
        self._add(new)
        return new

    def _candidate(self, request: VersionRequest) -> UUID:
        if request.candidate_id is None:
            return uuid7()
        match self._state.candidates.get(request.candidate_id):
            case None:
                raise candidates.not_found(request.candidate_id)
            case True:
                raise candidates.in_trash(request.candidate_id)
        return request.candidate_id

    def _version(self, request: VersionRequest) -> SemVer:
        version = request.version
        if version is None:
            return self._next(request.increment)
        taken = self._state.taken.get(version.text)
        in_use = taken or version.text in self._new or version.text in self._state.retired
        if request.or_next and in_use:
            return self._next(request.increment)
        if taken:
            raise VersionTaken(version.text, taken.id, taken.number, taken.state)
        return version

    def _next(self, increment: Increment) -> SemVer:
        """The next version whose text is free: what is reserved counts as if it had been released.

        Raises:
            TooManyReserved: there are more texts to step over than are read.
        """
        if len(self._state.reserved) >= MAX_RESERVED:
            raise TooManyReserved
        release, highest = self._release, self._highest
        while (version := semver.bump(release, highest, increment)).text in self._unavailable:
            release, highest = _raised(version, release, highest)
        return version

    def _add(self, new: NewVersion) -> None:
        """Of equal precedence the later one counts as higher; one that is OPEN does not count yet."""
        self._new[new.version.text] = new
        if new.request.is_open:
            self._unavailable.add(new.version.text)
        else:
            self._release, self._highest = _raised(new.version, self._release, self._highest)


def _raised(version: SemVer, release: SemVer | None, highest: SemVer | None) -> tuple[SemVer | None, SemVer | None]:
    """The highest release and the highest version of all, with one more version."""
    if _reaches(version, highest):
        highest = version
    if not version.is_prerelease and _reaches(version, release):
        release = version
    return release, highest


def _reaches(version: SemVer, other: SemVer | None) -> bool:
    return other is None or semver.precedence_key(version) >= semver.precedence_key(other)
