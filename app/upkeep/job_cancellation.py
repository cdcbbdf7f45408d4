"""Cancelling background jobs, and what that means for the thing that they are for."""

from __future__ import annotations

from uuid import UUID

from app.access import jobs as visible_jobs
from app.access.jobs import BackgroundJob
from app.access.policy import Actor
from app.db.database import Database, Tx
from app.errors import Conflict
from app.queue import retries
from app.queue.jobs import decode, is_cancellable


class NotCancellable(Conflict):
    """Jobs of this kind cannot be cancelled."""


async def cancel(db: Database, actor: Actor, job_id: UUID) -> BackgroundJob:
    """Cancel a job that is queued or dead, and note that on the thing that it is for.

    Raises:
        JobNotFound: it does not exist, or the actor may not see it.
        Forbidden: the actor is not at least maintainer of its project (or administrator, for one without project).
        NotCancellable: what was deleted has to be removed, what was promised done; such a job can only be retried.
        NotWaiting: it runs or has ended.
    """

    async def permit(tx: Tx, job: BackgroundJob) -> None:
        await visible_jobs.require_manager(tx, actor, job)
        if not is_cancellable(job.kind):
            work = "removes what was deleted" if ".purge_" in job.kind else "does what was promised to a client"
            raise NotCancellable(f"A job of the kind `{job.kind}` {work} and cannot be given up; retry it.")

    async with db.write() as tx:
        job = await retries.cancel(tx, job_id, permit, f"Cancelled by {actor.username}.")
        await decode(job.kind, job.payload).cancel(tx)
    return job
