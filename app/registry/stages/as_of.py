"""What stood at a moment: the interval of an alias, of a stage, or of a version, each by one probe of an index."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, select

from app.db.database import Snapshot
from app.registry.stages.tables import StageHolder, StageInterval
from app.registry.tables import Alias

_ONE = 1


async def alias(snap: Snapshot, project_id: int, model_id: int, name: str, at: datetime) -> Alias | None:
    """Read step: the interval in which an alias of a model stood on a version then; None: it stood on none."""
    last = (
        select(Alias)
        .where(Alias.project_id == project_id, Alias.model_id == model_id, Alias.name == name, Alias.valid_from <= at)
        .order_by(Alias.valid_from.desc())
        .limit(_ONE)
    )
    interval: Alias | None = await snap.scalar(last)
    return interval if interval is not None and covers(interval, at) else None


async def stage(snap: Snapshot, project_id: int, model_id: int, stage_id: int, at: datetime) -> StageInterval | None:
    """Read step: the interval of the version that a stage of a model stood for then; None: of none, or the first stage,
    which keeps none.
    """
    same = and_(StageInterval.project_id == StageHolder.project_id, StageInterval.id == StageHolder.interval_id)
    last = (
        select(StageHolder, StageInterval)
        .join(StageInterval, same)
        .where(
            StageHolder.project_id == project_id,
            StageHolder.model_id == model_id,
            StageHolder.stage_id == stage_id,
            StageHolder.valid_from <= at,
        )
        .order_by(StageHolder.valid_from.desc())
        .limit(_ONE)
    )
    row = (await snap.execute(last)).one_or_none()
    return row[1] if row is not None and covers(row[0], at) else None


async def version(snap: Snapshot, project_id: int, version_id: int, at: datetime) -> StageInterval | None:
    """Read step: the interval of a version in a stage then; None: it was in the first one, or not there."""
    last = (
        select(StageInterval)
        .where(
            StageInterval.project_id == project_id,
            StageInterval.version_id == version_id,
            StageInterval.valid_from <= at,
        )
        .order_by(StageInterval.valid_from.desc())
        .limit(_ONE)
    )
    interval: StageInterval | None = await snap.scalar(last)
    return interval if interval is not None and covers(interval, at) else None


def covers(interval: Alias | StageInterval | StageHolder, at: datetime) -> bool:
    """Whether an interval holds a moment: from its first one on, up to but without its end."""
    return interval.valid_from <= at and (interval.valid_until is None or interval.valid_until > at)
