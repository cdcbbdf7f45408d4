"""Models: named lines of versions, each with an experiment of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access.policy import Actor
from app.db.database import Database, Snapshot, Tx
from app.errors import NotFound, Taken
from app.pagination import Keyset, Page, Window
from app.queue import outbox
from app.queue.jobs import PurgeModel
from app.quoting import quoted
from app.registry import repository, webhook_events
from app.registry.names import check_description, check_model_name, is_prompt
from app.registry.repository import readable, writable
from app.registry.tables import Model
from app.registry.tags import check_tags, merged, without
from app.search import sql
from app.tracking import experiments, model_experiments, version_candidates
from app.tracking.experiments import ExperimentTaken

__all__ = ["Model"]


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


class ModelSort(StrEnum):
    """By what models are ordered."""

    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"


@dataclass(frozen=True, slots=True)
class Deletion:
    """A model or version that was deleted, and the background job that removes what it had."""

    project_id: int
    id: int
    job_id: UUID


@dataclass(frozen=True, slots=True)
class ModelOrder:
    by: ModelSort = ModelSort.NAME
    descending: bool = False


@dataclass(frozen=True, slots=True)
class CreateModel:
    name: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


async def create(db: Database, actor: Actor, project: int | str, command: CreateModel) -> Model:
    """Make a model and its experiment ``[model]<name>``, or neither; an experiment of that name is adopted.

    Raises:
        ModelTaken: the project has a living model of that name.
        Invalid: name, description or a tag is not acceptable.
    """
    name = check_model_name(command.name)
    description = check_description(command.description)
    tags = check_tags(command.tags)
    async with db.write(grows=True) as tx:
        access = await writable(tx, actor, project)
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
        return await find(snap, access.id, reference)


async def find(snap: Snapshot, project_id: int, reference: int | str) -> Model:
    """Read step: the living model with that id or name.

    Raises:
        ModelNotFound: there is none.
    """
    model = await repository.find_model(snap, project_id, reference)
    if model is None:
        raise not_found(reference)
    return model


def not_found(reference: int | str) -> ModelNotFound:
    """The error for a model that is not there."""
    return ModelNotFound(reference)


async def by_ids(db: Database, actor: Actor, project_id: int, ids: Sequence[int]) -> list[Model | None]:
    """For loaders: models in the order of the ids, None where there is none to be seen."""
    async with db.read() as snap:
        if not await repository.may_read(snap, actor, project_id):
            return [None] * len(ids)
        rows = await snap.scalars(repository.living_models(project_id).where(Model.id == func.any(list(ids))))
        found = {model.id: model for model in rows}
    return [found.get(id) for id in ids]


async def by_experiments(db: Database, actor: Actor, project_id: int, numbers: Sequence[int]) -> list[Model | None]:
    """For loaders: the model that each experiment belongs to, in the order of the experiments' numbers."""
    async with db.read() as snap:
        if not await repository.may_read(snap, actor, project_id):
            return [None] * len(numbers)
        condition = Model.experiment_number == func.any(list(numbers))
        rows = await snap.scalars(repository.living_models(project_id).where(condition))
        found = {model.experiment_number: model for model in rows}
    return [found.get(number) for number in numbers]


async def edit(
    db: Database, actor: Actor, project: int | str, reference: int | str, *, description: str | None = None
) -> Model:
    """Change the description.

    Raises:
        ModelNotFound: there is no such model.
        Invalid: the description is not acceptable.
    """
    changes = {} if description is None else {"description": check_description(description)}
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        return await _change(tx, access.id, reference, updated_at=func.now(), **changes)


async def rename(db: Database, actor: Actor, project: int | str, reference: int | str, name: str) -> Model:
    """Give a model another name; its versions and its experiment go along.

    Raises:
        ModelNotFound: there is no such model.
        ModelTaken: another living model has the name.
        ExperimentTaken: an experiment that is not the model's has the name that its own would get.
        Invalid: the name is not acceptable.
    """
    name = check_model_name(name)
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model = await find(tx, access.id, reference)
        if model.name != name:
            await _refuse_taken(tx, access.id, name)
            await _rename_experiment(tx, model, name)
        return await _change(tx, access.id, model.id, name=name, updated_at=func.now())


