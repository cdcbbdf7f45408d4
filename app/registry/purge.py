"""The jobs that remove deleted versions and models, in small transactions, each of which leaves less to do.

Killed anywhere, the next run goes on. Numbers are not used again: the model's row keeps the last one. What can still
be restored is left alone, and its job put off until it is due; what was restored needs none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Interval, delete, func, select, type_coerce, update

from app import faults
from app.ci import job_links
from app.db.database import Database, Tx
from app.db.statements import AnyRow, Statement
from app.queue import outbox
from app.registry.background_jobs import PurgeModel, PurgeVersion
from app.registry.tables import Model, ModelVersion
from app.registry.trash import retention
from app.registry.versions import manifests
from app.tracking import model_experiments, version_candidates
from app.tracking import purge as tracking_purge
from app.tracking.background_jobs import PurgeExperiment

Progress = Callable[[int, int | None], Awaitable[None]]

BATCH = 200
"""Versions in one transaction."""
BEGUN = func.to_timestamp(0)
"""The moment of what is being removed: before all others, so that it cannot be restored."""
HISTORY_BATCH = 5_000
"""Intervals in one transaction."""

_HISTORY = [
    Statement(
        "registry.purge_stage_holders",
        "Removes some of what the stages of a model stood for.",
        """
        DELETE FROM stage_holders WHERE project_id = :project AND id = ANY (ARRAY(
            SELECT h.id FROM stage_holders h WHERE h.project_id = :project AND h.model_id = :model LIMIT :batch))
        """,
    ),
    Statement(
        "registry.purge_stage_intervals",
        "Removes some of the intervals in which versions of a model were in stages.",
        """
        DELETE FROM stage_intervals WHERE project_id = :project AND id = ANY (ARRAY(
            SELECT i.id FROM stage_intervals i WHERE i.project_id = :project AND i.model_id = :model LIMIT :batch))
        """,
    ),
    Statement(
        "registry.purge_aliases",
        "Removes some of the intervals in which aliases of a model stood on versions.",
        """
        DELETE FROM aliases WHERE project_id = :project AND id = ANY (ARRAY(
            SELECT a.id FROM aliases a WHERE a.project_id = :project AND a.model_id = :model LIMIT :batch))
        """,
    ),
]
"""In the order in which they refer to each other. The history of a version that is removed stays with its model."""


async def version(db: Database, project_id: int, version_id: int, *, progress: Progress) -> None:
    """Remove a deleted version; its own candidate, unless another version shares it, is left to another job.

    Safe to repeat: a version that is gone, not deleted, or not due yet, is left alone. Its row is locked and looked at
    in the transaction that removes it, so it is restored before that or not at all.
    """
    async with db.write() as tx:
        removed = await _remove_versions(tx, project_id, ModelVersion.id == version_id, retention.is_due(ModelVersion))
        if not removed:
            await _put_off(tx, ModelVersion, PurgeVersion(project_id, version_id), version_id)
    await progress(removed, 1)


async def model(db: Database, project_id: int, model_id: int, *, progress: Progress) -> None:
    """Remove a deleted model: its versions, then its experiment, last itself.

    Candidates of its experiment that versions of other models need stay hidden, and go with the last of those.
    Safe to repeat: a model that is gone, not deleted, or not due yet, is left alone. The first transaction marks that
    the removal has begun, from when on it cannot be restored.
    """
    deleted = (Model.project_id == project_id, Model.id == model_id, Model.deleted_at.is_not(None))
    async with db.write() as tx:
        begun = update(Model).where(*deleted, retention.is_due(Model)).values(purge_at=BEGUN)
        number = await tx.scalar(begun.returning(Model.experiment_number))
        if number is None:
            await _put_off(tx, Model, PurgeModel(project_id, model_id), model_id)
            return
        # Again: a version whose creation overlapped the deletion of the model may have inserted its candidate since.
        await model_experiments.end_restoring(tx, project_id, number)
        of_model = (ModelVersion.project_id == project_id, ModelVersion.model_id == model_id)
        total = await tx.scalar(select(func.count()).select_from(ModelVersion).where(*of_model)) or 0
    done, removed = 0, BATCH
    while removed == BATCH:
        async with db.write() as tx:
            removed = await _remove_versions(tx, project_id, ModelVersion.model_id == model_id)
        done += removed
        await progress(done, total)
        await faults.point("purge.versions_removed")
    await tracking_purge.experiment(db, project_id, number, progress=_silent)
    for statement in _HISTORY:
        await _remove_history(db, statement, project_id, model_id)
    async with db.write() as tx:
        await manifests.forget(tx, project_id, model_id)
        await tx.execute(delete(Model).where(*deleted))
        # The experiment's own row could not go before the model that named it.
        await outbox.enqueue(tx, PurgeExperiment(project_id, number), project_id=project_id)


async def _put_off(tx: Tx, table: type[Model | ModelVersion], job: PurgeModel | PurgeVersion, id: int) -> None:
    """Enqueue the job again if the row is in the trash and not due yet: it ran too early, by whatever clock."""
    mine = (table.project_id == job.project_id, table.id == id, table.deleted_at.is_not(None))
    left: ColumnElement[timedelta] = type_coerce(table.purge_at - func.now(), Interval)
    wait = await tx.scalar(select(left).where(*mine, table.purge_at > func.now()))
    if wait is not None:
        await outbox.enqueue(tx, job, project_id=job.project_id, wait=wait)


async def _remove_history(db: Database, statement: Statement[AnyRow], project_id: int, model_id: int) -> None:
    removed = HISTORY_BATCH
    while removed == HISTORY_BATCH:
        async with db.write() as tx:
            removed = await statement.execute(tx, project=project_id, model=model_id, batch=HISTORY_BATCH)


async def _remove_versions(tx: Tx, project_id: int, *conditions: Any) -> int:
    """Up to a batch of versions; what they were made from is released."""
    statement = select(ModelVersion).where(ModelVersion.project_id == project_id, *conditions)
    rows = (await tx.scalars(statement.order_by(ModelVersion.id).limit(BATCH).with_for_update())).all()
    if not rows:
        return 0
    ids = [row.id for row in rows]
    await job_links.forget_versions(tx, project_id, ids)
    here = (ModelVersion.project_id == project_id, ModelVersion.id == func.any(ids))
    await tx.execute(delete(ModelVersion).where(*here).execution_options(synchronize_session=False))
    await _release_origins(tx, project_id, rows)
    return len(rows)


async def _release_origins(tx: Tx, project_id: int, rows: Sequence[ModelVersion]) -> None:
    candidates = sorted({row.candidate_id for row in rows})
    logged_models = sorted({row.logged_model_id for row in rows if row.logged_model_id is not None})
    await version_candidates.release(tx, project_id, candidates, logged_models)


async def _silent(_done: int, _total: int | None) -> None:
    """The progress of the experiment is not that of the model."""
