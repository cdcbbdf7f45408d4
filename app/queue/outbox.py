"""Background jobs are enqueued in the transaction that makes them necessary.

The row is committed with its reason, so a job is never lost and never runs for a change that was rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from app.db.database import ENQUEUED, Tx
from app.db.statements import Fragment
from app.ids import uuid7
from app.queue.jobs import Job
from app.queue.tables import QUEUED, BackgroundJob

__all__ = ["BackgroundJob", "enqueue", "enqueue_all", "enqueue_later"]


async def enqueue(
    tx: Tx,
    job: Job,
    *,
    project_id: int | None = None,
    requested_by: int | None = None,
    lane: str | None = None,
    wait: timedelta | None = None,
) -> UUID:
    """Step: write the job's row; if an equal job is queued, that one is joined instead. Returns the job's id.

    ``lane`` is whose work it is, where the job itself does not tell (see :mod:`app.queue.round_robin`). After the
    commit workers are notified; should that fail, workers find the row by polling within a second. With ``wait`` the
    job is due when that is over, and so is an equal one, whenever it was due before.
    """
    row = _row(job, project_id) | {"requested_by": requested_by, "lane": job.lane if lane is None else lane}
    due = func.now() if wait is None else func.now() + wait
    statement = upsert(BackgroundJob).values(**row, run_after=due)
    # Touches the row so that RETURNING names it, and lets a job that waits for its next attempt run now.
    sooner = func.least(BackgroundJob.run_after, func.now())
    statement = statement.on_conflict_do_update(
        index_elements=["kind", "key"],
        index_where=BackgroundJob.state == QUEUED,
        set_={"run_after": sooner if wait is None else statement.excluded.run_after},
    )
    job_id = (await tx.scalars(statement.returning(BackgroundJob.id))).one()
    if wait is None or wait <= timedelta():
        tx.info.setdefault(ENQUEUED, []).append(job_id)
    return job_id


async def enqueue_all(tx: Tx, jobs: Sequence[Job], *, project_id: int) -> None:
    """Step: the same in one statement for many jobs, none of which can equal a queued one."""
    if not jobs:
        return
    rows = [_row(job, project_id) for job in jobs]
    await tx.execute(insert(BackgroundJob).values(rows))
    tx.info.setdefault(ENQUEUED, []).extend(row["id"] for row in rows)


async def enqueue_later(tx: Tx, job: Job, wait: timedelta, *, project_id: int) -> None:
    """Step: enqueue a job that is not due before ``wait`` is over; an equal job that is queued stays as it is."""
    row = _row(job, project_id)
    statement = upsert(BackgroundJob).values(**row, run_after=func.now() + wait)
    await tx.execute(
        statement.on_conflict_do_nothing(index_elements=["kind", "key"], index_where=BackgroundJob.state == QUEUED)
    )


ENQUEUE_LATER = Fragment("""
    INSERT INTO background_jobs (id, kind, key, project_id, payload, max_attempts, lane, run_after)
    SELECT job.id, job.kind, job.key, job.project_id, job.payload, job.max_attempts, job.lane,
      now() + :job_wait::interval
    FROM unnest(:job_id::uuid[], :job_kind::text[], :job_key::text[], :job_project_id::bigint[], :job_payload::jsonb[],
      :job_max_attempts::int[], :job_lane::text[]) AS job(id, kind, key, project_id, payload, max_attempts, lane)
    ORDER BY job.kind, job.key
    ON CONFLICT (kind, key) WHERE state = 'queued' DO NOTHING
""")
""":func:`enqueue_later` as a part of a statement; its parameters are those of :func:`enqueue_later_values`."""


def enqueue_later_values(jobs: Iterable[tuple[Job, int]], wait: timedelta) -> dict[str, Any]:
    """The parameters of :data:`ENQUEUE_LATER`: jobs, each with its project."""
    rows = [_row(job, project_id) for job, project_id in jobs]
    return {"job_wait": wait} | {f"job_{name}": [row[name] for row in rows] for name in _COLUMNS}


_COLUMNS = ("id", "kind", "key", "project_id", "payload", "max_attempts", "lane")


def _row(job: Job, project_id: int | None) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "kind": job.kind,
        "key": job.key,
        "project_id": project_id,
        "payload": job.payload(),
        "max_attempts": job.rule.attempts,
        "lane": job.lane,
    }
