"""How much is stored, how much waits for its removal, and what would be removed now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.artifacts import reconciling
from app.artifacts.reconciling import ORPHAN_AGE, SUSPICION
from app.artifacts.tables import PENDING, Blob, CondemnedObject, MultipartUpload, SuspectObject
from app.db.database import Database
from app.storage.blobs import BlobStore


@dataclass(frozen=True, slots=True)
class Amount:
    """Objects, and their bytes as far as their sizes are known."""

    objects: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What a project has in the store, each blob once however many artifacts share it."""

    stored: Amount
    pending: Amount
    """On their way; the sizes are not known yet."""
    damaged: Amount
    """Of the stored ones: missing or altered."""
    condemned: Amount
    """Deleted, and about to leave the store."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Condemned objects of one reason."""

    reason: str
    amount: Amount
    due: Amount
    """Those of them that the next sweep takes."""
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What a run of the garbage collection would find in the tables now."""

    waiting: list[Waiting]
    silent_uploads: int
    """Pending blobs whose upload has gone silent."""
    ended_uploads: int
    """Uploads in parts whose time has run out."""
    open_uploads: int


@dataclass(frozen=True, slots=True)
class Stranger:
    """An object that no row knows."""

    key: str
    size: int
    modified: datetime
    suspected_at: datetime | None
    condemned_from: datetime
    """When a run of the reconciler condemns it, if it is still unknown then."""


async def of_project(db: Database, actor: Actor, project: int | str) -> Usage:
    """What the project has in the store.

    Raises:
        ProjectNotFound: it does not exist, or may not be seen.
    """
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project)
        policy.require(actor, access, Permission.PROJECT_READ)
        states = (Blob.state == "stored", Blob.state == "pending", Blob.damaged_at.is_not(None))
        columns = [column for state in states for column in _amount(Blob.size, state)]
        row = (await snap.execute(select(*columns).where(Blob.project_id == access.id))).one()
        # Keys begin with their project; after `/` comes `0`.
        mine = and_(CondemnedObject.object_key >= f"v1/{access.id}/", CondemnedObject.object_key < f"v1/{access.id}0")
        condemned = (await snap.execute(select(*_amount(CondemnedObject.size, mine)).where(mine))).one()
    stored, pending, damaged = (Amount(row[at], int(row[at + 1])) for at in (0, 2, 4))
    return Usage(stored, pending, damaged, Amount(condemned[0], int(condemned[1])))


async def leftovers(db: Database) -> Leftovers:
    """What waits for its removal in all projects."""
    due = CondemnedObject.not_before <= func.now()
    everything = CondemnedObject.object_key.is_not(None)
    columns = (*_amount(CondemnedObject.size, everything), *_amount(CondemnedObject.size, due))
    statement = select(CondemnedObject.reason, *columns, func.min(CondemnedObject.condemned_at))
    silent = select(func.count()).where(Blob.state == PENDING, Blob.lease_until < func.now())
    past = MultipartUpload.expires_at < func.now()
    uploads = select(func.count().filter(past), func.count().filter(~past, MultipartUpload.state == "open"))
    async with db.read() as snap:
        rows = await snap.execute(statement.group_by(CondemnedObject.reason).order_by(CondemnedObject.reason))
        waiting = [
            Waiting(reason, Amount(count, int(size)), Amount(now, int(now_size)), oldest)
            for reason, count, size, now, now_size, oldest in rows
        ]
        ended, still_open = (await snap.execute(uploads)).one()
        return Leftovers(waiting, await snap.scalar(silent) or 0, ended, still_open)


async def strangers(db: Database, blobs: BlobStore) -> AsyncIterator[Stranger]:
    """Objects that no row knows, by key; walks the whole bucket."""
    async for pair in reconciling.side_by_side(db, blobs):
        if pair.known is not None or pair.listed is None:
            continue
        listed, this = pair.listed, SuspectObject.object_key == pair.listed.key
        async with db.read() as snap:
            gone = select(CondemnedObject.object_key).where(CondemnedObject.object_key == listed.key)
            if await snap.scalar(gone) is not None:
                continue
            suspected = await snap.scalar(select(SuspectObject.suspected_at).where(this))
        first = max(listed.modified + ORPHAN_AGE, datetime.now(UTC))
        yield Stranger(listed.key, listed.size, listed.modified, suspected, (suspected or first) + SUSPICION)


def _amount(size: Any, condition: ColumnElement[bool]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return func.count().filter(condition), func.coalesce(func.sum(case((condition, size))), 0)
