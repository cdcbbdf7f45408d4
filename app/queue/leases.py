"""Background jobs as workers take, keep and finish them.

A worker owns a job for as long as its lease: 30 seconds, renewed every 10. Whoever finds a lease run out may take
the job with a higher ``lease_epoch``; the former owner's writes then match no row (fencing).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update

from app.db.database import Database
from app.queue.tables import QUEUED, RUNNING, BackgroundJob

LEASE = timedelta(seconds=30)
HEARTBEAT_SECONDS = 10
KEEP_FINISHED = timedelta(days=7)
_BACKOFF_SECONDS = (1, 5, 30, 120, 600)


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker's hold on a job."""

    job: BackgroundJob
    epoch: int


async def due(db: Database, limit: int = 100) -> Sequence[UUID]:
    """Ids of jobs that somebody should take now: due ones, and those whose worker went silent."""
    statement = (
        select(BackgroundJob.id).where(_is_due()).order_by(BackgroundJob.run_after, BackgroundJob.id).limit(limit)
    )
    async with db.read() as snap:
        return (await snap.scalars(statement)).all()


async def claim(db: Database, job_id: UUID, worker: str) -> Lease | None:
    """Take the job, or None when it is not to be had: done, not due, or in somebody's hands."""
    lost = BackgroundJob.state == RUNNING
    statement = (
        update(BackgroundJob)
        .where(BackgroundJob.id == job_id, _is_due())
        .values(
            state="running",
            worker=worker,
            lease_epoch=BackgroundJob.lease_epoch + 1,
            lease_until=func.now() + LEASE,
            started_at=func.coalesce(BackgroundJob.started_at, func.now()),
            # A lease that ran out counts as a failed attempt: a job that kills its worker must end, too.
            attempt=case((lost, BackgroundJob.attempt + 1), else_=BackgroundJob.attempt),
        )
        .returning(BackgroundJob)
    )
    async with db.write() as tx:
        job = await tx.scalar(statement)
    return Lease(job, job.lease_epoch) if job else None


async def renew(db: Database, lease: Lease) -> bool:
    """Prolong the lease; False: it was lost and the work must stop."""
    return await _update(db, lease, lease_until=func.now() + LEASE)


async def report(db: Database, lease: Lease, done: int, total: int | None) -> bool:
    """Say how far the work is; False: the lease was lost."""
    return await _update(db, lease, done=done, total=total, lease_until=func.now() + LEASE)


async def succeed(db: Database, lease: Lease) -> bool:
    """Finish the job."""
    return await _update(
        db, lease, state="succeeded", finished_at=func.now(), lease_until=None, last_error=None,
        total=func.coalesce(BackgroundJob.total, BackgroundJob.done),
    )  # fmt: skip


async def hand_back(db: Database, lease: Lease) -> bool:
    """Give the job to another worker, because this one is told to stop; no attempt is counted."""
    return await _update(db, lease, state="queued", lease_until=None, run_after=func.now())


async def fail(db: Database, lease: Lease, reason: str) -> bool:
    """Count a failed attempt: try again later, or give up for good after the last one."""
    attempt = lease.job.attempt + 1
    if attempt >= lease.job.max_attempts:
        return await _update(
            db, lease, state="dead", attempt=attempt, last_error=reason[:2000], finished_at=func.now(), lease_until=None
        )
    wait = _BACKOFF_SECONDS[min(attempt, len(_BACKOFF_SECONDS)) - 1]
    return await _update(
        db,
        lease,
        state="queued",
        attempt=attempt,
        last_error=reason[:2000],
        lease_until=None,
        run_after=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, wait * (0.8 + 0.4 * func.random())),
    )


async def bury_hopeless(db: Database) -> int:
    """Jobs whose workers died again and again are given up; the number of them."""
    statement = (
        update(BackgroundJob)
        .where(
            BackgroundJob.state == RUNNING,
            BackgroundJob.lease_until < func.now(),
            BackgroundJob.attempt + 1 >= BackgroundJob.max_attempts,
        )
        .values(state="dead", finished_at=func.now(), last_error="Its worker died each time that it ran.")
        .returning(BackgroundJob.id)
    )
    async with db.write() as tx:
        return len((await tx.scalars(statement)).all())


async def forget_finished(db: Database) -> int:
    """Remove what succeeded more than a week ago; dead ones stay until somebody looks."""
    old = and_(BackgroundJob.state == "succeeded", BackgroundJob.finished_at < func.now() - KEEP_FINISHED)
    batch = select(BackgroundJob.id).where(old).limit(1000).with_for_update(skip_locked=True)
    async with db.write() as tx:
        statement = delete(BackgroundJob).where(BackgroundJob.id.in_(batch)).returning(BackgroundJob.id)
        return len((await tx.scalars(statement)).all())


def _is_due() -> ColumnElement[bool]:
    waiting = and_(BackgroundJob.state == QUEUED, BackgroundJob.run_after <= func.now())
    abandoned = and_(
        BackgroundJob.state == RUNNING,
        BackgroundJob.lease_until < func.now(),
        BackgroundJob.attempt + 1 < BackgroundJob.max_attempts,
    )
    return or_(waiting, abandoned)


async def _update(db: Database, lease: Lease, **values: object) -> bool:
    statement = (
        update(BackgroundJob)
        .where(
            BackgroundJob.id == lease.job.id,
            BackgroundJob.state == RUNNING,
            BackgroundJob.lease_epoch == lease.epoch,
        )
        .values(**values)
        .returning(BackgroundJob.id)
    )
    async with db.write() as tx:
        return await tx.scalar(statement) is not None
