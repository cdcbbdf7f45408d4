"""Brings a deleted model back, with the versions, candidates and aliases that were hidden with it."""

from __future__ import annotations

from sqlalchemy import func, update

from app.access.policy import Actor
from app.db.database import Database, Tx
from app.errors import Taken
from app.registry import guards, repository, webhook_events
from app.registry.names import check_model_name
from app.registry.repository import writable
from app.registry.tables import Model
from app.registry.trash import retention, trashed
from app.registry.trash.retention import NotRestorable
from app.text import quoted
from app.tracking import model_experiments, version_candidates
from app.tracking.experiments import ExperimentNotFound, ExperimentTaken


class NameTakenAgain(Taken):
    """The project has a model of that name by now, or an experiment of that of the model."""

    def __init__(self, name: str, by: str) -> None:
        super().__init__(
            f"The model cannot be restored as {quoted(name)}: {by}. Restore it under another name (`name`).",
            field="name",
        )


async def restore(
    db: Database, actor: Actor, project: int | str, reference: int | str, *, name: str | None = None
) -> Model:
    """Bring a deleted model back, under another ``name`` if one is given; one that is not deleted stays as it is.

    With it come the versions that were not deleted by themselves before, with stages and aliases, and its experiment.

    Raises:
        NotRestorable: it was never deleted, or its time is over.
        NameTakenAgain: the name has been given to another model, or that of its experiment to another one.
        VersionProtected: a version of it is sealed or in a protected stage, and the actor may not change such.
        Forbidden: the actor's token is confined to models of other names.
        Invalid: the name is not acceptable.
    """
    wanted = None if name is None else check_model_name(name)
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        try:
            model = await trashed.find_model(tx, actor, access.id, reference)
        except NotRestorable:
            living = await repository.find_model(tx, actor, access.id, reference)
            if living is None or wanted not in {None, living.name}:
                raise
            return living
        await guards.require_model(tx, actor, access, model.id, "the model cannot be restored")
        new_name = wanted or model.name
        repository.require_name(actor, new_name)
        await _refuse_taken(tx, access.id, new_name)
        await _bring_back_experiment(tx, model, new_name)
        await version_candidates.bring_back_of_model(tx, access.id, model.id)
        restored = await _show(tx, model, new_name)
        await webhook_events.model_restored(tx, restored, actor.username)
    return restored


async def _bring_back_experiment(tx: Tx, model: Model, name: str) -> None:
    """Locks the name, as creation and renaming do; then no other model of that name comes before the commit."""
    number = model.experiment_number
    try:
        await model_experiments.bring_back(tx, model.project_id, number, model.purge_at, name)
    except ExperimentNotFound as error:
        raise trashed.missing_model(model.name) from error
    except ExperimentTaken as error:
        await _refuse_taken(tx, model.project_id, name)
        raise NameTakenAgain(name, f"there is an experiment {quoted(model_experiments.name_of(name))}") from error
    await _refuse_taken(tx, model.project_id, name)


async def _show(tx: Tx, model: Model, name: str) -> Model:
    statement = (
        update(Model)
        .where(Model.project_id == model.project_id, Model.id == model.id, retention.is_restorable(Model))
        .values(deleted_at=None, purge_at=None, deleted_by=None, name=name, updated_at=func.now())
        .returning(Model)
    )
    restored = (await tx.scalars(statement, execution_options={"populate_existing": True})).one_or_none()
    if restored is None:
        raise trashed.missing_model(model.name)
    return restored


async def _refuse_taken(tx: Tx, project_id: int, name: str) -> None:
    other = await repository.any_model(tx, project_id, name)
    if other is not None:
        raise NameTakenAgain(name, f"there is a model of that name again (id {other.id})")
