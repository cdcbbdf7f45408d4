"""Lists of background jobs, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, func, literal_column, select

from app.db.database import Snapshot
from app.errors import Invalid, NotFound
from app.pagination import Keyset, Page, Window
from app.queue.tables import BackgroundJob

STATES = ("queued", "running", "succeeded", "dead", "cancelled")
ORDER: Keyset[BackgroundJob] = Keyset("jobs", (BackgroundJob.id,), lambda job: (job.id,), descending=True)


class JobNotFound(NotFound):
    """There is no such background job, or it may not be seen."""

    def __init__(self, job_id: object) -> None:
        super().__init__(
            f"There is no background job `{str(job_id)[:80]}`, or you may not see it.", field="background_job"
        )


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs; None does not narrow them."""

    state: str | None = None
    kind: str | None = None
    project_id: int | None = None
    requested_by: int | None = None


async def page(snap: Snapshot, wanted: JobFilter, window: Window, *more: ColumnElement[bool]) -> Page[BackgroundJob]:
    """Read step: the jobs that match the filter and the conditions, newest first.

    Raises:
        Invalid: there is no such state, or the window makes no sense.
    """
    statement = ORDER.apply(matching(wanted).where(*more), window)
    return ORDER.page((await snap.scalars(statement)).all(), window)


async def count(snap: Snapshot, wanted: JobFilter, *more: ColumnElement[bool]) -> int:
    """Read step: the number of jobs that match the filter and the conditions."""
    return await snap.scalar(matching(wanted).where(*more).with_only_columns(func.count())) or 0


async def one(snap: Snapshot, job_id: UUID) -> BackgroundJob:
    """Read step: the job with that id.

    Raises:
        JobNotFound: there is none.
    """
    job = await snap.scalar(select(BackgroundJob).where(BackgroundJob.id == job_id))
    if job is None:
        raise JobNotFound(job_id)
    return job


def matching(wanted: JobFilter) -> Select[BackgroundJob]:
    """The jobs of a filter."""
    statement = select(BackgroundJob)
    if wanted.state is not None:
        statement = statement.where(_in_state(wanted.state))
    for column, value in (
        (BackgroundJob.kind, wanted.kind),
        (BackgroundJob.project_id, wanted.project_id),
        (BackgroundJob.requested_by, wanted.requested_by),
    ):
        if value is not None:
            statement = statement.where(column == value)
    return statement


def _in_state(state: str) -> ColumnElement[bool]:
    if state not in STATES:
        raise Invalid(f"`{state[:40]}` is no state of a background job: {', '.join(STATES)}.", field="status")
    # A literal, so that PostgreSQL sees at planning that a partial index serves.
    return BackgroundJob.state == literal_column(f"'{state}'", Text)
