"""Stages, protected names and histories of many projects, models and versions at once, for loaders.

Keys begin with the project. Answers come in the order of the keys, an error instead of what may not be read.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database
from app.registry.stages.definitions import Stage

_LISTS = GuardedReads(Permission.REGISTRY_READ, of_models=True)


async def stages_of_projects(db: Database, actor: Actor, keys: Sequence[tuple[int]]) -> Results[list[Stage]]:
    """The stages of each project in their order, the retired ones last."""
    order = (Stage.retired_at.is_not(None), Stage.position, Stage.id)
    return await _LISTS.groups(db, actor, keys, statement=select(Stage).order_by(*order), parent=(Stage.project_id,))
