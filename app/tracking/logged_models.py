"""Logged models (MLflow 3): what training code calls a model before a version is made of it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, func, insert, select, update

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.db.database import Database, Snapshot, Tx
from app.errors import Invalid, NotFound
from app.text import normalized, quoted
from app.tracking import candidates, experiments, names
from app.tracking.tables import LoggedModel, LoggedModelMetric

__all__ = ["LoggedModel", "LoggedModelDetails", "Status"]

_FORBIDDEN = set("/:.%\"'")
PARAM_LIMIT = 6_000
VERSIONS_TAG = "mlflow.modelVersions"
"""Which versions were made of a logged model (MLflow REST: model-versions/create)."""


class Status(IntEnum):
    """How far a logged model is; the numbers are MLflow's."""

    PENDING = 1
    READY = 2
    UPLOAD_FAILED = 3


class LoggedModelNotFound(NotFound):
    """There is no such logged model, or it may not be seen."""


@dataclass(frozen=True, slots=True)
class CreateLoggedModel:
    """What a new logged model is to be. ``foreign_run``: the id that a client gave of a run that is not ours."""

    experiment_number: int
    name: str | None = None
    model_type: str = ""
    source_candidate_id: UUID | None = None
    foreign_run: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EditLoggedModel:
    """Only what is not None changes; a tag with the value None is removed, params are added.

    ``removed_must_exist``: removing a tag that is not there is an error.
    """

    status: Status | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    removed_must_exist: bool = False


@dataclass(frozen=True, slots=True)
class LoggedModelDetails:
    """A logged model with its latest metrics."""

    model: LoggedModel
    metrics: list[LoggedModelMetric] = field(default_factory=list)


async def create(db: Database, actor: Actor, project: int | str, command: CreateLoggedModel) -> LoggedModelDetails:
    """Begin a logged model; it is PENDING until its files are there.

    Raises:
        ExperimentNotFound, CandidateNotFound: where it would belong does not exist.
        Invalid: the name, a param or a tag is not acceptable.
    """
    name = _check_name(command.name) if command.name else names.friendly_name()
    check_pairs(command.params, "params")
    check_pairs(command.tags, "tags")
    async with db.write(grows=True) as tx:
        access = await _writable(tx, actor, project)
        await experiments.lock_active(tx, access.id, command.experiment_number, share=True)
        if command.source_candidate_id is not None:
            await candidates.lock_living(tx, access.id, command.source_candidate_id)
        statement = insert(LoggedModel).values(
            project_id=access.id,
            id=uuid4(),
            experiment_number=command.experiment_number,
            source_candidate_id=command.source_candidate_id,
            foreign_run=names.check_printable(command.foreign_run, "source_run_id")[: names.EXPERIMENT_NAME_LIMIT],
            name=name,
            model_type=command.model_type,
            params=dict(command.params),
            tags=dict(command.tags),
            created_by=actor.user_id,
        )
        model = (await tx.scalars(statement.returning(LoggedModel))).one()
    return LoggedModelDetails(model)


async def get(
    db: Database, actor: Actor, project: int | str, model_id: UUID, *, allow_deleted: bool = False
) -> LoggedModelDetails:
    """A logged model with its metrics.

    Raises:
        LoggedModelNotFound: there is none, it is deleted, or it may not be seen.
    """
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_READ)
        model = await snap.scalar(living(access.id).where(LoggedModel.id == model_id))
        if model is None or (model.deleted_at is not None and not allow_deleted):
            raise _missing(model_id)
        return (await details_of(snap, access.id, [model]))[0]


async def details_of(snap: Snapshot, project_id: int, models: Sequence[LoggedModel]) -> list[LoggedModelDetails]:
    """Read step: these models with their metrics, in their order. One statement."""
    if not models:
        return []
    statement = (
        select(LoggedModelMetric)
        .where(
            LoggedModelMetric.project_id == project_id,
            LoggedModelMetric.logged_model_id.in_([model.id for model in models]),
        )
        .order_by(LoggedModelMetric.key)
    )
    metrics: dict[UUID, list[LoggedModelMetric]] = defaultdict(list)
    for row in await snap.scalars(statement):
        metrics[row.logged_model_id].append(row)
    return [LoggedModelDetails(model, metrics[model.id]) for model in models]


async def edit(
    db: Database, actor: Actor, project: int | str, model_id: UUID, request: EditLoggedModel
) -> LoggedModelDetails:
    """Change status, tags and params of a logged model (MLflow REST: PATCH and DELETE below logged-models/{id}).

    Raises:
        LoggedModelNotFound: there is none, or it is deleted.
        NotFound: a tag that has to be there is not.
        Invalid: a value is not acceptable, or a param has another value already.
    """
    kept = {key: value for key, value in request.tags.items() if value is not None}
    check_pairs(kept, "tags")
    check_pairs(request.params, "params")
    removed = sorted(request.tags.keys() - kept.keys())
    values = _values(request, kept, removed)
    async with db.write(grows=bool(request.params)) as tx:
        access = await _writable(tx, actor, project)
        model = await lock_living(tx, access.id, model_id, to_change=True)
        _refuse_changed(model, request.params)
        absent = [key for key in removed if key not in model.tags]
        if request.removed_must_exist and absent:
            message = f"No tag with key {quoted(absent[0])} found for model with ID 'm-{model_id.hex}'."
            raise NotFound(message, field="key")
        changed = await _change(tx, access.id, model_id, **values)
        return (await details_of(tx, access.id, [changed]))[0]


