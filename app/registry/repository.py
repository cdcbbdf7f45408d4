"""SQL of models and versions that several use cases share. Private to this feature.

Which models an actor's token reaches is asked here, by name or in SQL: ``readable`` and ``writable`` are for those who
go on with ``find_model`` or :func:`within`.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, TextClause, and_, func, select, update

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.access.token_rules import model_patterns
from app.db.database import Database, Snapshot, Tx
from app.errors import Invalid
from app.registry.names import check_model_name
from app.registry.tables import Model, ModelVersion
from app.text import quoted


def within(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """For statements about models: the conditions that leave those which the actor's token reaches."""
    return matching(actor.model_patterns)


def matching(patterns: tuple[str, ...] | None) -> tuple[ColumnElement[bool], ...]:
    """The same for the patterns of a token."""
    return () if patterns is None else (model_patterns.condition(patterns, Model.name),)


def require_name(actor: Actor, name: str) -> None:
    """Refuse a name for a model that the actor's token would not reach, whether there is one or not.

    Raises:
        Forbidden: it would not.
    """
    if not policy.reaches(actor, name):
        raise policy.beyond_patterns(actor, f"{quoted(name)} does not")


async def readable(snap: Snapshot, actor: Actor, project: int | str) -> ProjectAccess:
    """Step: the project, if the actor may read its registry."""
    access = await projects.visible(snap, actor, project)
    policy.require(actor, access, Permission.REGISTRY_READ, of_models=True)
    return access


async def readable_project(db: Database, actor: Actor, project: int | str) -> ProjectAccess:
    """The same before there is a view of the database."""
    access = await projects.get(db, actor, project)
    policy.require(actor, access, Permission.REGISTRY_READ, of_models=True)
    return access


async def writable(snap: Snapshot, actor: Actor, project: int | str) -> ProjectAccess:
    """Step: the project, if the actor may change its registry."""
    access = await projects.visible(snap, actor, project)
    policy.require(actor, access, Permission.REGISTRY_WRITE, of_models=True)
    return access


def model_key(reference: int | str) -> int | str | None:
    """The id or the name as it is stored; None when it is not acceptable for a model."""
    if isinstance(reference, int):
        return reference if 0 < reference < 2**63 else None
    try:
        return check_model_name(reference)
    except Invalid:
        return None


def model_is(project_id: int, reference: int | str) -> ColumnElement[bool] | None:
    """The condition for the living model with that id or name; None when it is not acceptable for a model."""
    key = model_key(reference)
    if key is None:
        return None
    named = Model.id == key if isinstance(key, int) else Model.name == key
    return and_(Model.project_id == project_id, Model.deleted_at.is_(None), named)


async def find_model(snap: Snapshot, actor: Actor, project_id: int, reference: int | str) -> Model | None:
    """Read step: the living model with that id or name, if the actor's token reaches it."""
    model = await any_model(snap, project_id, reference)
    return model if model is not None and policy.reaches(actor, model.name) else None


async def any_model(snap: Snapshot, project_id: int, reference: int | str) -> Model | None:
    """Read step: the living model with that id or name, whatever the actor may see."""
    condition = model_is(project_id, reference)
    return None if condition is None else await snap.scalar(select(Model).where(condition))


async def touch_model(tx: Tx, project_id: int, model_id: int) -> bool:
    """Step: note a change below the model, and lock its row; whether it is still living."""
    statement = (
        update(Model)
        .where(Model.project_id == project_id, Model.id == model_id, Model.deleted_at.is_(None))
        .values(updated_at=func.now())
        .returning(Model.id)
    )
    return await tx.scalar(statement) is not None


def living_versions(project_id: int) -> Select[ModelVersion]:
    """Versions of a project that are not deleted, of models that are not."""
    return all_living_versions().where(ModelVersion.project_id == project_id)


def all_living_versions() -> Select[ModelVersion]:
    """The same of all projects; the caller adds the condition that chooses."""
    return (
        select(ModelVersion)
        .join(Model, and_(Model.project_id == ModelVersion.project_id, Model.id == ModelVersion.model_id))
        .where(ModelVersion.deleted_at.is_(None), Model.deleted_at.is_(None))
    )


async def versions_where(
    snap: Snapshot, condition: TextClause, project_id: int | None, limit: int
) -> list[tuple[Model, ModelVersion]]:
    """Read step: living versions with their models, of a project or of all, in the order of their keys."""
    statement = all_living_versions().add_columns(Model).where(condition)
    if project_id is not None:
        statement = statement.where(ModelVersion.project_id == project_id)
    rows = await snap.execute(statement.order_by(ModelVersion.project_id, ModelVersion.id).limit(limit))
    return [(row[1], row[0]) for row in rows]
