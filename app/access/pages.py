"""Lists below many groups or projects at once, and how long they are: statements do not grow with the parents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from app.access import groups, policy, projects, repository
from app.access.groups import GroupAccess
from app.access.policy import Actor, Permission, ProjectAccess
from app.access.projects import ProjectNotFound
from app.access.tables import Group, Project
from app.db import batching
from app.db.database import Database, Snapshot
from app.errors import ModelyardError
from app.pagination import Page, Window

T = TypeVar("T")
K = TypeVar("K", bound=tuple[Any, ...])


async def projects_of_groups(
    db: Database, actor: Actor, ids: Sequence[int], window: Window
) -> list[Page[ProjectAccess]]:
    """Projects directly in each group that the actor may see, by path; in the order of the ids."""
    async with db.read() as snap:
        return await batching.pages(
            snap,
            repository.visible_projects(actor),
            projects.ORDER,
            window,
            row=Project,
            parent=[Project.group_id],
            keys=[(id,) for id in ids],
            convert=repository.access_of,
        )


async def count_projects_of_groups(db: Database, actor: Actor, ids: Sequence[int]) -> list[int]:
    """How many projects directly in each group the actor may see; in the order of the ids."""
    async with db.read() as snap:
        statement = repository.visible_projects(actor)
        return await batching.counts(snap, statement, parent=[Project.group_id], keys=[(id,) for id in ids])


async def groups_of_groups(db: Database, actor: Actor, ids: Sequence[int], window: Window) -> list[Page[GroupAccess]]:
    """Groups directly in each group that the actor may see, by path; in the order of the ids."""
    async with db.read() as snap:
        return await batching.pages(
            snap,
            repository.visible_groups(actor),
            groups.ORDER,
            window,
            row=Group,
            parent=[Group.parent_id],
            keys=[(id,) for id in ids],
            convert=groups.access_of,
        )


async def count_groups_of_groups(db: Database, actor: Actor, ids: Sequence[int]) -> list[int]:
    """How many groups directly in each group the actor may see; in the order of the ids."""
    async with db.read() as snap:
        statement = repository.visible_groups(actor)
        return await batching.counts(snap, statement, parent=[Group.parent_id], keys=[(id,) for id in ids])


async def permitted(
    snap: Snapshot,
    actor: Actor,
    permission: Permission,
    keys: Sequence[K],
    fetch: Callable[[list[K]], Awaitable[Sequence[T]]],
) -> list[T | ModelyardError]:
    """Read step: what ``fetch`` answers for the keys whose project (their first part) the actor may read.

    In the place of the others stands why not; so one hidden parent does not hide its neighbours.
    """
    ids = sorted({key[0] for key in keys})
    rows = await snap.execute(repository.visible_projects(actor).where(Project.id.in_(ids)))
    seen = {row[0].id: repository.access_of(row) for row in rows}
    refused = {id: _refusal(actor, id, seen.get(id), permission) for id in ids}
    allowed = [key for key in keys if refused[key[0]] is None]
    found = dict(zip(allowed, await fetch(allowed), strict=True)) if allowed else {}
    return [refused[key[0]] or found[key] for key in keys]


def _refusal(actor: Actor, id: int, access: ProjectAccess | None, permission: Permission) -> ModelyardError | None:
    if access is None:
        return ProjectNotFound(f"There is no project `{id}`, or you may not see it.")
    try:
        policy.require(actor, access, permission)
    except ModelyardError as refusal:
        return refusal
    return None
