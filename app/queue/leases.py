"""Workers claim, keep and finish background jobs.

A worker owns a job for as long as its lease: 30 seconds, renewed every 10. Once a lease has run out, another worker may
claim the job with a higher ``lease_epoch``; the former owner's writes then match no row (fencing).

For example: worker A claims job 7 (epoch 1) and is paused. After 30 seconds the job is due again, worker B claims it
(epoch 2) and finishes it. A goes on and reports progress ``WHERE id = 7 AND lease_epoch = 1``: no row, so it stops.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    case,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from app.db.database import Database
from app.db.statements import Statement
from app.errors import Conflict
from app.queue.jobs import rule_of
from app.queue.tables import ONE_PER_LANE, QUEUED, RUNNING, BackgroundJob

LEASE = timedelta(seconds=30)
HEARTBEAT_SECONDS = 10
FINISHED_KEPT = timedelta(days=7)
_BACKOFF_SECONDS = (1, 5, 30, 120, 600)
_OTHER = aliased(BackgroundJob)
_LANE_IS_BUSY = (
    exists()
    .where(
        BackgroundJob.kind == ONE_PER_LANE,
        BackgroundJob.lane != "",
        _OTHER.kind == literal_column(f"'{ONE_PER_LANE}'", Text),
        _OTHER.lane == BackgroundJob.lane,
        _OTHER.state == RUNNING,
    )
    .correlate(BackgroundJob)
)
"""A unique index says the same, for two workers that claim at the same moment."""
_WAITING = and_(BackgroundJob.state == QUEUED, BackgroundJob.run_after <= func.now(), ~_LANE_IS_BUSY)
_ABANDONED = and_(
    BackgroundJob.state == RUNNING,
    BackgroundJob.lease_until < func.now(),
    BackgroundJob.attempt + 1 < BackgroundJob.max_attempts,
)


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker's hold on a job."""

    job: BackgroundJob
    epoch: int


@dataclass(frozen=True, slots=True)
class Due:
    """A job that a worker should claim now."""

    id: UUID
    kind: str


# Each kind is read from the indexes up to its free slots and no further, whatever the length of the queue.
_READ_DUE = Statement(
    "queue.read_due",
    "Of each kind as many due jobs as a worker has free slots, abandoned ones first.",
    """
    SELECT job.id, free.kind
    FROM unnest(:kinds::text[], :slots::int[], :is_round_robin::bool[]) AS free (kind, slots, is_round_robin),
    LATERAL (
        (SELECT id FROM background_jobs
         WHERE kind = free.kind AND state = 'running' AND lease_until < now() AND attempt + 1 < max_attempts
         ORDER BY lease_until LIMIT free.slots)
        UNION ALL
        (SELECT id FROM background_jobs
         WHERE kind = free.kind AND NOT free.is_round_robin AND state = 'queued' AND run_after <= now()
         ORDER BY run_after, id LIMIT free.slots)
        LIMIT free.slots
    ) AS job
    """,
    row=Due,
)


async def due(db: Database, slots: Mapping[str, int]) -> list[Due]:
    """Jobs to claim now, for each kind up to its free slots: those that wait, and those whose worker went silent.

    Kinds that are not given stay as they are: they may belong to another release. Of kinds in round robin only the
    second are returned here, the first by :func:`app.queue.round_robin.next_job`.
    """
    async with db.read() as snap:
        return await _READ_DUE.fetch(
            snap,
            kinds=list(slots),
            slots=list(slots.values()),
            is_round_robin=[rule_of(kind).is_round_robin for kind in slots],
        )


async def kind_of(db: Database, job_id: UUID) -> str | None:
    """The kind of the job, if it can be claimed now."""
    async with db.read() as snap:
        return await snap.scalar(select(BackgroundJob.kind).where(BackgroundJob.id == job_id, _is_due()))


async def claim(db: Database, job_id: UUID, worker: str) -> Lease | None:
    """Claim the job; None when it has ended, is not due, or when another worker has it or another job of its lane."""
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
    try:
        async with db.write() as tx:
            job = await tx.scalar(statement)
    except Conflict:  # another worker claimed a job of the lane at the same moment
        return None
    return Lease(job, job.lease_epoch) if job else None


