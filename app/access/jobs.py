"""Background jobs as their requesters and the members of their project see them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select

from app.access import policy, projects, repository
from app.access.policy import Actor, Permission, ProjectAccess
from app.access.tables import Project
from app.db.database import Database, Snapshot, Tx
from app.errors import Forbidden, NotFound
from app.pagination import Page, Window
from app.queue import retries
from app.queue import search as queue_search
from app.queue.outbox import BackgroundJob
from app.queue.retries import Retried
from app.queue.search import JobFilter, JobNotFound

__all__ = ["BackgroundJob", "JobFilter", "JobNotFound", "Retried"]


async def get(db: Database, actor: Actor, job_id: UUID) -> BackgroundJob:
    """A job as its requester, or a member of its project, sees it.

    Raises:
        JobNotFound: it does not exist, or is none of the actor's business.
    """
    async with db.read() as snap:
        job = await snap.scalar(select(BackgroundJob).where(BackgroundJob.id == job_id))
        if job is None or not await _may_see(snap, actor, job):
            raise JobNotFound(job_id)
    return job


async def by_ids(db: Database, actor: Actor, ids: Sequence[UUID]) -> list[BackgroundJob | None]:
    """For loaders: jobs in the order of the ids, None where there is none that the actor may see."""
    async with db.read() as snap:
        rows = (await snap.scalars(select(BackgroundJob).where(BackgroundJob.id == func.any(list(ids))))).all()
        projects_of_rows = {row.project_id for row in rows if row.project_id is not None}
        seen = await snap.execute(repository.visible_projects(actor).where(Project.id.in_(projects_of_rows)))
        accesses = {row[0].id: repository.access_of(row) for row in seen}
    visible = {row.id: row for row in rows if _is_shown(actor, row, accesses.get(row.project_id or 0))}
    return [visible.get(id) for id in ids]


async def search(
    db: Database, actor: Actor, window: Window, *, state: str | None = None, kind: str | None = None
) -> Page[BackgroundJob]:
    """Background jobs of the whole installation for administrators, else those that the actor requested."""
    async with db.read() as snap:
        filter, seen = _everywhere(actor, state, kind)
        return await queue_search.page(snap, filter, window, *seen)


async def count(db: Database, actor: Actor, *, state: str | None = None, kind: str | None = None) -> int:
    """How many jobs :func:`search` would page through."""
    async with db.read() as snap:
        filter, seen = _everywhere(actor, state, kind)
        return await queue_search.count(snap, filter, *seen)


async def retry(db: Database, actor: Actor, job_id: UUID) -> Retried:
    """Queue a dead job again; an equal one that is queued already is joined.

    Raises:
        JobNotFound: it does not exist, or is none of the actor's business.
        Forbidden: the actor is not at least maintainer of its project (or administrator, for one without project).
        NotDead: it waits, runs, or has ended well.
    """

    async def permit(tx: Tx, job: BackgroundJob) -> None:
        await require_manager(tx, actor, job)

    return await retries.retry(db, job_id, permit)


async def require_manager(snap: Snapshot, actor: Actor, job: BackgroundJob) -> None:
    """Read step: refuse an actor that may not retry or cancel the job.

    Raises:
        JobNotFound, Forbidden: see :func:`retry`.
    """
    if not await _may_see(snap, actor, job):
        raise JobNotFound(job.id)
    policy.require_signed_in(actor)
    if job.project_id is not None:
        policy.require(actor, await projects.visible(snap, actor, job.project_id), Permission.JOB_MANAGE)
    elif not actor.is_administrator:
        raise Forbidden(f"The job {job.id} belongs to no project; administrators manage it.")


def _everywhere(actor: Actor, state: str | None, kind: str | None) -> tuple[JobFilter, tuple[ColumnElement[bool], ...]]:
    if actor.is_administrator and policy.has_scope(actor, Permission.JOB_READ):
        return JobFilter(state, kind), ()
    seen = repository.visible_projects(actor).where(Project.id == BackgroundJob.project_id)
    mine = JobFilter(state, kind, requested_by=requester(actor))
    return mine, (or_(BackgroundJob.project_id.is_(None), exists(seen.correlate(BackgroundJob))),)


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
    is_own = job.requested_by is not None and job.requested_by == requester(actor)
    if job.project_id is None:
        return is_own or (actor.is_admin and policy.has_scope(actor, Permission.JOB_READ))
    return access is not None and (sees_all(actor, access) or is_own)


def sees_all(actor: Actor, access: ProjectAccess) -> bool:
    """Whether the actor sees the jobs of a project, and not only those that it has requested."""
    return access.role is not None and policy.has_scope(actor, Permission.JOB_READ)


def requester(actor: Actor) -> int:
    """Whose jobs the actor sees as its own; 0, which no user is: it sees none.

    A token that is confined to models sees none either: what its owner has requested may concern others.
    """
    return 0 if actor.model_patterns is not None else actor.user_id or 0