async def set_tags(
    db: Database, actor: Actor, project: int | str, reference: int | str, tags: Mapping[str, str]
) -> Model:
    """Set tags; others stay as they are. The model counts as unchanged (MLflow REST: registered-models/set-tag).

    Raises:
        ModelNotFound: there is no such model.
        Invalid: a key or value is not acceptable, or there would be too many.
    """
    patch = check_tags(tags)
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model = await _change(tx, access.id, reference, tags=merged(Model.tags, patch))
        check_tags(model.tags)
        await webhook_events.model_tags_changed(tx, model, patch)
    return model


async def remove_tag(db: Database, actor: Actor, project: int | str, reference: int | str, key: str) -> Model:
    """Remove a tag; one that is not there is no error (MLflow REST: registered-models/delete-tag).

    Raises:
        ModelNotFound: there is no such model.
    """
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model = await _change(tx, access.id, reference, tags=without(Model.tags, key))
        await webhook_events.model_tags_changed(tx, model, {key: None})
    return model


async def delete(db: Database, actor: Actor, project: int | str, reference: int | str) -> Deletion:
    """Delete a model with versions, experiment and files, which a background job removes; the name is free at once.

    Raises:
        ModelNotFound: there is no such model.
    """
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model = await find(tx, access.id, reference)
        await experiments.mark_for_purge(tx, access.id, model.experiment_number)
        shared = await version_candidates.lock_of_model(tx, access.id, model.id)
        await _change(tx, access.id, model.id, deleted_at=func.now(), updated_at=func.now())
        await version_candidates.purge_unneeded(tx, access.id, shared)
        job = PurgeModel(access.id, model.id)
        job_id = await outbox.enqueue(tx, job, project_id=access.id, requested_by=actor.user_id)
    return Deletion(access.id, model.id, job_id)


async def search(
    db: Database,
    actor: Actor,
    project: int | str,
    window: Window,
    *,
    text: str = "",
    order: ModelOrder | None = None,
) -> Page[Model]:
    """Models whose name holds the text, in any case."""
    chosen = keyset(order or ModelOrder())
    async with db.read() as snap:
        access = await readable(snap, actor, project)
        rows = await snap.scalars(chosen.apply(_matching(access.id, text), window))
        return chosen.page(rows.all(), window)


async def count(db: Database, actor: Actor, project: int | str, *, text: str = "") -> int:
    """How many models :func:`search` would page through."""
    async with db.read() as snap:
        access = await readable(snap, actor, project)
        statement = select(func.count()).select_from(_matching(access.id, text).subquery())
        return await snap.scalar(statement) or 0


def _matching(project_id: int, text: str) -> Select[Model]:
    statement = repository.living_models(project_id)
    return statement.where(sql.contains(Model.name, text)) if text else statement


def keyset(order: ModelOrder) -> Keyset[Model]:
    """The columns that an order goes by."""
    name = f"models:{order.by}:{order.descending}"
    match order.by:
        case ModelSort.NAME:
            return Keyset(name, (Model.name,), lambda model: (model.name,), order.descending)
        case ModelSort.CREATED_AT:
            columns = (Model.created_at, Model.id)
            return Keyset(name, columns, lambda model: (model.created_at, model.id), order.descending)
        case ModelSort.UPDATED_AT:
            columns = (Model.updated_at, Model.id)
            return Keyset(name, columns, lambda model: (model.updated_at, model.id), order.descending)


async def _refuse_taken(tx: Tx, project_id: int, name: str, *, wanted_prompt: bool | None = None) -> None:
    existing = await repository.find_model(tx, project_id, name)
    if existing is not None:
        raise ModelTaken(name, existing, wanted_prompt=wanted_prompt)


async def _rename_experiment(tx: Tx, model: Model, name: str) -> None:
    """Before the model's own row: whoever locks an experiment and a model does so in this order."""
    try:
        await model_experiments.rename(tx, model.project_id, model.experiment_number, name)
    except ExperimentTaken:
        await _refuse_taken(tx, model.project_id, name)
        raise


async def _change(tx: Tx, project_id: int, reference: int | str, **values: Any) -> Model:
    condition = repository.model_is(project_id, reference)
    if condition is not None and values:
        statement = update(Model).where(condition).values(**values).returning(Model)
        found = (await tx.scalars(statement, execution_options={"populate_existing": True})).one_or_none()
        if found is not None:
            return found
    raise not_found(reference)
