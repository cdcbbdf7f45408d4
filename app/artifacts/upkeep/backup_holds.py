"""Holds: while one exists, the sweep removes no bytes from the store, so that a backup can copy them.

A dump that begins after the hold has committed names only objects that stay in the store until the hold ends: what the
sweep had chosen before was condemned before, so the dump does not name it. A hold ends by itself. That it is over is
not left to clocks: the sweep deletes the row first, and renewing a hold updates the same row, so one of the two
finds that the other was faster (docs/decisions/0025-backups-hold-the-sweep.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update

from app.artifacts.tables import BackupHold
from app.db.database import Database, Tx
from app.errors import Conflict, Invalid
from app.ids import uuid7

LONGEST = timedelta(days=7)
"""A hold that is neither renewed nor ended must not keep deleted bytes for ever."""


class HoldExpired(Conflict):
    """The hold is over, so bytes that the dump names may have been removed since; make the backup anew."""

    code = "HOLD_EXPIRED"


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as it stands in the database."""

    id: UUID
    note: str
    begun_at: datetime
    expires_at: datetime


async def begin(db: Database, life: timedelta, note: str = "") -> Hold:
    """Keep all bytes in the store from now on, for ``life`` at most unless it is renewed.

    Raises:
        Invalid: ``life`` is not between a minute and a week.
    """
    _check(life)
    row = BackupHold(id=uuid7(), note=note, expires_at=func.now() + life)
    async with db.write() as tx:
        tx.add(row)
        await tx.flush()
        await tx.refresh(row)
    return Hold(row.id, row.note, row.begun_at, row.expires_at)


async def renew(db: Database, hold_id: UUID, life: timedelta) -> None:
    """Let the hold last for ``life`` from now on.

    Raises:
        HoldExpired: it is over already.
        Invalid: ``life`` is not between a minute and a week.
    """
    _check(life)
    statement = update(BackupHold).where(BackupHold.id == hold_id).values(expires_at=func.now() + life)
    async with db.write() as tx:
        if await tx.scalar(statement.returning(BackupHold.id)) is None:
            raise HoldExpired


async def end(db: Database, hold_id: UUID) -> None:
    """Let the sweep go on.

    Raises:
        HoldExpired: it was over before, so what was copied meanwhile may lack bytes.
    """
    async with db.write() as tx:
        if await tx.scalar(delete(BackupHold).where(BackupHold.id == hold_id).returning(BackupHold.id)) is None:
            raise HoldExpired


async def standing(db: Database) -> Sequence[Hold]:
    """All holds, the oldest first; those whose time is over stay until the next sweep."""
    columns = (BackupHold.id, BackupHold.note, BackupHold.begun_at, BackupHold.expires_at)
    async with db.read() as snap:
        return [Hold(*row) for row in await snap.execute(select(*columns).order_by(BackupHold.begun_at))]


async def expire(tx: Tx) -> None:
    """Step of the sweep: remove holds whose time is over, before it looks whether there is one."""
    await tx.execute(delete(BackupHold).where(BackupHold.expires_at <= func.now()))


def _check(life: timedelta) -> None:
    if not timedelta(minutes=1) <= life <= LONGEST:
        raise Invalid(f"A hold lasts from 1 minute to 7 days (168 hours), not {life}.")
