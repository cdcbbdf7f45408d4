"""Who pulled which version, by day: lists of many versions at once. For members of the project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from sqlalchemy import select

from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database
from app.lifecycle.pulls.tables import Pull as Pull
from app.pagination import Keyset, Page, Window
from app.registry.reads import reach

VersionKey: TypeAlias = tuple[int, int]
_LISTS = GuardedReads(Permission.DEPLOYMENT_READ, of_models=True)
_LATEST: Keyset[Pull] = Keyset(
    "pulls", (Pull.day, Pull.user_id, Pull.door), lambda row: (row.day, row.user_id, row.door), descending=True
)


async def of_versions(db: Database, actor: Actor, keys: Sequence[VersionKey], window: Window) -> Results[Page[Pull]]:
    """What was pulled of each version, an entry for each day, caller and door, the latest day first."""
    statement = select(Pull)
    if actor.model_patterns is not None:
        statement = statement.where(reach.version_is_reached(actor, Pull.project_id, Pull.version_id))
    return await _LISTS.pages(
        db, actor, keys, window, statement=statement, order=_LATEST, row=Pull, parent=(Pull.project_id, Pull.version_id)
    )