def _values(request: EditLoggedModel, kept: Mapping[str, str], removed: Sequence[str]) -> dict[str, object]:
    """The columns that change."""
    values: dict[str, object] = {}
    if request.tags:
        tags = LoggedModel.tags.op("||")(dict(kept))
        for key in removed:
            tags = tags.op("-")(key)
        values["tags"] = tags
    if request.params:
        values["params"] = LoggedModel.params.op("||")(dict(request.params))
    if request.status is not None:
        values["status"] = int(request.status)
    return values


async def note_version(tx: Tx, project_id: int, model_id: UUID, name: str, number: int) -> None:
    """Step, under the lock of :func:`lock_living`: note a version that was made of it in the tag that MLflow keeps
    for it, a JSON list of names and numbers.
    """
    tags = select(LoggedModel.tags).where(LoggedModel.project_id == project_id, LoggedModel.id == model_id)
    noted = _noted((await tx.scalars(tags)).one().get(VERSIONS_TAG, ""))
    noted.append({"name": name, "version": number})
    if len(text := json.dumps(noted)) <= names.TAG_LIMIT:
        await _change(tx, project_id, model_id, tags=LoggedModel.tags.op("||")({VERSIONS_TAG: text}))


def _noted(text: str) -> list[Any]:
    """What the tag says so far; what a client wrote there that is no list is replaced."""
    try:
        noted = json.loads(text)
    except ValueError:
        return []
    return noted if isinstance(noted, list) else []


async def delete(db: Database, actor: Actor, project: int | str, model_id: UUID) -> LoggedModel:
    """Put a logged model into the trash; its files stay as long as a version needs them."""
    async with db.write() as tx:
        access = await _writable(tx, actor, project)
        await lock_living(tx, access.id, model_id, to_change=True)
        return await _change(tx, access.id, model_id, deleted_at=func.now())


async def lock_living(tx: Tx, project_id: int, model_id: UUID, *, to_change: bool = False) -> LoggedModel:
    """Step: the logged model, locked against deletion until the commit; many may lock it unless ``to_change``.

    Raises:
        LoggedModelNotFound: there is none.
    """
    statement = living(project_id).where(LoggedModel.id == model_id, LoggedModel.deleted_at.is_(None))
    model = await tx.scalar(statement.with_for_update(read=not to_change))
    if model is None:
        raise _missing(model_id)
    return model


async def lock_exclusively(tx: Tx, project_id: int, model_id: UUID) -> None:
    """Step: lock the logged model, also one in the trash: others change neither it nor its files until the commit."""
    await tx.execute(living(project_id).where(LoggedModel.id == model_id).with_for_update())


def living(project_id: int) -> Select[LoggedModel]:
    """Logged models that are not condemned, those in the trash too."""
    return select(LoggedModel).where(LoggedModel.project_id == project_id, LoggedModel.purge_at.is_(None))


def check_pairs(pairs: Mapping[str, str], field_name: str) -> None:
    """Refuse params or tags that cannot be stored.

    Raises:
        Invalid: with the key.
    """
    for key, value in pairs.items():
        names.check_key(key, field_name, named="key")
        limit = PARAM_LIMIT if field_name == "params" else names.TAG_LIMIT
        names.check_value(value, limit, f"{field_name}.{key}", named="value")


def _refuse_changed(model: LoggedModel, params: Mapping[str, str]) -> None:
    changed = [key for key, value in params.items() if model.params.get(key, value) != value]
    if changed:
        raise Invalid(f"Changing param values is not allowed; {quoted(changed[0])} has another one.", field="params")


def _check_name(name: str) -> str:
    name = normalized(name)
    if not name.strip() or len(name) > names.EXPERIMENT_NAME_LIMIT or _FORBIDDEN & set(name):
        raise Invalid(
            f"Invalid model name ({name[:80]!r}) provided. Model name must be a non-empty string and cannot contain "
            "the following characters: ('/', ':', '.', '%', '\"', \"'\")",
            field="name",
        )
    return names.check_printable(name, "name")


def _missing(model_id: UUID) -> LoggedModelNotFound:
    return LoggedModelNotFound(f"Logged model with ID 'm-{model_id.hex}' not found.")


async def _writable(tx: Tx, actor: Actor, project: int | str) -> ProjectAccess:
    access = await projects.visible(tx, actor, project)
    policy.require(actor, access, Permission.CANDIDATE_WRITE)
    return access


async def _change(tx: Tx, project_id: int, model_id: UUID, **values: object) -> LoggedModel:
    statement = (
        update(LoggedModel)
        .where(LoggedModel.project_id == project_id, LoggedModel.id == model_id)
        .values(**values, updated_at=func.now())
        .returning(LoggedModel)
    )
    return (await tx.scalars(statement, execution_options={"populate_existing": True})).one()
