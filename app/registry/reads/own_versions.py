"""Versions of all projects that a person is a member of, the last changed first."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, and_, literal_column, select, true

from app.access.policy import Actor, Permission
from app.access.reads.permitted import own_projects_allowing
from app.db.database import Database
from app.db.merged_reads import merged
from app.pagination import Keyset, Page, Window
from app.registry import repository
from app.registry.tables import TROUBLED, Model, ModelVersion

_ORDER: Keyset[Row[*tuple[Any, ...]]] = Keyset(
    "own versions",
    (ModelVersion.updated_at, ModelVersion.id),
    lambda row: (row.updated_at, row.id),
    descending=True,
)
_TROUBLES = frozenset({"failed", "quarantined"})


async def page(
    db: Database, actor: Actor, window: Window, states: Collection[str] | None = None
) -> Page[Row[*tuple[Any, ...]]]:
    """Project and id of each living version in these states (None: in any), the last changed first. One statement.

    Only of models that the actor's token reaches, in projects whose registry the actor may read. Failed and held back
    versions alone are read from an index that holds no others.
    """
    same = and_(Model.project_id == ModelVersion.project_id, Model.id == ModelVersion.model_id)
    statement = (
        select(ModelVersion.project_id, ModelVersion.updated_at, ModelVersion.id)
        .join(Model, same)
        .where(ModelVersion.deleted_at.is_(None), Model.deleted_at.is_(None), *repository.within(actor))
    )
    if states is not None:
        statement = statement.where(
            ModelVersion.state.in_(states), literal_column(TROUBLED) if _all_troubled(states) else true()
        )
    own = own_projects_allowing(actor, Permission.REGISTRY_READ, of_models=True)
    async with db.read() as snap:
        return await merged(snap, statement, _ORDER, window, parent=ModelVersion.project_id, parents=own)


def _all_troubled(states: Collection[str]) -> bool:
    return _TROUBLES.issuperset(states)
