"""Models and versions with what belongs into answers: aliases, the latest versions, the model of a version.

Rows are read as plain columns, and the number of statements grows neither with the models nor with the versions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.types import NULLTYPE

from app.access.policy import Actor
from app.db.database import Database, Snapshot
from app.registry import latest, models, repository, resolving, versions
from app.registry.references import Reference
from app.registry.repository import readable
from app.registry.tables import Alias, Model, ModelVersion

AnySelect: TypeAlias = Select[*tuple[Any, ...]]


class ModelColumns(NamedTuple):
    """What clients see of a model."""

    id: int
    name: str
    description: str
    tags: dict[str, str]
    experiment_number: int
    created_at: datetime
    updated_at: datetime


class VersionColumns(NamedTuple):
    """What clients see of a version."""

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
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class VersionDetails:
    """A version, its model, and the names of the aliases that stand on it."""

    row: VersionColumns
    model: ModelColumns
    aliases: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ModelDetails:
    """A model, its aliases with the numbers they stand on, and the highest version of each stage that holds any."""

    row: ModelColumns
    aliases: list[tuple[str, int]] = field(default_factory=list)
    latest: list[VersionDetails] = field(default_factory=list)


async def model(db: Database, actor: Actor, project: int | str, reference: int | str) -> ModelDetails:
    """The model with that id or name.

    Raises:
        ModelNotFound: there is none, or it may not be seen.
    """
    async with db.read() as snap:
        access = await readable(snap, actor, project)
        owner = await models.find(snap, access.id, reference)
        found = await of_models(snap, access.id, [owner.id])
    if not found:
        raise models.not_found(reference)
    return found[0]


async def version(
    db: Database, actor: Actor, project: int | str, model: int | str, reference: Reference
) -> VersionDetails:
    """The version of a model that the reference means.

    Raises:
        ModelNotFound, VersionNotFound, AliasNotFound: as for :func:`app.registry.versions.resolve`.
    """
    async with db.read() as snap:
        access = await readable(snap, actor, project)
        key = repository.model_key(model)
        row = None
        if key is not None:
            given = {"of_project": access.id, "of_model": key}
            row = (await snap.execute(_named(reference, by_id=isinstance(key, int)), given)).one_or_none()
    if row is None:
        raise models.not_found(model)
    if row[0] is None:
        raise versions.no_version(_model_of(row).name, reference)
    return _version(row)


async def versions_by_ids(db: Database, actor: Actor, project: int | str, ids: Sequence[int]) -> list[VersionDetails]:
    """Those of the versions that are still there, in the order of the ids."""
    async with db.read() as snap:
        access = await readable(snap, actor, project)
        return await of_versions(snap, access.id, ids)


async def models_by_ids(db: Database, actor: Actor, project: int | str, ids: Sequence[int]) -> list[ModelDetails]:
    """Those of the models that are still there, in the order of the ids."""
    async with db.read() as snap:
        access = await readable(snap, actor, project)
        return await of_models(snap, access.id, ids)


async def latest_versions(db: Database, actor: Actor, project: int | str, model: int | str) -> list[VersionDetails]:
    """The highest version of each stage that holds any, in the order of the stages.

    Raises:
        ModelNotFound: there is no such model.
    """
    async with db.read() as snap:
        access = await readable(snap, actor, project)
        owner = await models.find(snap, access.id, model)
        return [_version(row) for row in await snap.execute(_LATEST, {"of_project": access.id, "ids": [owner.id]})]


async def of_versions(snap: Snapshot, project_id: int, ids: Sequence[int]) -> list[VersionDetails]:
    """Read step: the same within a project that may be read. One statement."""
    if not ids:
        return []
    rows = await snap.execute(_VERSIONS, {"of_project": project_id, "ids": list(ids)})
    found = {row[0]: _version(row) for row in rows}
    return [found[id] for id in ids if id in found]


async def of_models(snap: Snapshot, project_id: int, ids: Sequence[int]) -> list[ModelDetails]:
    """Read step: the same within a project that may be read. Two statements."""
    if not ids:
        return []
    given = {"of_project": project_id, "ids": list(ids)}
    newest: dict[int, list[VersionDetails]] = defaultdict(list)
    for row in await snap.execute(_LATEST, given):
        newest[row[1]].append(_version(row))
    found = {}
    for *columns, names, numbers in await snap.execute(_MODELS, given):
        one = ModelColumns._make(columns)
        found[one.id] = ModelDetails(one, list(zip(names or [], numbers or [], strict=True)), newest[one.id])
    return [found[id] for id in ids if id in found]


_OF_VERSION = len(VersionColumns._fields)
_OF_MODEL = _OF_VERSION + len(ModelColumns._fields)


def _version(row: Any) -> VersionDetails:
    return VersionDetails(VersionColumns._make(row[:_OF_VERSION]), _model_of(row), row[_OF_MODEL] or [])


def _model_of(row: Any) -> ModelColumns:
    return ModelColumns._make(row[_OF_VERSION:_OF_MODEL])


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
    of_version = [getattr(version, name) for name in VersionColumns._fields]
    return [*of_version, *(getattr(Model, name) for name in ModelColumns._fields), names]


@lru_cache(maxsize=512)
def _named(reference: Reference, *, by_id: bool) -> AnySelect:
    return resolving.of_model(reference, by_id=by_id).with_only_columns(*_columns())


def _versions() -> AnySelect:
    same = and_(Model.project_id == ModelVersion.project_id, Model.id == ModelVersion.model_id)
    living = (ModelVersion.deleted_at.is_(None), Model.deleted_at.is_(None))
    here = (ModelVersion.project_id == bindparam("of_project"), ModelVersion.id == func.any(_IDS))
    return select(*_columns()).select_from(ModelVersion).join(Model, same).where(*living, *here)


def _models() -> AnySelect:
    same = and_(ModelVersion.project_id == Alias.project_id, ModelVersion.id == Alias.version_id)
    standing = (Alias.project_id == Model.project_id, Alias.model_id == Model.id, Alias.valid_until.is_(None))
    names = select(_all(Alias.name)).where(*standing).correlate(Model).scalar_subquery()
    numbers = select(_all(ModelVersion.number)).select_from(Alias).join(ModelVersion, same).where(*standing)
    columns = [getattr(Model, name) for name in ModelColumns._fields]
    here = (Model.project_id == bindparam("of_project"), Model.id == func.any(_IDS), Model.deleted_at.is_(None))
    return select(*columns, names, numbers.correlate(Model).scalar_subquery()).where(*here)


def _latest() -> AnySelect:
    statement, version = latest.per_stage()
    here = (Model.project_id == bindparam("of_project"), Model.id == func.any(_IDS))
    return statement.with_only_columns(*_columns(version)).where(*here)


_IDS = bindparam("ids", type_=ARRAY(BigInteger))
_VERSIONS = _versions()
_MODELS = _models()
_LATEST = _latest()
