"""Lists of things in many projects at once, each read only where the actor may.

Keys are tuples that begin with the project. Answers come in the order of the keys; in the place of what the actor may
not see stands why not, so that one hidden parent does not hide its neighbours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from app.access import policy, repository
from app.access.policy import Actor, Permission, ProjectAccess
from app.access.projects import ProjectNotFound
from app.access.tables import Project
from app.db import batching
from app.db.database import Database, Snapshot
from app.errors import Forbidden, ModelyardError, Unauthenticated
from app.pagination import Keyset, Page, Window
from app.search.keyset import Cut

T = TypeVar("T")
K = TypeVar("K", bound=tuple[Any, ...])
Answers: TypeAlias = list[T | ModelyardError]
Columns: TypeAlias = Sequence[InstrumentedAttribute[Any]]
AnySelect: TypeAlias = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class ProjectLists:
    """Reads that one permission governs; each costs one statement beside the one for the projects."""

    permission: Permission
    members_only: bool = False

    async def pages(
        self, db: Database, actor: Actor, keys: Sequence[K], window: Window, *,
        statement: AnySelect, order: Keyset[T], parent: Columns, row: Any = None,
        convert: Callable[[Any], T] = lambda found: found[0],
    ) -> Answers[Page[T]]:  # fmt: skip
        """The same page of each parent."""

        async def fetch(snap: Snapshot, allowed: list[K]) -> Sequence[Page[T]]:
            return await batching.pages(
                snap, statement, order, window, row=row, parent=parent, keys=allowed, convert=convert
            )

        return await self.read(db, actor, keys, fetch)

    async def counts(
        self, db: Database, actor: Actor, keys: Sequence[K], *, statement: AnySelect, parent: Columns
    ) -> Answers[int]:
        """How many rows each parent has."""

        async def fetch(snap: Snapshot, allowed: list[K]) -> Sequence[int]:
            return await batching.counts(snap, statement, parent=parent, keys=allowed)

        return await self.read(db, actor, keys, fetch)

    async def groups(
        self, db: Database, actor: Actor, keys: Sequence[K], *,
        statement: AnySelect, parent: Columns, convert: Callable[[Any], T] = lambda found: found[0],
    ) -> Answers[list[T]]:  # fmt: skip
        """All rows of each parent."""

        async def fetch(snap: Snapshot, allowed: list[K]) -> Sequence[list[T]]:
            return await batching.groups(snap, statement, parent=parent, keys=allowed, convert=convert)

        return await self.read(db, actor, keys, fetch)

    async def searches(
        self, db: Database, actor: Actor, keys: Sequence[K], *,
        statement: AnySelect, cut: Cut, parent: Columns, row: Any,
    ) -> Answers[tuple[list[Any], str | None]]:  # fmt: skip
        """The same page of a search in each parent, and the token of the next one."""

        async def fetch(snap: Snapshot, allowed: list[K]) -> Sequence[tuple[list[Any], str | None]]:
            return await batching.searches(snap, statement, cut, parent=parent, keys=allowed, row=row)

        return await self.read(db, actor, keys, fetch)

    async def singles(
        self, db: Database, actor: Actor, keys: Sequence[K], *,
        statement: AnySelect, parent: Columns, convert: Callable[[Any], T] = lambda found: found[0],
    ) -> Answers[T | None]:  # fmt: skip
        """The one row of each parent; None where there is none."""

        async def fetch(snap: Snapshot, allowed: list[K]) -> Sequence[T | None]:
            return await batching.singles(snap, statement, parent=parent, keys=allowed, convert=convert)

        return await self.read(db, actor, keys, fetch)

    async def read(
        self,
        db: Database,
        actor: Actor,
        keys: Sequence[K],
        fetch: Callable[[Snapshot, list[K]], Awaitable[Sequence[T]]],
    ) -> Answers[T]:
        """What ``fetch`` answers for the keys that the actor may read, refusals for the others."""
        ids = sorted({key[0] for key in keys})
        async with db.read() as snap:
            seen = await accesses(snap, actor, ids)
            refused = {id: self._refusal(actor, id, seen.get(id)) for id in ids}
            allowed = [key for key in keys if refused[key[0]] is None]
            found = dict(zip(allowed, await fetch(snap, allowed), strict=True)) if allowed else {}
        return [refused[key[0]] or found[key] for key in keys]

    def _refusal(self, actor: Actor, id: int, access: ProjectAccess | None) -> ModelyardError | None:
        if access is None:
            return ProjectNotFound(f"There is no project `{id}`, or you may not see it.")
        try:
            policy.require(actor, access, self.permission)
        except ModelyardError as refusal:
            return refusal
        return only_members(actor) if self.members_only and access.role is None else None


def only_members(actor: Actor) -> ModelyardError:
    """The refusal of those who are no members."""
    if actor.is_anonymous:
        return Unauthenticated("Only members see who the members are; send a token as `Authorization: Bearer myt_…`.")
    return Forbidden("Only members see who the members are.")


async def accesses(snap: Snapshot, actor: Actor, ids: Collection[int]) -> dict[int, ProjectAccess]:
    """Read step: those of the projects that the actor may see."""
    rows = await snap.execute(repository.visible_projects(actor).where(Project.id.in_(ids)))
    return {row[0].id: repository.access_of(row) for row in rows}
