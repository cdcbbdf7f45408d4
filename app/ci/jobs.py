"""CI jobs as callers see them that may see what the jobs produced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.ci.background_jobs import FollowCiJob
from app.ci.providers import protocol
from app.ci.tables import CiJob
from app.db.database import Database, Snapshot
from app.errors import Conflict, NotFound
from app.queue import outbox


class CiJobNotFound(NotFound):
    """There is no such CI job, or it may not be seen."""


@dataclass(frozen=True, slots=True)
class VisibleJob:
    """A CI job for one reader. Visitors of a project see what the first block holds, members all of it."""

    project_id: int
    id: UUID
    provider: str
    external_id: str
    link_state: str
    status: str | None
    name: str | None
    is_full: bool

    reason: str | None = None
    ci_project: str | None = None
    ref: str | None = None
    commit_sha: str | None = None
    pipeline_id: str | None = None
    pipeline_url: str | None = None
    merge_request_iid: int | None = None
    merge_request_url: str | None = None
    user_name: str | None = None
    user_url: str | None = None
    log_url: str | None = None
    web_url: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    created_at: datetime | None = None
    last_checked_at: datetime | None = None
    next_check_at: datetime | None = None


_FOR_ALL = ("project_id", "id", "provider", "external_id", "link_state", "status", "name")
_FOR_MEMBERS = tuple(name for name in VisibleJob.__dataclass_fields__ if name not in {*_FOR_ALL, "is_full"})


def seen(access: ProjectAccess, row: CiJob) -> VisibleJob:
    """What the reader behind ``access`` may see of a job that is theirs to see."""
    is_full = access.role is not None
    names = (*_FOR_ALL, *_FOR_MEMBERS) if is_full else _FOR_ALL
    values = {name: getattr(row, name) for name in names}
    if is_full:
        values["ci_project"] = row.ci_project or None
    return VisibleJob(**values, is_full=is_full)


async def refresh(db: Database, actor: Actor, project: int | str, ci_job_id: UUID) -> VisibleJob:
    """Poll a job at once, also one that had failed or finished; it is followed from the start again.

    Raises:
        CiJobNotFound: the project has none of that id.
        Forbidden: the actor may change neither candidates nor model versions.
        Conflict: its id cannot be that of a CI job.
    """
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        require_writer(actor, access)
        job = await find(tx, access.id, ci_job_id)
        if not protocol.is_external_id(job.external_id):
            raise Conflict(protocol.not_an_id(job.external_id))
        if not job.awaits_settings or job.link_state == "failed":
            job = await _reopen(tx, job)
        await outbox.enqueue(tx, FollowCiJob(access.id, ci_job_id), project_id=access.id, requested_by=actor.user_id)
    return seen(access, job)


def require_writer(actor: Actor, access: ProjectAccess) -> None:
    """Refuse callers that may change neither candidates nor model versions."""
    if not policy.allows(actor, access, Permission.CANDIDATE_WRITE):
        policy.require(actor, access, Permission.REGISTRY_WRITE)


async def find(snap: Snapshot, project_id: int, ci_job_id: UUID) -> CiJob:
    """Read step: a job of a project.

    Raises:
        CiJobNotFound: there is none.
    """
    job = await snap.scalar(select(CiJob).where(CiJob.project_id == project_id, CiJob.id == ci_job_id))
    if job is None:
        raise CiJobNotFound(f"There is no CI job `{ci_job_id}` in this project, or you may not see it.", field="id")
    return job


async def _reopen(tx: Snapshot, job: CiJob) -> CiJob:
    """The same job, to be looked at now; one that the settings do not lead to fails again at once."""
    values = {"failures": 0, "looks": 0, "followed_since": func.now(), "next_check_at": func.now(), "reason": None}
    if job.link_state == "failed":
        values |= {"link_state": "pending", "awaits_settings": False}
    statement = (
        update(CiJob)
        .where(CiJob.project_id == job.project_id, CiJob.id == job.id)
        .values(**values, notes=CiJob.notes + 1)
        .returning(CiJob)
    )
    reopened = (await tx.scalars(statement, execution_options={"populate_existing": True})).one_or_none()
    if reopened is None:
        raise CiJobNotFound(field="id")
    return reopened
