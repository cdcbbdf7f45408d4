"""The projects of one person: those that the person is a member of, itself or by a group."""

from __future__ import annotations

from sqlalchemy import Select, func, select

from app.access import policy, projects, repository
from app.access.policy import Actor, ProjectAccess
from app.access.tables import Project
from app.db.database import Database
from app.pagination import Page, Window


async def page(db: Database, actor: Actor, window: Window) -> Page[ProjectAccess]:
    """Projects that the actor is a member of, itself or by a group, by path: also of administrators only those."""
    policy.require_signed_in(actor, to_write=False)
    async with db.read() as snap:
        rows = (await snap.execute(projects.ORDER.apply(_own(actor), window))).all()
    return projects.ORDER.page([repository.access_of(row) for row in rows], window)


async def count(db: Database, actor: Actor) -> int:
    """How many projects :func:`page` would page through."""
    async with db.read() as snap:
        return await snap.scalar(select(func.count()).select_from(_own(actor).subquery())) or 0


def _own(actor: Actor) -> Select[Project, int | None]:
    return repository.visible_projects(actor).where(repository.membership_in_project(actor).is_not(None))
