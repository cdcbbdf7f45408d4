"""Retries of dead jobs, and the cancelling of jobs that wait or are dead."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, update

from app.db.database import ENQUEUED, Database, Tx
from app.errors import Conflict
from app.queue.search import JobNotFound
from app.queue.tables import DEAD, QUEUED, BackgroundJob

Permit = Callable[[Tx, BackgroundJob], Awaitable[object]]
"""Raises when the caller may not do this to the job."""
_TRIES = 3


class NotDead(Conflict):
    """Only a dead job can be tried again."""


class NotWaiting(Conflict):
    """Only a job that is queued or dead can be cancelled."""


@dataclass(frozen=True, slots=True)
class Retried:
    """The job that does the work: the one that was retried, or (``joined``) an equal one that was queued already."""

    job: BackgroundJob
    joined: bool


async def retry(db: Database, job_id: UUID, permit: Permit) -> Retried:
    """Queue a dead job again, with no attempt counted; its last error stays until the next outcome.

    If an equal job is queued already, that one is made due now and this one ends as cancelled.

    Raises:
        JobNotFound: there is none; NotDead: it is in another state.
    """
    for attempt in range(_TRIES):
        try:
            async with db.write() as tx:
                return await _retry(tx, job_id, permit)
        except NotDead:
            raise
        except Conflict:  # an equal one was queued at the same moment; now it can be seen
            if attempt + 1 == _TRIES:
                raise
    raise AssertionError("the last try returns or raises")


async def cancel(tx: Tx, job_id: UUID, permit: Permit, note: str) -> BackgroundJob:
    """Step: cancel a job that is queued or dead; ``note`` is kept as its last error.

    Raises:
        JobNotFound: there is none; NotWaiting: it runs or has ended.
    """
    job = await _locked(tx, job_id, permit)
    if job.state not in {"queued", "dead"}:
        raise NotWaiting(f"The job {job_id} is {job.state}; only one that is queued or dead can be cancelled.")
    return await _change(tx, job_id, state="cancelled", finished_at=func.now(), last_error=note)


async def _retry(tx: Tx, job_id: UUID, permit: Permit) -> Retried:
    job = await _locked(tx, job_id, permit)
    if job.state != "dead":
        raise NotDead(f"The job {job_id} is {job.state}; only a dead one can be tried again.")
    equal = (BackgroundJob.kind == job.kind, BackgroundJob.key == job.key, BackgroundJob.state == QUEUED)
    due = func.least(BackgroundJob.run_after, func.now())
    waiting = await tx.scalar(update(BackgroundJob).where(*equal).values(run_after=due).returning(BackgroundJob))
    if waiting is None:
        waiting = await _change(
            tx, job_id, state="queued", attempt=0, run_after=func.now(),
            finished_at=None, worker=None, done=0, total=None,
        )  # fmt: skip
    else:
        note = f"The equal job {waiting.id}, which was queued already, does its work."
        await _change(tx, job_id, state="cancelled", last_error=note)
    tx.info.setdefault(ENQUEUED, []).append(waiting.id)
    return Retried(waiting, joined=waiting.id != job_id)


async def dead(db: Database) -> list[UUID]:
    """The ids of all dead jobs, oldest first."""
    async with db.read() as snap:
        statement = select(BackgroundJob.id).where(BackgroundJob.state == DEAD).order_by(BackgroundJob.id)
        return list(await snap.scalars(statement))


async def _locked(tx: Tx, job_id: UUID, permit: Permit) -> BackgroundJob:
    job = await tx.scalar(select(BackgroundJob).where(BackgroundJob.id == job_id).with_for_update())
    if job is None:
        raise JobNotFound(job_id)
    await permit(tx, job)
    return job


async def _change(tx: Tx, job_id: UUID, **values: object) -> BackgroundJob:
    statement = update(BackgroundJob).where(BackgroundJob.id == job_id).values(**values).returning(BackgroundJob)
    return (await tx.scalars(statement, execution_options={"populate_existing": True})).one()
