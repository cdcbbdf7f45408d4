"""Models and versions with what belongs into answers: aliases, the latest versions, the model of a version.

Rows are read as plain columns, and the number of statements grows neither with the models nor with the versions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import BigInteger, ColumnElement, Text, and_, bindparam, case, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, array
from sqlalchemy.types import NULLTYPE

from app.access import policy
from app.access.policy import Actor
from app.db.compiled import CompiledQuery
from app.db.database import Database
from app.registry import models, repository
from app.registry.reads import latest
from app.registry.references import resolve
from app.registry.references.parse import Reference
from app.registry.stages.definitions import INITIAL_KEY, MLFLOW_NAMES
from app.registry.stages.tables import ProjectStage
from app.registry.tables import Alias, Model, ModelVersion
from app.registry.versions import lookup

FIRST = MLFLOW_NAMES[0]
"""What MLflow clients call the stage where versions begin."""


class ModelColumns(NamedTuple):
    """What clients see of a model; times are whole milliseconds since 1970, as searches cut them."""

    id: int
    name: str
    description: str
    tags: dict[str, str]
    experiment_number: int
    created_ms: int
    updated_ms: int


class VersionColumns(NamedTuple):
    """What clients see of a version; times as for models, ``stage`` as MLflow clients call it."""

    id: int
    model_id: int
    number: int
    version: str
    precedence: bytes
    is_prerelease: bool
    description: str
    tags: dict[str, str]
    stage: str
    candidate_id: UUID
    logged_model_id: UUID | None
    artifact_folder: str
    source: str
    location: str
    foreign_run: str
    run_link: str
    state: str
    state_reason: str | None
    created_ms: int
    updated_ms: int


class VersionDetails(NamedTuple):
    """A version, its model, and the names of the aliases that stand on it."""

    row: VersionColumns
    model: ModelColumns
    aliases: list[str]


class ModelDetails(NamedTuple):
    """A model, its aliases with the numbers they stand on, and the highest version of each stage that holds any."""

    row: ModelColumns
    aliases: list[tuple[str, int]]
    latest: list[VersionDetails]


async def model(db: Database, actor: Actor, project: int | str, reference: int | str) -> ModelDetails:
    """The model with that id or name.

    Raises:
        ModelNotFound: there is none, or it may not be seen.
    """
    key = repository.model_key(reference)
    access = await repository.readable_project(db, actor, project)
    async with db.direct() as connection:
        rows = await (_MODEL_OF_ID if isinstance(key, int) else _MODEL_OF_NAME).fetch(
            connection, of_project=access.id, of_model=key
        )
        if key is None or not rows or not policy.reaches(actor, ModelColumns._make(rows[0][:_MODEL_FIELDS]).name):
            raise models.not_found(reference)
        return (await with_latest(connection, access.id, rows))[0]


async def version(
    db: Database, actor: Actor, project: int | str, model: int | str, reference: Reference
) -> VersionDetails:
    """The version of a model that the reference means.

    Raises:
        ModelNotFound, VersionNotFound, AliasNotFound: as for :func:`app.registry.versions.lookup.by_reference`.
    """
    key = repository.model_key(model)
    access = await repository.readable_project(db, actor, project)
    if key is None:
        raise models.not_found(model)
    async with db.direct() as connection:
        statement = _named(reference, by_id=isinstance(key, int))
        rows = await statement.fetch(connection, of_project=access.id, of_model=key)
    if not rows or not policy.reaches(actor, _model_of(rows[0]).name):
        raise models.not_found(model)
    if rows[0][0] is None:
        raise lookup.no_version(_model_of(rows[0]).name, reference)
    return _version(rows[0])


async def versions_by_ids(db: Database, actor: Actor, project: int | str, ids: Sequence[int]) -> list[VersionDetails]:
    """Those of the versions that are still there, in the order of the ids."""
    access = await repository.readable_project(db, actor, project)
    async with db.direct() as connection:
        every = await of_versions(connection, access.id, ids)
    return [one for one in every if policy.reaches(actor, one.model.name)]


async def models_by_ids(db: Database, actor: Actor, project: int | str, ids: Sequence[int]) -> list[ModelDetails]:
    """Those of the models that are still there, in the order of the ids."""
    access = await repository.readable_project(db, actor, project)
    async with db.direct() as connection:
        rows = await _MODELS.fetch(connection, of_project=access.id, ids=list(ids))
        by_id = {one.row.id: one for one in await with_latest(connection, access.id, rows)}
    return [by_id[id] for id in ids if id in by_id and policy.reaches(actor, by_id[id].row.name)]


async def latest_versions(db: Database, actor: Actor, project: int | str, model: int | str) -> list[VersionDetails]:
    """The highest version of each stage that holds any, in the order of the stages.

    Raises:
        ModelNotFound: there is no such model.
    """
    key = repository.model_key(model)
    access = await repository.readable_project(db, actor, project)
    async with db.direct() as connection:
        statement = _LATEST_OF_ID if isinstance(key, int) else _LATEST_OF_NAME
        rows = await statement.fetch(connection, of_project=access.id, of_model=key)
        meant = [_model_of(row) for row in rows[:1]]
        if not meant and key is not None:
            existing = _MODEL_OF_ID if isinstance(key, int) else _MODEL_OF_NAME
            bare = await existing.fetch(connection, of_project=access.id, of_model=key)
            meant = [ModelColumns._make(row[:_MODEL_FIELDS]) for row in bare]
        if not meant or not policy.reaches(actor, meant[0].name):
            raise models.not_found(model)
    return [_version(row) for row in rows]


async def of_versions(connection: asyncpg.Connection, project_id: int, ids: Sequence[int]) -> list[VersionDetails]:
    """Read step: the same within a project that may be read. One statement."""
    if not ids:
        return []
    rows = await _VERSIONS.fetch(connection, of_project=project_id, ids=list(ids))
    by_id = {row[0]: _version(row) for row in rows}
    return [by_id[id] for id in ids if id in by_id]


async def with_latest(connection: asyncpg.Connection, project_id: int, rows: Sequence[Any]) -> list[ModelDetails]:
    """Read step: models whose rows begin with :data:`MODEL`, within a project that may be read. One statement."""
    if not rows:
        return []
    newest: dict[int, list[VersionColumns]] = defaultdict(list)
    for row in await _NEWEST.fetch(connection, of_project=project_id, ids=[row[0] for row in rows]):
        version = VersionColumns._make(row)
        newest[version.model_id].append(version)
    return [_details(row, newest.get(row[0], [])) for row in rows]


_VERSION_FIELDS = len(VersionColumns._fields)
_MODEL_FIELDS = len(ModelColumns._fields)
_BOTH_FIELDS = _VERSION_FIELDS + _MODEL_FIELDS


def _details(row: Any, newest: Sequence[VersionColumns]) -> ModelDetails:
    model = ModelColumns._make(row[:_MODEL_FIELDS])
    entries = row[_MODEL_FIELDS] or ()
    aliases = [(name, int(number)) for name, number, _ in entries]
    standing: dict[int, list[str]] = defaultdict(list)
    for name, _, version_id in entries:
        standing[int(version_id)].append(name)
    return ModelDetails(
        model, aliases, [VersionDetails(version, model, standing.get(version.id, [])) for version in newest]
    )


def _version(row: Any) -> VersionDetails:
    return VersionDetails(VersionColumns._make(row[:_VERSION_FIELDS]), _model_of(row), row[_BOTH_FIELDS] or [])


def _model_of(row: Any) -> ModelColumns:
    return ModelColumns._make(row[_VERSION_FIELDS:_BOTH_FIELDS])


def _all(column: Any) -> ColumnElement[Any]:
    """The column of all aliases, by name; the driver's list, as it is."""
    return func.array_agg(aggregate_order_by(column, Alias.name), type_=NULLTYPE)


