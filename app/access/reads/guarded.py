"""Reads in many projects at once, each done only where the actor may.

Keys are tuples that begin with the project. Results come in the order of the keys; a key that the actor may not read
has its refusal as the result, so that one hidden parent does not hide its neighbours.

Worked example: GraphQL selects the experiments of fifty models, of which two stand in a project whose experiments are
switched off. One statement reads the projects, one the experiments of the other forty-eight; the two get `SwitchedOff`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.access.projects import ProjectNotFound
from app.db import batch_reads
from app.db.database import Database, Snapshot
from app.errors import Forbidden, ModelyardError, Unauthenticated
from app.pagination import Keyset, Page, Window
from app.search.keyset import PageRequest

T = TypeVar("T")
K = TypeVar("K", bound=tuple[Any, ...])
Results: TypeAlias = list[T | ModelyardError]
Columns: TypeAlias = Sequence[InstrumentedAttribute[Any]]
AnySelect: TypeAlias = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class GuardedReads:
    """Reads that one permission governs; each costs one statement beside the one for the projects.

    ``of_models``: the statements leave out models that the actor's token does not reach.
    """

    permission: Permission
    members_only: bool = False
    of_models: bool = False

    async def pages(
        self, db: Database, actor: Actor, keys: Sequence[K], window: Window, *,
        statement: AnySelect, order: Keyset[T], parent: Columns, row: Any = None,
        convert: Callable[[Any], T] = lambda row: row[0],
    ) -> Results[Page[T]]:  # fmt: skip
        """The same page of each parent."""

        async def fetch(snap: Snapshot, allowed: list[K]) -> Sequence[Page[T]]:
            return await batch_reads.pages(
                snap, statement, order, window, row=row, parent=parent, keys=allowed, convert=convert
            )

        return await self.read(db, actor, keys, fetch)

    async def counts(
        self, db: Database, actor: Actor, keys: Sequence[K], *, statement: AnySelect, parent: Columns
    ) -> Results[int]:
        """How many rows each parent has."""

        async def fetch(snap: Snapshot, allowed: list[K]) -> Sequence[int]:
            return await batch_reads.counts(snap, statement, parent=parent, keys=allowed)

        return await self.read(db, actor, keys, fetch)

    async def groups(
        self, db: Database, actor: Actor, keys: Sequence[K], *,
        statement: AnySelect, parent: Columns, convert: Callable[[Any], T] = lambda row: row[0],
    ) -> Results[list[T]]:  # fmt: skip
        """All rows of each parent."""

        async def fetch(snap: Snapshot, allowed: list[K]) -> Sequence[list[T]]:
            return await batch_reads.groups(snap, statement, parent=parent, keys=allowed, convert=convert)

        return await self.read(db, actor, keys, fetch)

    async def searches(
        self, db: Database, actor: Actor, keys: Sequence[K], *,
        statement: AnySelect, page: PageRequest, parent: Columns, row: Any,
    ) -> Results[tuple[list[Any], str | None]]:  # fmt: skip
        """The same page of a search in each parent, and the token of the next one."""

        async def fetch(snap: Snapshot, allowed: list[K]) -> Sequence[tuple[list[Any], str | None]]:
            return await batch_reads.searches(snap, statement, page, parent=parent, keys=allowed, row=row)

        return await self.read(db, actor, keys, fetch)

    async def singles(
        self, db: Database, actor: Actor, keys: Sequence[K], *,
        statement: AnySelect, parent: Columns, convert: Callable[[Any], T] = lambda row: row[0],
    ) -> Results[T | None]:  # fmt: skip
        """The one row of each parent; None where there is none."""

        async def fetch(snap: Snapshot, allowed: list[K]) -> Sequence[T | None]:
            return await batch_reads.singles(snap, statement, parent=parent, keys=allowed, convert=convert)

        return await self.read(db, actor, keys, fetch)

    async def read(
        self,
        db: Database,
        actor: Actor,
        keys: Sequence[K],
        fetch: Callable[[Snapshot, list[K]], Awaitable[Sequence[T]]],
    ) -> Results[T]:
        """What ``fetch`` answers for the keys that the actor may read, refusals for the others."""
        ids = sorted({key[0] for key in keys})
        async with db.read() as snap:
            seen = await projects.visible_by_ids(snap, actor, ids)
            refused = {id: self._refusal(actor, id, seen.get(id)) for id in ids}
            allowed = [key for key in keys if refused[key[0]] is None]
            results = dict(zip(allowed, await fetch(snap, allowed), strict=True)) if allowed else {}
        return [refused[key[0]] or results[key] for key in keys]

    def _refusal(self, actor: Actor, id: int, access: ProjectAccess | None) -> ModelyardError | None:
        if access is None:
            return ProjectNotFound(f"There is no project `{id}`, or you may not see it.")
        try:
            policy.require(actor, access, self.permission, of_models=self.of_models)
        except ModelyardError as refusal:
            return refusal
        return only_members(actor) if self.members_only and access.role is None else None


def only_members(actor: Actor) -> ModelyardError:
    """The refusal of callers that are no members."""
    if actor.is_anonymous:
        return Unauthenticated("Only members see who the members are; send a token as `Authorization: Bearer myt_…`.")
    return Forbidden("Only members see who the members are.")
