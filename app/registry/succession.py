"""Who gets which version and number, when several versions of a model are made one after the other.

Nothing is read or written here: what is known of the model comes in, what is to be written goes out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from app.errors import ModelyardError
from app.ids import uuid7
from app.registry import semver
from app.registry.creation import VersionTaken, Wish
from app.registry.semver import SemVer
from app.registry.tables import Model
from app.tracking import candidates


@dataclass(frozen=True, slots=True)
class Standing:
    """A model at one moment, with all that decides about its next versions.

    ``mark`` changes with the model, and so whenever a version of it is made or deleted. ``taken`` has those of the
    wanted versions that live (id and number), ``candidates`` those of the wanted ones that are there, and whether they
    are in the trash; ``awaited`` the events that webhooks listen to.
    """

    model: Model
    mark: int
    release: SemVer | None
    highest: SemVer | None
    taken: Mapping[str, tuple[int, int]]
    candidates: Mapping[UUID, bool]
    awaited: Collection[str]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A version that is about to be made."""

    wish: Wish
    number: int
    version: SemVer
    precedence: bytes
    candidate_id: UUID


@dataclass(frozen=True, slots=True)
class Beaten:
    """Somebody wanted the version that this newcomer gets."""

    by: Newcomer


Place: TypeAlias = Newcomer | Beaten | ModelyardError


def arrange(standing: Standing, wishes: Sequence[Wish]) -> list[Place]:
    """What becomes of each wish; refused ones use no number up."""
    queue = _Queue(standing)
    return [queue.place(wish) for wish in wishes]


class _Queue:
    """The model as it will be when all newcomers so far have been made."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._number = standing.model.last_number
        self._release, self._highest = standing.release, standing.highest
        self._newcomers: dict[str, Newcomer] = {}

    def place(self, wish: Wish) -> Place:
        try:
            candidate_id = self._candidate(wish)
            version = self._version(wish)
        except ModelyardError as error:
            return error
        if (other := self._newcomers.get(version.text)) is not None:
            return Beaten(other)
        self._number += 1
        newcomer = Newcomer(wish, self._number, version, semver.precedence_key(version), candidate_id)
        self._admit(newcomer)
        return newcomer

    def _candidate(self, wish: Wish) -> UUID:
        if wish.candidate_id is None:
            return uuid7()
        match self._standing.candidates.get(wish.candidate_id):
            case None:
                raise candidates.not_found(wish.candidate_id)
            case True:
                raise candidates.in_trash(wish.candidate_id)
        return wish.candidate_id

    def _version(self, wish: Wish) -> SemVer:
        wanted = wish.version
        if wanted is None:
            return semver.bump(self._release, self._highest, wish.increment)
        taken = self._standing.taken.get(wanted.text)
        if wish.or_next and (taken or wanted.text in self._newcomers):
            return semver.bump(self._release, self._highest, wish.increment)
        if taken:
            raise VersionTaken(wanted.text, *taken)
        return wanted

    def _admit(self, newcomer: Newcomer) -> None:
        """Of equal precedence the later one counts as higher."""
        self._newcomers[newcomer.version.text] = newcomer
        if _reaches(newcomer, self._highest):
            self._highest = newcomer.version
        if not newcomer.version.is_prerelease and _reaches(newcomer, self._release):
            self._release = newcomer.version


def _reaches(newcomer: Newcomer, other: SemVer | None) -> bool:
    return other is None or newcomer.precedence >= semver.precedence_key(other)