def _columns(version: type[ModelVersion] = ModelVersion) -> list[Any]:
    """Of version and model, and the names of the aliases on the version."""
    names = (
        select(_all(Alias.name))
        .where(Alias.project_id == Model.project_id, Alias.version_id == version.id, Alias.valid_until.is_(None))
        .correlate(Model, version)
        .scalar_subquery()
    )
    return [*_read(version, VersionColumns), *_read(Model, ModelColumns), names]


def _read(table: Any, columns: type[ModelColumns | VersionColumns]) -> list[Any]:
    """The expressions of a table's columns. PostgreSQL is faster with times than the driver's objects are."""
    return [_expression(table, name) for name in columns._fields]


def _expression(table: Any, name: str) -> Any:
    match name:
        case "created_ms":
            return _milliseconds(table.created_at)
        case "updated_ms":
            return _milliseconds(table.updated_at)
        case "stage":
            return _stage(table)
    return getattr(table, name)


def _stage(version: Any) -> ColumnElement[str]:
    """One of MLflow's four names if the stage stands for one, else its own; of the first one, where most versions are,
    the name is always the same.
    """
    here = (ProjectStage.project_id == version.project_id, ProjectStage.key == version.stage)
    name = select(func.coalesce(ProjectStage.mlflow_name, ProjectStage.name)).where(*here)
    named = name.correlate(version).scalar_subquery()
    return case((version.stage == INITIAL_KEY, FIRST), else_=named).label("stage")


