"""Polling of a CI job until it has finished: the requests, the waits between them, and what is written of each."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from app.access import projects
from app.ci import awaiting_settings
from app.ci.background_jobs import FollowCiJob
from app.ci.client import PROVIDERS, CiClient
from app.ci.providers.protocol import FetchFailed, JobReport
from app.ci.tables import CiJob, CiSettings
from app.db.database import Database, Tx
from app.queue import outbox

POLL_SECONDS = (5, 15, 60, 300, 900, 1_800, 3_600)
"""After the first poll of a running job, the second, and so on; from the start when its status changes."""
RETRY_SECONDS = (5, 15, 60, 300, 900, 1_800, 3_600)
"""After the first failed poll in a row, the second, and so on."""
MAX_WAIT_SECONDS = 3_600
"""The most that a CI system's ``Retry-After`` is obeyed."""
MAX_AGE = timedelta(days=7)
"""How long a job is followed that does not finish."""


async def follow(db: Database, client: CiClient, project_id: int, ci_job_id: UUID) -> None:
    """Poll a CI job once, write what it answers, and enqueue the next poll while it has not finished.

    Two at once, or one that is repeated after a crash, poll twice; the first to write counts.
    """
    mine = (CiJob.project_id == project_id, CiJob.id == ci_job_id, projects.is_living(CiJob.project_id))
    statement = select(CiJob, CiSettings).outerjoin(CiSettings, CiSettings.project_id == CiJob.project_id)
    async with db.read() as snap:
        row = (await snap.execute(statement.where(*mine))).one_or_none()
    if row is None:
        return
    job, settings = row
    if job.awaits_settings and job.link_state != "failed":
        # Settings that were saved while the link was being made have not seen it.
        await awaiting_settings.pick_up(db, project_id, [ci_job_id])
    elif job.next_check_at is not None:
        await _poll(db, client, job, settings)


async def _poll(db: Database, client: CiClient, job: CiJob, settings: CiSettings | None) -> None:
    if settings is None or settings.provider != job.provider:
        reason = f"The project has no CI settings for {PROVIDERS[job.provider].title}."
        await _record_mismatch(db, job, job.link_state, reason)
        return
    if settings.ci_project != job.ci_project:
        reason = "The CI settings name another CI project than this job's."
        await _record_mismatch(db, job, "failed", reason)
        return
    try:
        report = await client.fetch_job(settings, job.external_id)
    except FetchFailed as failure:
        await _record_failure(db, job, failure)
    else:
        await _record(db, job, report)


async def _record(db: Database, job: CiJob, report: JobReport) -> None:
    values_of_report = asdict(report)
    is_finished = values_of_report.pop("is_finished")
    looks = 0 if report.status != job.status else job.looks + 1
    wait = None if is_finished else _spread(POLL_SECONDS, looks)
    values = {**values_of_report, "looks": looks, "failures": 0, "reason": None}
    state = "finished" if is_finished else "linked"
    if wait is not None and datetime.now(UTC) - job.followed_since > MAX_AGE:
        state, wait = "failed", None
        values["reason"] = f"The job had not finished after {MAX_AGE.days} days and is no longer followed."
    async with db.write() as tx:
        await _write(tx, job, wait, link_state=state, **values)


async def _record_failure(db: Database, job: CiJob, failure: FetchFailed) -> None:
    failures = job.failures + 1
    values: dict[str, Any] = {"failures": failures, "reason": failure.message}
    wait = None
    if failures < failure.patience:
        requested = timedelta(seconds=min(failure.retry_after or 0.0, MAX_WAIT_SECONDS))
        wait = max(_spread(RETRY_SECONDS, failures - 1), requested)
    else:
        # What was seen of a job that has finished stays true; only a new look at it has failed.
        values["link_state"] = job.link_state if job.link_state == "finished" else "failed"
        values["awaits_settings"] = failure.awaits_settings and job.link_state != "finished"
    async with db.write() as tx:
        await _write(tx, job, wait, **values)


async def _record_mismatch(db: Database, job: CiJob, state: str, reason: str) -> None:
    """The CI settings, as they are now, do not lead to the job; what has finished stays so."""
    waits = job.link_state != "finished"
    async with db.write() as tx:
        await _write(tx, job, None, awaits_settings=waits, link_state=state if waits else job.link_state, reason=reason)


async def _write(tx: Tx, job: CiJob, wait: timedelta | None, **values: Any) -> None:
    """Write unless another worker has written in the meantime, and enqueue the next poll."""
    statement = (
        update(CiJob)
        .where(CiJob.project_id == job.project_id, CiJob.id == job.id, CiJob.notes == job.notes)
        .values(
            **values,
            notes=job.notes + 1,
            last_checked_at=func.now(),
            next_check_at=None if wait is None else func.now() + wait,
        )
        .returning(CiJob.id)
    )
    if await tx.scalar(statement) is not None and wait is not None:
        follow_again = FollowCiJob(job.project_id, job.id)
        await outbox.enqueue_later(tx, follow_again, wait, project_id=job.project_id)


def _spread(waits: tuple[int, ...], step: int) -> timedelta:
    """A wait, a little earlier or later, so that jobs that began together are not polled together."""
    seconds = waits[min(step, len(waits) - 1)]
    return timedelta(seconds=seconds * (0.8 + 0.4 * secrets.randbelow(1_000) / 1_000))
