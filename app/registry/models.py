"""Models: names under which versions follow each other, each with an experiment of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access.policy import Actor, ProjectAccess
from app.db.database import Database, Snapshot, Tx
from app.errors import NotFound, Taken
from app.queue import outbox
from app.registry import guards, repository, webhook_events
from app.registry.background_jobs import PurgeModel
from app.registry.names import check_description, check_model_name, is_prompt
from app.registry.repository import readable, writable
from app.registry.stages import protections
from app.registry.tables import Model
from app.registry.tags import check_tags, patched
from app.registry.trash import retention, trashed
from app.text import quoted
from app.tracking import experiments, model_experiments, version_candidates
from app.tracking.experiments import ExperimentTaken

__all__ = ["Model"]
R = TypeVar("R")


class ModelNotFound(NotFound):
    """There is no such model, or it may not be seen."""

    def __init__(self, reference: int | str) -> None:
        self.reference = reference
        named = f"with id {reference}" if isinstance(reference, int) else quoted(reference)
        super().__init__(f"There is no model {named} in this project, or you may not see it.")


class ModelTaken(Taken):
    """The project has a model of that name.

    Prompts are models, too: ``existing_prompt`` tells whether that one is, ``wanted_prompt`` whether one was to be
    made (None: an existing model was to be renamed).
    """

    def __init__(self, name: str, existing: Model, *, field: str = "name", wanted_prompt: bool | None = None) -> None:
        self.existing_id = existing.id
        self.existing_prompt = is_prompt(existing.tags)
        self.wanted_prompt = wanted_prompt
        self.name = name
        kind = "prompt" if self.existing_prompt else "model"
        super().__init__(
            f"There is already a {kind} {quoted(name)} in this project (id {existing.id}); choose another name.",
            field=field,
        )


@dataclass(frozen=True, slots=True)
class Deletion(Generic[R]):
    """A model or version that was deleted, and the background job that removes what it had once it is due."""

    project_id: int
    id: int
    job_id: UUID
    row: R
    """As it is in the trash."""
    is_restorable: bool


@dataclass(frozen=True, slots=True)
class CreateModel:
    """What to create: a model with its own experiment."""

    name: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EditModel:
    """Only what is not None changes; a tag with the value None is removed.

    ``is_update``: the change counts as the model's last update. MLflow's calls for single tags do not.
    """

    name: str | None = None
    description: str | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)
    is_update: bool = True


async def create(db: Database, actor: Actor, project: int | str, command: CreateModel) -> Model:
    """Make a model and its experiment ``[model]<name>``, or neither; an experiment of that name is adopted.

    Raises:
        ModelTaken: the project has a living model of that name.
        Forbidden: the actor's token is confined to models of other names.
        Invalid: name, description or a tag is not acceptable.
    """
    name = check_model_name(command.name)
    description = check_description(command.description)
    tags = check_tags(command.tags)
    async with db.write(grows=True) as tx:
        access = await writable(tx, actor, project)
        repository.require_name(actor, name)
        await _refuse_taken(tx, access.id, name, wanted_prompt=is_prompt(tags))
        experiment = await model_experiments.take(tx, access.id, name, created_by=actor.user_id)
        statement = (
            upsert(Model)
            .values(
                project_id=access.id,
                name=name,
                description=description,
                tags=tags,
                experiment_number=experiment.number,
                created_by=actor.user_id,
            )
            .on_conflict_do_nothing()
            .returning(Model)
        )
        model: Model | None = await tx.scalar(statement)
        if model is None:
            await _refuse_taken(tx, access.id, name, wanted_prompt=is_prompt(tags))
            raise Taken(f"The name {quoted(name)} has just been in use; try again.", field="name")
        await webhook_events.model_created(tx, model)
    return model


async def get(db: Database, actor: Actor, project: int | str, reference: int | str) -> Model:
    """The model with that id or name.

    Raises:
        ModelNotFound: there is none, or it may not be seen.
    """
    async with db.read() as snap:
        access = await readable(snap, actor, project)
        return await find(snap, actor, access.id, reference)


async def find(snap: Snapshot, actor: Actor, project_id: int, reference: int | str) -> Model:
    """Read step: the living model with that id or name, in a project that was found.

    Raises:
        ModelNotFound: there is none, or the actor's token does not reach it.
    """
    model = await repository.find_model(snap, actor, project_id, reference)
    if model is None:
        raise not_found(reference)
    return model


async def lock(tx: Tx, model: Model) -> None:
    """Step: keep versions and aliases of the model as they are until the commit; it counts as changed.

    Raises:
        ModelNotFound: it has just been deleted.
    """
    if not await repository.touch_model(tx, model.project_id, model.id):
        raise not_found(model.name)


async def hold(tx: Tx, model: Model) -> None:
    """Step: keep versions and aliases of the model as they are until the commit; it does not count as changed.

    Raises:
        ModelNotFound: it has just been deleted.
    """
    condition = repository.model_is(model.project_id, model.id)
    assert condition is not None, "the id of a row is one"
    if await tx.scalar(select(Model.id).where(condition).with_for_update(key_share=True)) is None:
        raise not_found(model.name)


async def name_of(snap: Snapshot, project_id: int, model_id: int) -> str | None:
    """Read step: the name of a model by its id, of a deleted one, too; None: it is gone."""
    return await snap.scalar(select(Model.name).where(Model.project_id == project_id, Model.id == model_id))


def reached(actor: Actor, project_id: Any, model_id: Any) -> tuple[ColumnElement[bool], ...]:
    """For statements about what belongs to models, living or not: the conditions that leave what the actor's token
    reaches, by the columns of project and model.
    """
    if actor.model_patterns is None:
        return ()
    return (exists().where(Model.project_id == project_id, Model.id == model_id, *repository.within(actor)),)


def not_found(reference: int | str) -> ModelNotFound:
    """The error for a model that is not there."""
    return ModelNotFound(reference)


async def edit(db: Database, actor: Actor, project: int | str, reference: int | str, command: EditModel) -> Model:
    """Change name, description and tags of a model, all or nothing; its versions and its experiment go along.

    Raises:
        ModelNotFound: there is no such model.
        ModelTaken: another living model has the name, or has just got it.
        ExperimentTaken: an experiment that is not the model's has the name that its own would get.
        Invalid: a value is not acceptable, or there would be too many tags.
    """
    name = None if command.name is None else check_model_name(command.name)
    values: dict[str, Any] = {"updated_at": func.now() if command.is_update else Model.updated_at}
    if command.description is not None:
        values["description"] = check_description(command.description)
    if command.tags:
        values["tags"] = patched(Model.tags, command.tags)
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        key, is_renamed = reference, False
        if name is not None:
            model = await find(tx, actor, access.id, reference)
            repository.require_name(actor, name)
            is_renamed = model.name != name  # before the row is read again
            await _rename_experiment(tx, model, name)
            key, values["name"] = model.id, name
        changed = await _update(tx, actor, access.id, key, **values)
        if changed is None:
            raise not_found(reference)
        if is_renamed:
            await guards.require_model(tx, actor, access, changed.id, "the model cannot be renamed")
        if command.tags:
            check_tags(changed.tags)
            await webhook_events.model_tags_changed(tx, changed, command.tags)
    return changed


async def delete(
    db: Database,
    actor: Actor,
    project: int | str,
    reference: int | str,
    *,
    keep: timedelta = retention.KEPT,
    permanently: bool = False,
) -> Deletion[Model]:
    """Delete a model with versions, experiment and files; the name is free at once.

    All is hidden at once and kept for ``keep``, in which it can be restored; then a background job removes it.
    ``permanently``: at once, and what is in the trash already as well.

    Raises:
        ModelNotFound: there is no such model.
        VersionProtected: a version is sealed or in a protected stage, and the actor may not delete such.
        Forbidden: deleting permanently is for maintainers.
        NameProtected, ApprovalNeeded: a rule protects an alias of it, or a stage that a version of it is in.
    """
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        keep = retention.period(actor, access, keep, permanently=permanently)
        try:
            model = await find(tx, actor, access.id, reference)
        except ModelNotFound:
            if not permanently:
                raise
            gone = await _end_restoring(tx, await trashed.find_model(tx, actor, access.id, reference))
        else:
            gone = await _hide(tx, actor, access, model, keep)
        job = PurgeModel(access.id, gone.id)
        job_id = await outbox.enqueue(tx, job, project_id=access.id, requested_by=actor.user_id, wait=keep)
    return Deletion(access.id, gone.id, job_id, gone, is_restorable=keep > retention.AT_ONCE)


async def _refuse_taken(tx: Tx, project_id: int, name: str, *, wanted_prompt: bool | None = None) -> None:
    existing = await repository.any_model(tx, project_id, name)
    if existing is not None:
        raise ModelTaken(name, existing, wanted_prompt=wanted_prompt)


async def _hide(tx: Tx, actor: Actor, access: ProjectAccess, model: Model, keep: timedelta) -> Model:
    await experiments.mark_for_purge(tx, model.project_id, model.experiment_number, keep=keep)
    shared = await version_candidates.lock_of_model(tx, model.project_id, model.id)
    moments = {"deleted_at": func.now(), "updated_at": func.now(), "purge_at": func.now() + keep}
    gone = await _update(tx, actor, model.project_id, model.id, **moments, deleted_by=actor.user_id)
    if gone is None:
        raise not_found(model.name)
    await protections.require_free(tx, actor, access, gone)
    await guards.require_model(tx, actor, access, model.id, "the model cannot be deleted")
    await version_candidates.purge_unneeded(tx, model.project_id, shared, keep=keep)
    await webhook_events.model_deleted(tx, gone, actor.username)
    return gone


async def _end_restoring(tx: Tx, model: Model) -> Model:
    """The time of a model in the trash is over."""
    mine = (Model.project_id == model.project_id, Model.id == model.id, retention.is_restorable(Model))
    statement = update(Model).where(*mine).values(purge_at=func.now()).returning(Model)
    gone: Model | None = await tx.scalar(statement, execution_options={"populate_existing": True})
    if gone is None:
        raise not_found(model.id)
    return gone


async def _rename_experiment(tx: Tx, model: Model, name: str) -> None:
    """The experiment before the model's own row: whatever locks both does so in this order."""
    if model.name == name:
        return
    await _refuse_taken(tx, model.project_id, name)
    try:
        await model_experiments.rename(tx, model.project_id, model.experiment_number, name)
    except ExperimentTaken:
        # Another transaction took the name in between: that is the same conflict as if it had been first by an hour.
        await _refuse_taken(tx, model.project_id, name)
        raise


async def _update(tx: Tx, actor: Actor, project_id: int, reference: int | str, **values: Any) -> Model | None:
    condition = repository.model_is(project_id, reference)
    if condition is None:
        return None
    statement = update(Model).where(condition, *repository.within(actor)).values(**values).returning(Model)
    return (await tx.scalars(statement, execution_options={"populate_existing": True})).one_or_none()
