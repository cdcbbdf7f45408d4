"""The experiment that every model has, as steps of the registry's own transactions."""

from __future__ import annotations

from sqlalchemy import func, select, update

from app.db.database import Tx
from app.tracking import experiments
from app.tracking.experiments import MODEL_PREFIX, ExperimentTaken
from app.tracking.tables import Experiment


async def take(tx: Tx, project_id: int, model_name: str, *, created_by: int | None) -> Experiment:
    """Step: the experiment named after the model; one that exists already, perhaps in the trash, is adopted.

    Locks the name until the transaction ends, so that of two creations the second sees what the first has written.
    """
    name = MODEL_PREFIX + model_name
    key = func.hashtextextended(f"experiment:{project_id}:{name}", 0)
    await tx.execute(select(func.pg_advisory_xact_lock(key)))
    if adopted := await _adopt(tx, project_id, name):
        return adopted
    try:
        return await experiments.add(tx, project_id, name, created_by=created_by)
    except ExperimentTaken:
        # Another transaction created it meanwhile: creating does not take the lock on the name.
        if adopted := await _adopt(tx, project_id, name):
            return adopted
        raise


async def rename(tx: Tx, project_id: int, number: int, model_name: str) -> None:
    """Step: let the experiment follow the name of its model.

    Raises:
        ExperimentTaken: another experiment has the name.
    """
    await experiments.set_name(tx, project_id, number, MODEL_PREFIX + model_name)


async def _adopt(tx: Tx, project_id: int, name: str) -> Experiment | None:
    statement = (
        update(Experiment)
        .where(Experiment.project_id == project_id, Experiment.name == name, Experiment.purge_at.is_(None))
        .values(deleted_at=None)
        .returning(Experiment)
    )
    adopted: Experiment | None = await tx.scalar(statement)
    return adopted
