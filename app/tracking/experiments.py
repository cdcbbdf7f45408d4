"""Experiments: named sets of candidates. Numbers count per project; 0 is `Default`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.db.database import Database, Snapshot, Tx
from app.errors import Conflict, Invalid, NotFound, Taken
from app.pagination import Keyset
from app.queue import outbox
from app.text import normalized
from app.tracking import names, version_references
from app.tracking.background_jobs import PurgeExperiment
from app.tracking.tables import Candidate, Experiment, LoggedModel

__all__ = ["Experiment"]

DEFAULT = "Default"
MODEL_PREFIX = "[model]"


class ExperimentNotFound(NotFound):
    """There is no such experiment, or it may not be seen."""


class ExperimentTaken(Taken):
    """The experiment name is in use."""


class ExperimentInTrash(Invalid):
    """The experiment is deleted; restore it first."""


@dataclass(frozen=True, slots=True)
class CreateExperiment:
    """What a new experiment is to be."""

    name: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EditExperiment:
    """Only what is not None changes; a tag with the value None is removed.

    ``removed_must_exist``: removing a tag that is not there is an error.
    """

    number: int
    name: str | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)
    removed_must_exist: bool = False


async def create(db: Database, actor: Actor, project: int | str, command: CreateExperiment) -> Experiment:
    """Create an experiment.

    Raises:
        ExperimentTaken: one has that name, perhaps in the trash.
        Invalid: the name or a tag is not acceptable.
    """
    name = names.check_experiment_name(command.name)
    check_tags(command.tags)
    async with db.write(grows=True) as tx:
        access = await _writable(tx, actor, project)
        return await add(tx, access.id, name, tags=command.tags, created_by=actor.user_id)


async def add(
    tx: Tx, project_id: int, name: str, *, tags: Mapping[str, str] | None = None, created_by: int | None
) -> Experiment:
    """Step: write the row; a refused one takes its number back with the transaction.

    Raises:
        ExperimentTaken: one has that name, perhaps in the trash.
    """
    await ensure_default(tx, project_id)
    number = await projects.take_experiment_number(tx, project_id)
    statement = (
        upsert(Experiment)
        .values(project_id=project_id, number=number, name=name, tags=dict(tags or {}), created_by=created_by)
        .on_conflict_do_nothing()
        .returning(Experiment)
    )
    experiment: Experiment | None = await tx.scalar(statement)
    if experiment is None:
        raise taken(name)
    return experiment


async def ensure_default(tx: Tx, project_id: int) -> None:
    """Step: every project has the experiment 0 named Default from its start, as MLflow expects.

    Its row is written at its first use, with the age of the project.
    """
    birth = projects.created_at(project_id)
    statement = upsert(Experiment).values(
        project_id=project_id, number=0, name=DEFAULT, created_at=birth, updated_at=birth
    )
    await tx.execute(statement.on_conflict_do_nothing())


async def get(db: Database, actor: Actor, project: int | str, number: int) -> Experiment:
    """The experiment with that number, also from the trash.

    Raises:
        ExperimentNotFound: there is none, or it may not be seen.
    """
    async with db.read() as snap:
        access = await _readable(snap, actor, project)
        row = await _one(snap, access.id, Experiment.number == number) if 0 <= number < 2**63 else None
    if row is None and number == 0:
        return await _default(db, access.id)
    if row is None:
        raise ExperimentNotFound(f"No Experiment with id={number} exists.")
    return row


async def get_by_name(db: Database, actor: Actor, project: int | str, name: str) -> Experiment:
    """The experiment with that name, also from the trash.

    Raises:
        ExperimentNotFound: there is none, or it may not be seen.
    """
    async with db.read() as snap:
        access = await _readable(snap, actor, project)
        row = await _one(snap, access.id, Experiment.name == normalized(name))
    if row is None and name == DEFAULT:
        return await _default(db, access.id)
    if row is None:
        raise ExperimentNotFound(f"Could not find experiment with name '{name}'.")
    return row


async def edit(db: Database, actor: Actor, project: int | str, request: EditExperiment) -> Experiment:
    """Change name and tags of an experiment (MLflow REST: experiments/update, set-experiment-tag, delete-tag).

    Raises:
        ExperimentNotFound, ExperimentInTrash: there is no living experiment of that number.
        ExperimentTaken: another one has the name, or has just been given it.
        NotFound: a tag that has to be there is not.
        Conflict: the experiment belongs to a model and is named after it.
        Invalid: a value is not acceptable.
    """
    name = None if request.name is None else names.check_experiment_name(request.name)
    kept = {key: value for key, value in request.tags.items() if value is not None}
    check_tags(kept)
    removed = sorted(request.tags.keys() - kept.keys())
    async with db.write() as tx:
        access = await _writable(tx, actor, project)
        experiment = await lock_active(tx, access.id, request.number)
        if name is not None:
            await _refuse_model_experiment(tx, experiment, "renamed")
        if name is not None and name != experiment.name:
            experiment = await set_name(tx, access.id, experiment.number, name)
        absent = [key for key in removed if key not in experiment.tags]
        if request.removed_must_exist and absent:
            raise NotFound(f"No tag with name: {absent[0]} in experiment with id {experiment.number}.", field="key")
        if request.tags:
            experiment = await _change(tx, access.id, experiment.number, tags=_patched(kept, removed))
        return experiment


def _patched(kept: Mapping[str, str], removed: Sequence[str]) -> ColumnElement[Any]:
    tags = Experiment.tags.op("||")(dict(kept))
    for key in removed:
        tags = tags.op("-")(key)
    return tags


async def set_name(tx: Tx, project_id: int, number: int, name: str) -> Experiment:
    """Step: give an experiment that is locked another name.

    Raises:
        ExperimentTaken: another one has it, or has just been given it.
    """
    # The lock orders two renames to one name, so that the second sees the first instead of a broken constraint.
    key = func.hashtextextended(f"experiment:{project_id}:{name}", 0)
    await tx.execute(select(func.pg_advisory_xact_lock(key)))
    other = await _one(tx, project_id, Experiment.name == name)
    if other is not None and other.number != number:
        raise taken(name)
    try:
        return await _change(tx, project_id, number, name=name, updated_at=func.now())
    except IntegrityError as error:
        # An experiment of that name was created meanwhile: creating does not take the lock.
        raise taken(name) from error


def taken(name: str) -> ExperimentTaken:
    """The error for a name that an experiment has."""
    return ExperimentTaken(
        f"Experiment(name={name}) already exists in this project, perhaps in the trash; choose another name, "
        "restore that one, or delete it permanently.",
        field="name",
    )


async def delete(db: Database, actor: Actor, project: int | str, number: int) -> Experiment:
    """Put an experiment and its candidates into the trash.

    Raises:
        Conflict: it belongs to a model, or a model version was made from one of its candidates.
    """
    async with db.write() as tx:
        access = await _writable(tx, actor, project)
        experiment = await lock(tx, access.id, number)
        await _refuse_model_experiment(tx, experiment, "deleted")
        if experiment.deleted_at is not None:
            return experiment
        await _mark_candidates(tx, access.id, number, in_trash=True)
        await _refuse_needed(tx, experiment)
        return await _change(tx, access.id, number, deleted_at=func.now(), updated_at=func.now())


async def restore(db: Database, actor: Actor, project: int | str, number: int) -> Experiment:
    """Take an experiment and all its candidates out of the trash; one that is not in it stays as it is.

    Raises:
        ExperimentNotFound: there is none of that number.
    """
    async with db.write() as tx:
        access = await _writable(tx, actor, project)
        experiment = await lock(tx, access.id, number)
        if experiment.deleted_at is None:
            return experiment
        await _mark_candidates(tx, access.id, number, in_trash=False)
        return await _change(tx, access.id, number, deleted_at=None, updated_at=func.now())


async def delete_permanently(db: Database, actor: Actor, project: int | str, number: int) -> UUID:
    """Delete an experiment for good; its name is free at once. Answers the id of the background job.

    Raises:
        Conflict: it belongs to a model, is Default, or a model version was made from one of its candidates.
    """
    async with db.write() as tx:
        access = await _writable(tx, actor, project)
        experiment = await lock(tx, access.id, number)
        await _refuse_model_experiment(tx, experiment, "deleted")
        if number == 0:
            raise Conflict("The experiment Default cannot be deleted for good: every project has it.")
        await mark_for_purge(tx, access.id, number)
        await _refuse_needed(tx, experiment, by_trash=True)
        job = PurgeExperiment(access.id, number)
        return await outbox.enqueue(tx, job, project_id=access.id, requested_by=actor.user_id)


async def mark_for_purge(tx: Tx, project_id: int, number: int, *, keep: timedelta = timedelta()) -> None:
    """Step: hide the experiment, its candidates and logged models from all callers; a worker removes them.

    Not before ``keep`` is over: until then :func:`app.tracking.model_experiments.bring_back` undoes it.
    """
    for table in (Candidate, LoggedModel):
        mine = (table.project_id == project_id, table.experiment_number == number, table.purge_at.is_(None))
        await tx.execute(update(table).where(*mine).values(purge_at=func.now() + keep))
    await _change(tx, project_id, number, purge_at=func.now() + keep)


async def lock(tx: Tx, project_id: int, number: int) -> Experiment:
    """Step: the experiment, locked against changes; also one in the trash.

    Raises:
        ExperimentNotFound: there is none.
    """
    if number == 0:
        await ensure_default(tx, project_id)
    statement = _living(project_id).where(Experiment.number == number).with_for_update()
    row = await tx.scalar(statement) if 0 <= number < 2**63 else None
    if row is None:
        raise ExperimentNotFound(f"No Experiment with id={number} exists.")
    return row


async def lock_active(tx: Tx, project_id: int, number: int, *, share: bool = False) -> Experiment:
    """Step: the experiment, locked; ``share``: only against deletion, so that many may add candidates at once.

    Raises:
        ExperimentNotFound: there is none.
        ExperimentInTrash: it has to be restored first.
    """
    if share:
        if number == 0:
            await ensure_default(tx, project_id)
        statement = _living(project_id).where(Experiment.number == number).with_for_update(read=True, key_share=False)
        experiment = await tx.scalar(statement) if 0 <= number < 2**63 else None
        if experiment is None:
            raise ExperimentNotFound(f"No Experiment with id={number} exists.")
    else:
        experiment = await lock(tx, project_id, number)
    if experiment.deleted_at is not None:
        raise ExperimentInTrash(f"The experiment {number} must be in the 'active' state. Current state is deleted.")
    return experiment


def check_tags(tags: Mapping[str, str]) -> None:
    """Refuse tags that an experiment cannot have.

    Raises:
        Invalid: with the key.
    """
    for key, value in tags.items():
        names.check_key(key, "tags", named="key")
        names.check_value(value, names.EXPERIMENT_TAG_LIMIT, f"tags.{key}", named="value")


ORDER: Keyset[Experiment] = Keyset(
    "experiments",
    (Experiment.created_at, Experiment.number),
    lambda row: (row.created_at, row.number),
    descending=True,
)


def _living(project_id: int) -> Select[Experiment]:
    return select(Experiment).where(Experiment.project_id == project_id, Experiment.purge_at.is_(None))


async def _one(snap: Snapshot, project_id: int, condition: ColumnElement[bool]) -> Experiment | None:
    return await snap.scalar(_living(project_id).where(condition))


async def _default(db: Database, project_id: int) -> Experiment:
    async with db.write() as tx:
        await ensure_default(tx, project_id)
        row = await _one(tx, project_id, Experiment.number == 0)
    if row is None:
        raise ExperimentNotFound("No Experiment with id=0 exists.")
    return row


async def _readable(snap: Snapshot, actor: Actor, project: int | str) -> ProjectAccess:
    access = await projects.visible(snap, actor, project)
    policy.require(actor, access, Permission.CANDIDATE_READ)
    return access


async def _writable(tx: Tx, actor: Actor, project: int | str) -> ProjectAccess:
    access = await projects.visible(tx, actor, project)
    policy.require(actor, access, Permission.CANDIDATE_WRITE)
    return access


async def _change(tx: Tx, project_id: int, number: int, **values: object) -> Experiment:
    statement = (
        update(Experiment)
        .where(Experiment.project_id == project_id, Experiment.number == number)
        .values(**values)
        .returning(Experiment)
    )
    return (await tx.scalars(statement, execution_options={"populate_existing": True})).one()


async def _mark_candidates(tx: Tx, project_id: int, number: int, *, in_trash: bool) -> None:
    mine = (Candidate.project_id == project_id, Candidate.experiment_number == number, Candidate.purge_at.is_(None))
    changed = Candidate.deleted_at.is_(None) if in_trash else Candidate.deleted_at.is_not(None)
    value = func.now() if in_trash else None
    await tx.execute(update(Candidate).where(*mine, changed).values(deleted_at=value))


async def _refuse_needed(tx: Tx, experiment: Experiment, *, by_trash: bool = False) -> None:
    """After the candidates have been marked: creating a version locks its candidate, so none is missed.

    ``by_trash``: by deleted versions, too, that can be restored.
    """
    project_id, number = experiment.project_id, experiment.number
    needed = await version_references.needed_of_experiment(tx, project_id, number)
    if needed is not None:
        raise Conflict(
            f"The experiment `{experiment.name}` has the candidate {needed.hex}, which has model versions; delete "
            "those first, its files are theirs."
        )
    needed = await version_references.needed_of_experiment(tx, project_id, number, by_trash=True) if by_trash else None
    if needed is not None:
        raise Conflict(
            f"The experiment `{experiment.name}` has the candidate {needed.hex}, which has deleted model versions that "
            "can be restored; delete those permanently first, its files are theirs."
        )


async def _refuse_model_experiment(tx: Tx, experiment: Experiment, verb: str) -> None:
    """The experiment is locked, so that no model can adopt it after this check."""
    if await version_references.has_model(tx, experiment.project_id, experiment.number):
        raise Conflict(f"The experiment `{experiment.name}` belongs to its model and cannot be {verb} on its own.")
