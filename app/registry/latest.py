"""The latest version of many models at once: overall, and in each stage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ARRAY, Select, Text, and_, func, literal, select, true

from app.access.policy import Actor
from app.db.database import Database
from app.registry import models, repository, resolving
from app.registry.references import Latest
from app.registry.repository import readable
from app.registry.stages import STAGES
from app.registry.tables import Model, ModelVersion


async def of_models(db: Database, actor: Actor, project_id: int, ids: Sequence[int]) -> list[ModelVersion | None]:
    """For loaders: the highest release of each model, or its highest prerelease when there is no release."""
    chosen = and_(ModelVersion.project_id == Model.project_id, ModelVersion.id == resolving.chosen_id(Latest()))
    statement = repository.living_models(project_id).join(ModelVersion, chosen).with_only_columns(ModelVersion)
    async with db.read() as snap:
        if not await repository.may_read(snap, actor, project_id):
            return [None] * len(ids)
        rows = await snap.scalars(statement.where(Model.id == func.any(list(ids))))
        found = {version.model_id: version for version in rows}
    return [found.get(id) for id in ids]


async def per_stage(db: Database, actor: Actor, project: int | str, model: int | str) -> list[ModelVersion]:
    """The highest version of each stage that holds any, in the order of the stages.

    Raises:
        ModelNotFound: there is no such model.
    """
    async with db.read() as snap:
        access = await readable(snap, actor, project)
        owner = await models.find(snap, access.id, model)
        return list(await snap.scalars(_per_stage(access.id).where(Model.id == owner.id)))


async def per_stage_of_models(
    db: Database, actor: Actor, project_id: int, ids: Sequence[int]
) -> list[list[ModelVersion]]:
    """For loaders: the highest version of each stage of each model; in the order of the ids."""
    async with db.read() as snap:
        if not await repository.may_read(snap, actor, project_id):
            return [[] for _ in ids]
        rows = await snap.scalars(_per_stage(project_id).where(Model.id == func.any(list(ids))))
    found: dict[int, list[ModelVersion]] = defaultdict(list)
    for version in rows:
        found[version.model_id].append(version)
    return [found[id] for id in ids]


def _per_stage(project_id: int) -> Select[ModelVersion]:
    """A probe of the index for each model and stage, whatever the number of versions."""
    stages = func.unnest(literal(STAGES, ARRAY(Text))).table_valued("name", with_ordinality="place", name="stages")
    stage = stages.render_derived()
    chosen = and_(
        ModelVersion.project_id == Model.project_id, ModelVersion.id == resolving.chosen_in_stage(stage.c.name, stage)
    )
    return (
        select(ModelVersion)
        .select_from(Model)
        .join(stage, true())
        .join(ModelVersion, chosen)
        .where(Model.project_id == project_id, Model.deleted_at.is_(None))
        .order_by(Model.id, stage.c.place)
    )
