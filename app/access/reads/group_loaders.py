"""Lists below many groups at once, and how long they are: statements do not grow with the groups."""

from __future__ import annotations

from collections.abc import Sequence

from app.access import groups, projects, repository
from app.access.groups import GroupAccess
from app.access.policy import Actor, ProjectAccess
from app.access.tables import Group, Project
from app.db import batch_reads
from app.db.database import Database
from app.pagination import Page, Window


async def projects_of_groups(
    db: Database, actor: Actor, ids: Sequence[int], window: Window
) -> list[Page[ProjectAccess]]:
    """Projects directly in each group that the actor may see, by path; in the order of the ids."""
    async with db.read() as snap:
        return await batch_reads.pages(
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
        return await batch_reads.counts(snap, statement, parent=[Project.group_id], keys=[(id,) for id in ids])


async def groups_of_groups(db: Database, actor: Actor, ids: Sequence[int], window: Window) -> list[Page[GroupAccess]]:
    """Groups directly in each group that the actor may see, by path; in the order of the ids."""
    async with db.read() as snap:
        return await batch_reads.pages(
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
        return await batch_reads.counts(snap, statement, parent=[Group.parent_id], keys=[(id,) for id in ids])
