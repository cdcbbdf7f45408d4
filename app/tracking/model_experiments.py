"""The experiment that every model has, as steps of the registry's own transactions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update

from app.db.database import Tx
from app.tracking import experiments
from app.tracking.experiments import MODEL_PREFIX, ExperimentTaken
from app.tracking.tables import Candidate, Experiment, LoggedModel


def name_of(model_name: str) -> str:
    """What the experiment of a model of that name is called."""
    return MODEL_PREFIX + model_name


async def take(tx: Tx, project_id: int, model_name: str, *, created_by: int | None) -> Experiment:
    """Step: the experiment named after the model; one that exists already, perhaps in the trash, is adopted.

    Locks the name until the transaction ends, so that of two creations the second sees what the first has written.
    """
    name = name_of(model_name)
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


async def bring_back(tx: Tx, project_id: int, number: int, hidden_until: datetime | None, model_name: str) -> None:
    """Step: show the experiment of a deleted model again, under the model's name, with what was hidden together.

    Locks the name, as :func:`take` does. ``hidden_until`` is the moment that the deletion of the model gave to all
    that it hid; what was deleted before it keeps its own.

    Raises:
        ExperimentTaken: another experiment has the name.
        ExperimentNotFound: it has just been shown or removed by others.
    """
    name = name_of(model_name)
    key = func.hashtextextended(f"experiment:{project_id}:{name}", 0)
    await tx.execute(select(func.pg_advisory_xact_lock(key)))
    of_name = (Experiment.project_id == project_id, Experiment.name == name, Experiment.purge_at.is_(None))
    if await tx.scalar(select(Experiment.number).where(*of_name)) is not None:
        raise experiments.taken(name)
    for table in (Candidate, LoggedModel):
        mine = (table.project_id == project_id, table.experiment_number == number, table.purge_at == hidden_until)
        await tx.execute(update(table).where(*mine).values(purge_at=None))
    statement = (
        update(Experiment)
        .where(Experiment.project_id == project_id, Experiment.number == number, Experiment.purge_at == hidden_until)
        .values(purge_at=None, deleted_at=None, name=name)
        .returning(Experiment.number)
    )
    if await tx.scalar(statement) is None:
        raise experiments.ExperimentNotFound(f"No Experiment with id={number} exists.")


async def end_restoring(tx: Tx, project_id: int, number: int) -> None:
    """Step: what is hidden of the experiment of a deleted model, and all that is not, is removed from now on."""
    mine = (Experiment.project_id == project_id, Experiment.number == number)
    await tx.execute(update(Experiment).where(*mine).values(purge_at=func.least(Experiment.purge_at, func.now())))
    for table in (Candidate, LoggedModel):
        of_experiment = (table.project_id == project_id, table.experiment_number == number)
        early = table.purge_at.is_(None) | (table.purge_at > func.now())
        await tx.execute(update(table).where(*of_experiment, early).values(purge_at=func.now()))


async def rename(tx: Tx, project_id: int, number: int, model_name: str) -> None:
    """Step: let the experiment follow the name of its model.

    Raises:
        ExperimentTaken: another experiment has the name.
    """
    await experiments.set_name(tx, project_id, number, name_of(model_name))


async def _adopt(tx: Tx, project_id: int, name: str) -> Experiment | None:
    statement = (
        update(Experiment)
        .where(Experiment.project_id == project_id, Experiment.name == name, Experiment.purge_at.is_(None))
        .values(deleted_at=None)
        .returning(Experiment)
    )
    adopted: Experiment | None = await tx.scalar(statement)
    return adopted
