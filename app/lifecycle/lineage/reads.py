"""What versions were directly made from, of many versions at once, as far as the caller may see the bases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from sqlalchemy import select

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database
from app.errors import ModelyardError
from app.lifecycle.lineage.tables import Derivation
from app.registry.reads import lineage as versions
from app.registry.reads import reach

Key: TypeAlias = tuple[int, int]
_LISTS = GuardedReads(Permission.REGISTRY_READ, of_models=True)


async def of_versions(db: Database, actor: Actor, keys: Sequence[Key]) -> Results[list[Derivation]]:
    """What each version was made from, in the order in which it was noted."""
    statement = select(Derivation).order_by(Derivation.id)
    if actor.model_patterns is not None:
        statement = statement.where(reach.version_is_reached(actor, Derivation.project_id, Derivation.version_id))
    parent = (Derivation.project_id, Derivation.version_id)
    lists: Results[list[Derivation]] = await _LISTS.groups(db, actor, keys, statement=statement, parent=parent)
    shown = await _shown(db, actor, [row for rows in lists if not isinstance(rows, ModelyardError) for row in rows])
    return [rows if isinstance(rows, ModelyardError) else [row for row in rows if row.id in shown] for rows in lists]


async def by_keys(db: Database, actor: Actor, keys: Sequence[Key]) -> Results[Derivation | None]:
    """Derivations by id; None where there is none."""
    statement = select(Derivation)
    if actor.model_patterns is not None:
        statement = statement.where(reach.version_is_reached(actor, Derivation.project_id, Derivation.version_id))
    parent = (Derivation.project_id, Derivation.id)
    rows: Results[Derivation | None] = await _LISTS.singles(db, actor, keys, statement=statement, parent=parent)
    shown = await _shown(db, actor, [row for row in rows if row and not isinstance(row, ModelyardError)])
    return [row if row is None or isinstance(row, ModelyardError) or row.id in shown else None for row in rows]


async def _shown(db: Database, actor: Actor, rows: Sequence[Derivation]) -> set[int]:
    """The ids of those whose base may be seen: kept elsewhere, or in a project whose registry the caller may read.

    A base that was deleted is shown by its name, but not to a token that is confined to some models.
    """
    here = {(row.base_project_id, row.base_version_id): row for row in rows if row.base_project_id is not None}
    ids = sorted({project_id for project_id, _ in here if project_id is not None})
    readable: set[int] = set()
    reached: set[Key] = set()
    if ids:
        async with db.read() as snap:
            for id, access in (await projects.visible_by_ids(snap, actor, ids)).items():
                if policy.allows(actor, access, Permission.REGISTRY_READ, of_models=True):
                    readable.add(id)
            if actor.model_patterns is not None:
                keys = [(project, id) for project, id in here if project in readable and id is not None]
                reached = {(one.project_id, one.id) for one in await versions.living(snap, actor, keys)}
    return {row.id for row in rows if _is_shown(actor, row, readable, reached)}


def _is_shown(actor: Actor, row: Derivation, readable: set[int], reached: set[Key]) -> bool:
    if row.base_project_id is None or row.base_version_id is None:
        return True
    if actor.model_patterns is not None:
        return (row.base_project_id, row.base_version_id) in reached
    return row.base_project_id in readable