async def renew(db: Database, lease: Lease) -> bool:
    """Prolong the lease; False: it was lost and the work must stop."""
    return await _update(db, lease, lease_until=func.now() + LEASE)


async def report(db: Database, lease: Lease, done: int, total: int | None) -> bool:
    """Report progress, and prolong the lease; False: it was lost."""
    return await _update(db, lease, done=done, total=total, lease_until=func.now() + LEASE)


async def succeed(db: Database, lease: Lease) -> bool:
    """Finish the job; False: the lease was lost."""
    return await _update(
        db, lease, state="succeeded", finished_at=func.now(), lease_until=None, last_error=None,
        total=func.coalesce(BackgroundJob.total, BackgroundJob.done),
    )  # fmt: skip


async def release(db: Database, lease: Lease) -> bool:
    """Queue the job for another worker, because this one is told to stop; no attempt is counted. False: see `renew`."""
    return await _requeue(db, lease, run_after=func.now())


async def requeue_behind(db: Database, lease: Lease) -> bool:
    """Queue a job that has done its share again, behind those that wait already; False: the lease was lost.

    If an equal job is queued by now, that one does the rest and this one has succeeded.
    """
    queued = {"state": "queued", "lease_until": None, "attempt": 0, "last_error": None, "run_after": func.now()}
    try:
        return await _update(db, lease, **queued)
    except Conflict:
        return await succeed(db, lease)


async def fail(db: Database, lease: Lease, reason: str) -> bool:
    """Count a failed attempt: the job is queued for later, or dead after its last one. False: the lease was lost."""
    attempt = lease.job.attempt + 1
    if attempt >= lease.job.max_attempts:
        return await _update(
            db, lease, state="dead", attempt=attempt, last_error=reason[:2000], finished_at=func.now(), lease_until=None
        )
    wait = _BACKOFF_SECONDS[min(attempt, len(_BACKOFF_SECONDS)) - 1]
    return await _requeue(
        db,
        lease,
        attempt=attempt,
        last_error=reason[:2000],
        run_after=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, wait * (0.8 + 0.4 * func.random())),
    )


async def postpone(db: Database, lease: Lease, reason: str, seconds: float) -> bool:
    """Queue the job again in ``seconds`` without counting the attempt, since it is not to blame; False: see `renew`."""
    later = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    return await _requeue(db, lease, attempt=lease.job.attempt, last_error=reason[:2000], run_after=later)


async def fail_exhausted(db: Database) -> int:
    """Make jobs dead whose workers died in every attempt; the number of them."""
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


async def remove_finished(db: Database) -> int:
    """Remove up to a thousand jobs that succeeded or were cancelled more than a week ago; the number of them.

    Dead ones stay until an administrator retries or cancels them.
    """
    old = and_(
        BackgroundJob.state.in_(["succeeded", "cancelled"]), BackgroundJob.finished_at < func.now() - FINISHED_KEPT
    )
    batch = select(BackgroundJob.id).where(old).limit(1000).with_for_update(skip_locked=True)
    async with db.write() as tx:
        statement = delete(BackgroundJob).where(BackgroundJob.id.in_(batch)).returning(BackgroundJob.id)
        return len((await tx.scalars(statement)).all())


def _is_due() -> ColumnElement[bool]:
    return or_(_WAITING, _ABANDONED)


async def _requeue(db: Database, lease: Lease, **changes: object) -> bool:
    """Queue the job again. If an equal job has been queued meanwhile, both stay: each has its own requester."""
    changes |= {"state": "queued", "lease_until": None}
    try:
        return await _update(db, lease, **changes)
    except Conflict:
        return await _update(db, lease, **changes, key=f"{lease.job.key}#{lease.job.id.hex}")


async def _update(db: Database, lease: Lease, **changes: object) -> bool:
    statement = (
        update(BackgroundJob)
        .where(
            BackgroundJob.id == lease.job.id,
            BackgroundJob.state == RUNNING,
            BackgroundJob.lease_epoch == lease.epoch,
        )
        .values(**changes)
        .returning(BackgroundJob.id)
    )
    async with db.write() as tx:
        return await tx.scalar(statement) is not None
