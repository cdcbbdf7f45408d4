"""Conditions about models and versions for statements of features above the registry, which keep only their keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, select

from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database
from app.registry import repository
from app.registry.reads.loaders import ModelKey
from app.registry.references.parse import Reference
from app.registry.references.resolve import chosen_id
from app.registry.tables import Model, ModelVersion

Column: TypeAlias = SQLColumnExpression[Any]
_READS = GuardedReads(Permission.REGISTRY_READ, of_models=True)


def reached(actor: Actor, project_id: Column, model_id: Column) -> tuple[ColumnElement[bool], ...]:
    """Whether the actor's token reaches the model of a row; no condition for tokens that reach all."""
    if actor.model_patterns is None:
        return ()
    return (exists().where(Model.project_id == project_id, Model.id == model_id, *repository.within(actor)),)


def is_version_of(project_id: Column, version_id: Column, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the version of a row lives and meets the conditions."""
    mine = (ModelVersion.project_id == project_id, ModelVersion.id == version_id, ModelVersion.deleted_at.is_(None))
    return exists().where(*mine, *conditions)


async def resolved(
    db: Database, actor: Actor, keys: Sequence[ModelKey], reference: Reference
) -> Results[ModelVersion | None]:
    """The version that the reference means now in each of the models; None where it means none."""
    version = and_(
        ModelVersion.project_id == Model.project_id,
        ModelVersion.id == chosen_id(reference),
        ModelVersion.deleted_at.is_(None),
    )
    statement = select(ModelVersion).select_from(Model).join(ModelVersion, version)
    statement = statement.where(Model.deleted_at.is_(None), *repository.within(actor))
    return await _READS.singles(db, actor, keys, statement=statement, parent=(Model.project_id, Model.id))
