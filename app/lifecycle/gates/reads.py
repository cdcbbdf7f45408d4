"""Sets of gates and their gates, for many stages at once: statements do not grow with the stages.

Keys begin with the project; results come in their order, and a key that may not be read has its refusal as the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database
from app.lifecycle.gates.rules import kinds
from app.lifecycle.gates.sets import Gate
from app.lifecycle.gates.tables import Gate as GateRow
from app.lifecycle.gates.tables import GateSet
from app.pagination import Keyset, Page, Window

__all__ = ["Gate", "GateSet"]

StageKey: TypeAlias = tuple[int, int]
"""Project and stage."""
SetKey: TypeAlias = tuple[int, int, int]
"""Project, stage and version of the set."""
_READS = GuardedReads(Permission.REGISTRY_READ, of_models=True)
_OF_STAGE = (GateSet.project_id, GateSet.stage_id)
_NEWEST_FIRST: Keyset[GateSet] = Keyset("gate sets", (GateSet.version,), lambda row: (row.version,), descending=True)


async def standing(db: Database, actor: Actor, keys: Sequence[StageKey]) -> Results[GateSet | None]:
    """The set of gates of each stage that is in force; None for one that never had any."""
    other = aliased(GateSet)
    highest = (
        select(func.max(other.version))
        .where(other.project_id == GateSet.project_id, other.stage_id == GateSet.stage_id)
        .scalar_subquery()
    )
    statement = select(GateSet).where(GateSet.version == highest)
    return await _READS.singles(db, actor, keys, statement=statement, parent=_OF_STAGE)


async def sets_by_keys(db: Database, actor: Actor, keys: Sequence[SetKey]) -> Results[GateSet | None]:
    """Sets of gates by stage and version; None where there is none."""
    return await _READS.singles(db, actor, keys, statement=select(GateSet), parent=(*_OF_STAGE, GateSet.version))


async def sets_of_stages(
    db: Database, actor: Actor, keys: Sequence[StageKey], window: Window
) -> Results[Page[GateSet]]:
    """All sets that each stage has had, the newest first."""
    return await _READS.pages(
        db, actor, keys, window, statement=select(GateSet), order=_NEWEST_FIRST, row=GateSet, parent=_OF_STAGE
    )


async def counts_of_stages(db: Database, actor: Actor, keys: Sequence[StageKey]) -> Results[int]:
    """How many sets each stage has had."""
    return await _READS.counts(db, actor, keys, statement=select(GateSet), parent=_OF_STAGE)


async def gates_of_sets(db: Database, actor: Actor, keys: Sequence[SetKey]) -> Results[list[Gate]]:
    """The gates of each set in their order."""
    return await _READS.groups(
        db, actor, keys, statement=select(GateRow).order_by(GateRow.position), convert=lambda row: _gate(row[0]),
        parent=(GateRow.project_id, GateRow.stage_id, GateRow.set_version),
    )  # fmt: skip


async def gates_by_keys(db: Database, actor: Actor, keys: Sequence[tuple[int, UUID]]) -> Results[Gate | None]:
    """Gates by project and id, also those of former sets; None where there is none."""
    return await _READS.singles(
        db, actor, keys, statement=select(GateRow), parent=(GateRow.project_id, GateRow.id),
        convert=lambda row: _gate(row[0]),
    )  # fmt: skip


def _gate(row: GateRow) -> Gate:
    rule = kinds.stored(row.kind, row.config)
    return Gate(
        row.id, row.project_id, row.stage_id, row.set_version, row.name, row.kind, row.config, rule, row.is_required,
        row.secret_id, row.sealed_secret,
    )  # fmt: skip
