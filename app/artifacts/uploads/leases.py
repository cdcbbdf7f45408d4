"""The lease of a pending blob: while it lasts the sweep leaves the bytes of an upload alone."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, update

from app.artifacts.tables import PENDING, Blob
from app.artifacts.upkeep import garbage
from app.db.database import Database
from app.errors import ModelyardError

LEASE = timedelta(minutes=15)
"""So long a pending blob is left alone, unless it is prolonged."""


RENEW_SECONDS = 60.0


def lease_from_now() -> ColumnElement[Any]:
    """Until when a pending blob is left alone; :func:`keep_alive` prolongs it."""
    return func.now() + LEASE


async def give_up(db: Database, project_id: int, blob_id: UUID) -> None:
    """Condemn at once what could not be finished; should that fail too, the lease runs out and the sweep does it."""
    with suppress(ModelyardError):
        async with db.write() as tx:
            await garbage.condemn_pending(tx, project_id, [blob_id], "upload failed")


async def keep_alive(db: Database, project_id: int, blob_id: UUID) -> None:
    """Renew the lease of an upload that takes long."""
    mine = (Blob.project_id == project_id, Blob.id == blob_id, Blob.state == PENDING)
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        with suppress(ModelyardError):
            async with db.write() as tx:
                await tx.execute(update(Blob).where(*mine).values(lease_until=lease_from_now()))
