"""Conditions about models and versions for statements of features above the registry, which keep only their keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, ScalarSelect, SQLColumnExpression, and_, exists, select

from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database
from app.db.statements import Fragment
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


def yanked_at(project_id: Column, version_id: Column) -> ScalarSelect[datetime | None]:
    """When the living version of a row was yanked; NULL: it was not."""
    mine = (ModelVersion.project_id == project_id, ModelVersion.id == version_id, ModelVersion.deleted_at.is_(None))
    return select(ModelVersion.yanked_at).where(*mine).scalar_subquery()


def version_is_reached(actor: Actor, project_id: Column, version_id: Column) -> ColumnElement[bool]:
    """Whether the actor's token reaches the model of the version of a row."""
    version = (ModelVersion.project_id == project_id, ModelVersion.id == version_id)
    model = (Model.project_id == ModelVersion.project_id, Model.id == ModelVersion.model_id)
    return exists().where(*version, *model, *repository.within(actor))


def versions_with_file_sql(file: str) -> Fragment:
    """SQL: the ids of the living versions that have a file, of which a row tells ``project_id`` and either its
    ``version_id`` or, where that is 0, ``root_id`` and ``folder``; a hundred at most.
    """
    living = Fragment(
        f"SELECT v.id FROM model_versions v WHERE v.project_id = {file}.project_id AND v.deleted_at IS NULL"  # noqa: S608 - a row
    )
    below = f"(v.artifact_folder = '' OR starts_with({file}.folder || '/', v.artifact_folder || '/'))"
    return Fragment(f"""
        {living} AND v.id = {file}.version_id
        UNION ALL
        ({living} AND {file}.version_id = 0 AND v.logged_model_id = {file}.root_id AND {below} LIMIT 100)
        UNION ALL
        ({living} AND {file}.version_id = 0 AND v.candidate_id = {file}.root_id AND v.logged_model_id IS NULL
            AND {below} LIMIT 100)
    """)


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
