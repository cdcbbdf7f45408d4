"""Background jobs as their requesters and the members of their project see them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from app.access import policy, projects, repository
from app.access.policy import Actor, Permission, ProjectAccess
from app.access.tables import Project
from app.db.database import Database, Snapshot
from app.errors import NotFound
from app.pagination import Keyset, Page, Window
from app.queue.outbox import BackgroundJob


class JobNotFound(NotFound):
    """There is no such background job, or it may not be seen."""


async def get(db: Database, actor: Actor, job_id: UUID) -> BackgroundJob:
    """A job as its requester, or a member of its project, sees it.

    Raises:
        JobNotFound: it does not exist, or is none of the actor's business.
    """
    async with db.read() as snap:
        job = await snap.scalar(select(BackgroundJob).where(BackgroundJob.id == job_id))
        if job is None or not await _may_see(snap, actor, job):
            raise JobNotFound(f"There is no background job `{job_id}`, or you may not see it.")
    return job


async def by_ids(db: Database, actor: Actor, ids: Sequence[UUID]) -> list[BackgroundJob | None]:
    """For loaders: jobs in the order of the ids, None where there is none that the actor may see."""
    async with db.read() as snap:
        rows = (await snap.scalars(select(BackgroundJob).where(BackgroundJob.id == func.any(list(ids))))).all()
        places = {row.project_id for row in rows if row.project_id is not None}
        seen = await snap.execute(repository.visible_projects(actor).where(Project.id.in_(places)))
        accesses = {row[0].id: repository.access_of(row) for row in seen}
    found = {row.id: row for row in rows if _is_shown(actor, row, accesses.get(row.project_id or 0))}
    return [found.get(id) for id in ids]


async def of_project(db: Database, actor: Actor, project: int | str, window: Window) -> Page[BackgroundJob]:
    """The background jobs of a project, newest first; for members."""
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project)
        policy.require(actor, access, Permission.PROJECT_READ)
        statement = select(BackgroundJob).where(BackgroundJob.project_id == access.id)
        if access.role is None:
            statement = statement.where(BackgroundJob.requested_by == actor.user_id)
        return _ORDER.page((await snap.scalars(_ORDER.apply(statement, window))).all(), window)


_ORDER: Keyset[BackgroundJob] = Keyset("jobs", (BackgroundJob.id,), lambda job: (job.id,), descending=True)


async def _may_see(snap: Snapshot, actor: Actor, job: BackgroundJob) -> bool:
    if job.project_id is None:
        return _is_shown(actor, job, None)
    try:
        access = await projects.visible(snap, actor, job.project_id)
    except NotFound:
        return False
    return _is_shown(actor, job, access)


def _is_shown(actor: Actor, job: BackgroundJob, access: ProjectAccess | None) -> bool:
    """To members of its project, and to its requester while the project may be seen."""
    is_own = actor.user_id is not None and job.requested_by == actor.user_id
    if job.project_id is None:
        return actor.is_admin or is_own
    return access is not None and (access.role is not None or is_own)
