"""Who gets which version and number, when several versions of a model are made one after the other.

Nothing is read or written here: what is known of the model comes in, what is to be written goes out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from app.errors import Conflict, ModelyardError
from app.ids import uuid7
from app.registry.references import semver
from app.registry.references.semver import Increment, SemVer
from app.registry.tables import Model
from app.registry.versions.request import VersionRequest, VersionTaken
from app.tracking import candidates

MOST_RESERVED = 10_000
"""Texts above the highest release that an automatic version steps over."""


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model at one moment, with all that decides about its next versions.

    ``mark`` changes with the model, and so whenever a version of it is made or deleted. ``release`` and ``highest`` are
    READY; ``reserved`` has the texts above them that no automatic version can get: of versions that are not READY, and
    of deleted ones. ``taken`` has those of the wanted versions that live (id, number and state), ``retired`` those that
    were deleted, ``candidates`` those of the wanted ones that are there, and whether they are in the trash; ``awaited``
    the events that webhooks listen to.
    """

    model: Model
    mark: int
    release: SemVer | None
    highest: SemVer | None
    reserved: Collection[str]
    taken: Mapping[str, tuple[int, int, str]]
    retired: Collection[str]
    candidates: Mapping[UUID, bool]
    awaited: Collection[str]


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version that is about to be made."""

    wish: VersionRequest
    number: int
    version: SemVer
    precedence: bytes
    candidate_id: UUID


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Somebody wanted the version that this newcomer gets."""

    by: NewVersion


Assignment: TypeAlias = NewVersion | Duplicate | ModelyardError


def assign(standing: ModelState, wishes: Sequence[VersionRequest]) -> list[Assignment]:
    """What becomes of each wish; refused ones use no number up."""
    queue = _Queue(standing)
    return [queue.place(wish) for wish in wishes]


class TooManyReserved(Conflict):
    """Too many versions above the highest READY release failed or were deleted; name the version that you want."""


class _Queue:
    """The model as it will be when all newcomers so far have been made."""

    def __init__(self, standing: ModelState) -> None:
        self._standing = standing
        self._number = standing.model.last_number
        self._release, self._highest = standing.release, standing.highest
        self._newcomers: dict[str, NewVersion] = {}
        self._unavailable = set(standing.reserved)

    def place(self, wish: VersionRequest) -> Assignment:
        try:
            candidate_id = self._candidate(wish)
            version = self._version(wish)
        except ModelyardError as error:
            return error
        if (other := self._newcomers.get(version.text)) is not None:
            return Duplicate(other)
        self._number += 1
        newcomer = NewVersion(wish, self._number, version, semver.precedence_key(version), candidate_id)
        self._admit(newcomer)
        return newcomer

    def _candidate(self, wish: VersionRequest) -> UUID:
        if wish.candidate_id is None:
            return uuid7()
        match self._standing.candidates.get(wish.candidate_id):
            case None:
                raise candidates.not_found(wish.candidate_id)
            case True:
                raise candidates.in_trash(wish.candidate_id)
        return wish.candidate_id

    def _version(self, wish: VersionRequest) -> SemVer:
        wanted = wish.version
        if wanted is None:
            return self._next(wish.increment)
        taken = self._standing.taken.get(wanted.text)
        in_use = taken or wanted.text in self._newcomers or wanted.text in self._standing.retired
        if wish.or_next and in_use:
            return self._next(wish.increment)
        if taken:
            raise VersionTaken(wanted.text, *taken)
        return wanted

    def _next(self, increment: Increment) -> SemVer:
        """The next version whose text is free: what is reserved counts as if it had been released.

        Raises:
            TooManyReserved: there are more texts to step over than are looked at.
        """
        if len(self._standing.reserved) >= MOST_RESERVED:
            raise TooManyReserved
        release, highest = self._release, self._highest
        while (version := semver.bump(release, highest, increment)).text in self._unavailable:
            release, highest = _raised(version, release, highest)
        return version

    def _admit(self, newcomer: NewVersion) -> None:
        """Of equal precedence the later one counts as higher; one that is OPEN does not count yet."""
        self._newcomers[newcomer.version.text] = newcomer
        if newcomer.wish.is_open:
            self._unavailable.add(newcomer.version.text)
        else:
            self._release, self._highest = _raised(newcomer.version, self._release, self._highest)


def _raised(version: SemVer, release: SemVer | None, highest: SemVer | None) -> tuple[SemVer | None, SemVer | None]:
    """The highest release and the highest version of all, with one more version."""
    if _reaches(version, highest):
        highest = version
    if not version.is_prerelease and _reaches(version, release):
        release = version
    return release, highest


def _reaches(version: SemVer, other: SemVer | None) -> bool:
    return other is None or semver.precedence_key(version) >= semver.precedence_key(other)
