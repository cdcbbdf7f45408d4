"""Several changes of a model or version at once: all of them or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import SQLColumnExpression, func, update

from app.access.policy import Actor
from app.db.database import Database, Tx
from app.registry import models, webhook_events
from app.registry.names import check_description, check_model_name
from app.registry.references.resolve import Target
from app.registry.repository import find_model, writable
from app.registry.tables import Model, ModelVersion
from app.registry.tags import check_tags, merged
from app.registry.versions import change, lookup
from app.tracking import model_experiments


@dataclass(frozen=True, slots=True)
class EditModel:
    """Only what is not None changes; a tag with the value None is removed."""

    name: str | None = None
    description: str | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EditVersion:
    """Only what is not None changes; a tag with the value None is removed."""

    description: str | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)


async def edit_model(db: Database, actor: Actor, project: int | str, reference: int | str, wish: EditModel) -> Model:
    """Change name, description and tags of a model.

    Raises:
        ModelNotFound: there is no such model.
        ModelTaken, ExperimentTaken: the name is in use.
        Invalid: a value is not acceptable.
    """
    values = _values(wish.description, wish.tags, Model.tags)
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model = await models.find(tx, access.id, reference)
        if wish.name is not None:
            values |= await _renamed(tx, model, check_model_name(wish.name))
        statement = update(Model).where(
            Model.project_id == model.project_id, Model.id == model.id, Model.deleted_at.is_(None)
        )
        statement = statement.values(updated_at=func.now(), **values)
        changed: Model | None = await tx.scalar(
            statement.returning(Model), execution_options={"populate_existing": True}
        )
        if changed is None:
            raise models.not_found(reference)
        check_tags(changed.tags)
        await webhook_events.model_tags_changed(tx, changed, wish.tags)
    return changed


async def edit_version(
    db: Database, actor: Actor, project: int | str, target: Target, wish: EditVersion
) -> ModelVersion:
    """Change description and tags of a version.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        Invalid: a value is not acceptable.
    """
    change.refuse_version_tag(wish.tags)
    values = _values(wish.description, wish.tags, ModelVersion.tags)
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model, version = await lookup.find(tx, access.id, target)
        changed = await change.apply(tx, version, updated_at=func.now(), **values)
        check_tags(changed.tags)
        await change.follow_ci_tags(tx, actor, changed, [key for key, value in wish.tags.items() if value is not None])
        await webhook_events.version_tags_changed(tx, model, changed, wish.tags)
        if wish.description is not None:
            await webhook_events.version_changed(tx, model, changed, "updated", actor.username)
    return changed


def _values(
    description: str | None, tags: Mapping[str, str | None], column: SQLColumnExpression[Any]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if description is not None:
        values["description"] = check_description(description)
    if tags:
        kept = merged(column, check_tags({key: value for key, value in tags.items() if value is not None}))
        for key in (key for key, value in tags.items() if value is None):
            kept = kept.op("-", return_type=kept.type)(key)
        values["tags"] = kept
    return values


async def _renamed(tx: Tx, model: Model, name: str) -> dict[str, str]:
    if name == model.name:
        return {}
    other = await find_model(tx, model.project_id, name)
    if other is not None:
        raise models.ModelTaken(name, other)
    # The experiment before the model, as everywhere: whoever locks both does so in this order.
    await model_experiments.rename(tx, model.project_id, model.experiment_number, name)
    return {"name": name}