def _milliseconds(moment: Any) -> ColumnElement[int]:
    # Of the float all microseconds are right, which are rounded before they are cut.
    return cast(func.date_part("epoch", moment) * 1_000_000, BigInteger) // 1000


@lru_cache(maxsize=512)
def _named(reference: Reference, *, by_id: bool) -> CompiledQuery:
    return CompiledQuery(resolve.of_model(reference, by_id=by_id).with_only_columns(*_columns()))


def _versions() -> CompiledQuery:
    same = and_(Model.project_id == ModelVersion.project_id, Model.id == ModelVersion.model_id)
    living = (ModelVersion.deleted_at.is_(None), Model.deleted_at.is_(None))
    here = (ModelVersion.project_id == _PROJECT, ModelVersion.id == func.any(_IDS))
    return CompiledQuery(select(*_columns()).select_from(ModelVersion).join(Model, same).where(*living, *here))


def _standing() -> ColumnElement[Any]:
    """The aliases of a model by name, each with the number and the id of its version."""
    same = and_(ModelVersion.project_id == Alias.project_id, ModelVersion.id == Alias.version_id)
    here = (Alias.project_id == Model.project_id, Alias.model_id == Model.id, Alias.valid_until.is_(None))
    entry = array([Alias.name, cast(ModelVersion.number, Text), cast(ModelVersion.id, Text)])
    return (
        select(_all(entry)).select_from(Alias).join(ModelVersion, same).where(*here).correlate(Model).scalar_subquery()
    )


MODEL: list[Any] = [*_read(Model, ModelColumns), _standing()]
"""What a statement about living models has to select for :func:`with_latest`."""


def _models(which: ColumnElement[bool]) -> CompiledQuery:
    return CompiledQuery(select(*MODEL).where(Model.project_id == _PROJECT, Model.deleted_at.is_(None), which))


def _latest(which: ColumnElement[bool], *, with_model: bool = True) -> CompiledQuery:
    """Without ``with_model`` the columns of the versions only."""
    statement, version = latest.per_stage()
    columns = _columns(version) if with_model else _read(version, VersionColumns)
    return CompiledQuery(statement.with_only_columns(*columns).where(Model.project_id == _PROJECT, which))


_IDS = bindparam("ids", type_=ARRAY(BigInteger))
_PROJECT = bindparam("of_project", type_=BigInteger)
_OF_ID: ColumnElement[bool] = Model.id == bindparam("of_model", type_=BigInteger)
_OF_NAME: ColumnElement[bool] = Model.name == bindparam("of_model", type_=Text)
_VERSIONS = _versions()
_MODELS, _MODEL_OF_ID, _MODEL_OF_NAME = _models(Model.id == func.any(_IDS)), _models(_OF_ID), _models(_OF_NAME)
_LATEST_OF_ID, _LATEST_OF_NAME = _latest(_OF_ID), _latest(_OF_NAME)
_NEWEST = _latest(Model.id == func.any(_IDS), with_model=False)
