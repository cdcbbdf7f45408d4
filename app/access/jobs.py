"""Background jobs as their requesters and the members of their project see them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app.access import policy, projects
from app.access.policy import Actor, Permission
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
        return actor.is_admin or (actor.user_id is not None and job.requested_by == actor.user_id)
    try:
        access = await projects.visible(snap, actor, job.project_id)
    except NotFound:
        return False
    return access.role is not None or (actor.user_id is not None and job.requested_by == actor.user_id)
