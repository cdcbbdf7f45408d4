"""CI jobs that wait for the project's CI settings, and what happens to them once there are some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.ci.background_jobs import FollowCiJob
from app.ci.tables import CandidateCiJob, CiJob, CiSettings, VersionCiJob
from app.db.database import Database, Tx
from app.queue import outbox

BATCH = 200


async def pick_up_all(db: Database, project_id: int) -> None:
    """Begin to follow every job of the project that waits for settings like those that there are now."""
    after: UUID | None = UUID(int=0)
    while after is not None:
        statement = (
            select(CiJob.id)
            .where(CiJob.project_id == project_id, CiJob.awaits_settings, CiJob.id > after)
            .order_by(CiJob.id)
            .limit(BATCH)
        )
        async with db.read() as snap:
            ids = list(await snap.scalars(statement))
        await pick_up(db, project_id, ids)
        after = ids[-1] if len(ids) == BATCH else None


async def pick_up(db: Database, project_id: int, ids: Sequence[UUID]) -> None:
    """Begin to follow those of the jobs that the settings lead to; the others go on waiting."""
    if not ids:
        return
    async with db.write() as tx:
        settings = await tx.scalar(select(CiSettings).where(CiSettings.project_id == project_id))
        if settings is None:
            return
        mine = (CiJob.project_id == project_id, CiJob.id == func.any(list(ids)), CiJob.awaits_settings)
        statement = select(CiJob).where(*mine, CiJob.provider == settings.provider).order_by(CiJob.id)
        for job in (await tx.scalars(statement.with_for_update())).all():
            if job.ci_project == "" or job.ci_project.casefold() == settings.ci_project.casefold():
                await _begin(tx, job, settings.ci_project)


async def _begin(tx: Tx, job: CiJob, ci_project: str) -> None:
    mine = (CiJob.project_id == job.project_id, CiJob.id == job.id)
    same = (
        CiJob.project_id == job.project_id, CiJob.provider == job.provider, CiJob.ci_project == ci_project,
        CiJob.external_id == job.external_id, CiJob.id != job.id,
    )  # fmt: skip
    existing = await tx.scalar(select(CiJob.id).where(*same).with_for_update(read=True, key_share=True))
    if existing is not None:
        await _merge(tx, job, existing)
        return
    values: dict[str, Any] = {
        "ci_project": ci_project, "link_state": "pending", "reason": None, "awaits_settings": False, "failures": 0,
        "looks": 0, "followed_since": func.now(), "next_check_at": func.now(), "notes": CiJob.notes + 1,
    }  # fmt: skip
    await tx.execute(update(CiJob).where(*mine).values(**values).execution_options(synchronize_session=False))
    await outbox.enqueue(tx, FollowCiJob(job.project_id, job.id), project_id=job.project_id)


async def _merge(tx: Tx, job: CiJob, existing: UUID) -> None:
    """Two rows have turned out to be the same job: its links go over to the one that is followed already."""
    for table, owner in ((CandidateCiJob, "candidate_id"), (VersionCiJob, "version_id")):
        columns = ["project_id", owner, "ci_job_id", "linked_by", "linked_at"]
        mine = (table.project_id == job.project_id, table.ci_job_id == job.id)
        moved = select(table.project_id, getattr(table, owner), literal(existing), table.linked_by, table.linked_at)
        await tx.execute(upsert(table).from_select(columns, moved.where(*mine)).on_conflict_do_nothing())
        await tx.execute(delete(table).where(*mine).execution_options(synchronize_session=False))
    gone = delete(CiJob).where(CiJob.project_id == job.project_id, CiJob.id == job.id)
    await tx.execute(gone.execution_options(synchronize_session=False))
