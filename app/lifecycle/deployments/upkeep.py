"""Deployments that fell silent: told of once, and taken as lost after some days."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, tuple_, update

from app.db.database import Database, Tx
from app.lifecycle.deployments import announcements
from app.lifecycle.deployments.tables import Deployment

_AT_ONCE = 500


async def tell_of_silent(db: Database, silent_after: timedelta) -> int:
    """Tell once of each deployment without heartbeat for that time; the number of them. A heartbeat makes it new.

    Safe for two workers at once: the rows are taken with SKIP LOCKED.
    """
    async with db.write() as tx:
        late = (Deployment.silent_at.is_(None), Deployment.heartbeat_at < func.now() - silent_after)
        rows = await _change(tx, *late, silent_at=func.now())
        await announcements.silent(tx, rows)
    return len(rows)


async def end_lost(db: Database, lost_after: timedelta) -> int:
    """End deployments without heartbeat for that time; the number of them."""
    async with db.write() as tx:
        reason = f"No heartbeat for {lost_after.days} days."
        values = {"ended_at": func.now(), "end_kind": "lost", "end_reason": reason}
        rows = await _change(tx, Deployment.heartbeat_at < func.now() - lost_after, **values)
        await announcements.ended(tx, rows, None)
    return len(rows)


async def _change(tx: Tx, *conditions: object, **values: object) -> list[Deployment]:
    """Running deployments that meet the conditions, with the values; some hundred at a time."""
    chosen = (
        select(Deployment.project_id, Deployment.id)
        .where(Deployment.ended_at.is_(None), *conditions)  # type: ignore[arg-type] # conditions of this module
        .order_by(Deployment.project_id, Deployment.id)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    keys = [tuple(row) for row in await tx.execute(chosen)]
    if not keys:
        return []
    statement = (
        update(Deployment)
        .where(tuple_(Deployment.project_id, Deployment.id).in_(keys))
        .values(**values)
        .returning(Deployment)
    )
    return list(await tx.scalars(statement, execution_options={"populate_existing": True}))
