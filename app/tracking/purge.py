"""Removes what was condemned: candidates, logged models and experiments, down to the bytes.

What is hidden until a moment that lies ahead can still be restored, and is not touched before.

Small transactions, each of which leaves less to do; killed anywhere, the next run goes on. A candidate that model
versions refer to stays until the last of them is gone; the removal of that version enqueues its job again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, literal_column, select, text, update

from app.artifacts.upkeep import garbage
from app.ci import job_links
from app.db.database import Database, Snapshot, Tx
from app.tracking.tables import (
    Candidate,
    CandidateDataset,
    CandidateModel,
    CandidateParam,
    CandidateTag,
    Dataset,
    Experiment,
    LatestMetric,
    LoggedModel,
    LoggedModelMetric,
    MetricPoint,
)
from app.tracking.version_references import (
    CANDIDATE_IS_UNREFERENCED,
    EXPERIMENT_HAS_NO_MODEL,
    LOGGED_MODEL_IS_UNREFERENCED,
    LOGGED_MODELS_ARE_UNREFERENCED,
)

Progress = Callable[[int, int | None], Awaitable[None]]

BATCH = 500
CANDIDATES_AT_ONCE = 50
POINTS_AT_ONCE = 10_000
_ROW_ADDRESS: ColumnElement[object] = literal_column("metric_points.ctid")


async def candidate(db: Database, project_id: int, candidate_id: UUID, *, progress: Progress) -> None:
    """Remove a condemned candidate, unless a model version refers to it; then its experiment when that was the last.

    Safe to repeat: a candidate that is gone, or that was not condemned, is left alone.
    """
    async with db.read() as snap:
        numbers = select(Candidate.experiment_number).where(*_condemned(project_id, [candidate_id]))
        number = await snap.scalar(numbers)
    if number is None:
        return
    removed = await _remove(db, project_id, [candidate_id])
    await progress(removed, 1)
    if removed:
        await _remove_empty_experiment(db, project_id, number)


async def experiment(db: Database, project_id: int, number: int, *, progress: Progress) -> None:
    """Remove a condemned experiment with its candidates and logged models; those that versions need stay, unseen.

    Safe to repeat, as above.
    """
    async with db.read() as snap:
        mine = (Experiment.project_id == project_id, Experiment.number == number, Experiment.purge_at <= func.now())
        if not await snap.scalar(select(exists().where(*mine))):
            return
        candidates_of = (Candidate.project_id == project_id, Candidate.experiment_number == number)
        total = await snap.scalar(select(func.count()).select_from(Candidate).where(*candidates_of)) or 0
    done, after = 0, None
    while ids := await _next_candidates(db, project_id, number, after):
        done += await _remove(db, project_id, ids)
        after = ids[-1]
        await progress(done, total)
    while models := await _next_models(db, project_id, LoggedModel.experiment_number == number):
        await _remove_models(db, project_id, models)
    await _remove_empty_experiment(db, project_id, number)


async def _remove(db: Database, project_id: int, ids: Sequence[UUID]) -> int:
    """Remove those of the candidates that no version refers to; the number removed."""
    async with db.write() as tx:
        free = await _unreferenced(tx, project_id, ids)
        mine = (LoggedModel.project_id == project_id, LoggedModel.source_candidate_id.in_(free))
        shown = LoggedModel.purge_at.is_(None) | (LoggedModel.purge_at > func.now())
        await tx.execute(update(LoggedModel).where(*mine, shown).values(purge_at=func.now()))
    if not free:
        return 0
    while models := await _next_models(db, project_id, LoggedModel.source_candidate_id.in_(free)):
        await _remove_models(db, project_id, models)
    await _remove_artifacts(db, project_id, free)
    await _remove_points(db, project_id, free)
    async with db.write() as tx:
        for rows in (LatestMetric, CandidateParam, CandidateTag, CandidateDataset, CandidateModel):
            await tx.execute(delete(rows).where(rows.project_id == project_id, rows.candidate_id.in_(free)))
        await job_links.forget_candidates(tx, project_id, free)
        await tx.execute(delete(Candidate).where(*_condemned(project_id, free)))
    return len(free)


async def _remove_models(db: Database, project_id: int, ids: Sequence[UUID]) -> None:
    if not ids:
        return
    async with db.write() as tx:
        mine = (LoggedModel.project_id == project_id, LoggedModel.id.in_(ids))
        await tx.execute(update(LoggedModel).where(*mine).values(purge_at=func.now()))
    await _remove_artifacts(db, project_id, ids)
    async with db.write() as tx:
        for rows in (LoggedModelMetric, CandidateModel):
            await tx.execute(delete(rows).where(rows.project_id == project_id, rows.logged_model_id.in_(ids)))
        await tx.execute(delete(LoggedModel).where(*mine))


async def _remove_artifacts(db: Database, project_id: int, roots: Sequence[UUID]) -> None:
    for root in roots:
        removed = BATCH
        while removed == BATCH:
            async with db.write() as tx:
                removed = await garbage.release_root(tx, project_id, root, BATCH)


async def _remove_points(db: Database, project_id: int, ids: Sequence[UUID]) -> None:
    batch = (
        select(_ROW_ADDRESS)
        .where(MetricPoint.project_id == project_id, MetricPoint.candidate_id.in_(ids))
        .limit(POINTS_AT_ONCE)
    )
    # Points are never changed, so a row keeps its address until it is removed.
    statement = delete(MetricPoint).where(_ROW_ADDRESS.op("=")(func.any(func.array(batch.scalar_subquery()))))
    statement = statement.execution_options(synchronize_session=False)
    removed = POINTS_AT_ONCE
    while removed == POINTS_AT_ONCE:
        async with db.write() as tx:
            removed = (await tx.execute(statement)).rowcount  # type: ignore[attr-defined] # a DELETE has one


async def _next_candidates(db: Database, project_id: int, number: int, after: UUID | None) -> list[UUID]:
    statement = (
        select(Candidate.id)
        .where(
            Candidate.project_id == project_id,
            Candidate.experiment_number == number,
            Candidate.purge_at <= func.now(),
            Candidate.id > (after or UUID(int=0)),
        )
        .order_by(Candidate.id)
        .limit(CANDIDATES_AT_ONCE)
    )
    async with db.read() as snap:
        return list(await snap.scalars(statement))


async def _next_models(db: Database, project_id: int, *conditions: Any) -> list[UUID]:
    """Logged models that no version refers to."""
    free = text(LOGGED_MODEL_IS_UNREFERENCED)
    statement = select(LoggedModel.id).where(LoggedModel.project_id == project_id, *conditions, free)
    async with db.read() as snap:
        return list(await snap.scalars(statement.limit(CANDIDATES_AT_ONCE)))


async def _unreferenced(snap: Snapshot, project_id: int, ids: Sequence[UUID]) -> list[UUID]:
    """Condemned candidates that no version (deleted ones with rows left included) refers to, even by a logged model."""
    free = (text(CANDIDATE_IS_UNREFERENCED), text(LOGGED_MODELS_ARE_UNREFERENCED))
    return list(await snap.scalars(select(Candidate.id).where(*_condemned(project_id, ids), *free)))


async def _remove_empty_experiment(db: Database, project_id: int, number: int) -> None:
    """Remove the row of a condemned experiment that has nothing left and that no model names."""
    async with db.write() as tx:
        empty = await _lock_if_empty(tx, project_id, number)
        if not empty:
            return
        await tx.execute(delete(Dataset).where(Dataset.project_id == project_id, Dataset.experiment_number == number))
        mine = (Experiment.project_id == project_id, Experiment.number == number, Experiment.purge_at <= func.now())
        await tx.execute(
            delete(Experiment).where(*mine, text(EXPERIMENT_HAS_NO_MODEL)).execution_options(synchronize_session=False)
        )


async def _lock_if_empty(tx: Tx, project_id: int, number: int) -> bool:
    mine = (Experiment.project_id == project_id, Experiment.number == number, Experiment.purge_at <= func.now())
    if await tx.scalar(select(Experiment.number).where(*mine).with_for_update()) is None:
        return False
    left = select(
        exists().where(Candidate.project_id == project_id, Candidate.experiment_number == number)
        | exists().where(LoggedModel.project_id == project_id, LoggedModel.experiment_number == number)
    )
    return not await tx.scalar(left)


def _condemned(project_id: int, ids: Sequence[UUID]) -> tuple[Any, ...]:
    return (Candidate.project_id == project_id, Candidate.id.in_(ids), Candidate.purge_at <= func.now())
