"""Bytes that are missing or altered: found by looking, marked, never deleted, and healed by sending them again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from prometheus_client import Counter
from sqlalchemy import delete, func, select, text, update

from app.artifacts.tables import EVER_CHECKED, PENDING, STORED, Blob
from app.artifacts.upkeep import garbage
from app.db.database import Database, Tx
from app.errors import Unavailable
from app.storage.blobs import BlobMissing, BlobStore

DAMAGED_BLOBS = Counter(
    "modelyard_damaged_blobs_total", "Blobs found to be missing or altered in the store.", ["damage"]
)
_CHECK_LOCK = 0x4D594348
_DAY = timedelta(days=1)
_HASTE = 2
"""How much faster than the pace may be checked, so that what fell due on one day is caught up with."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Checked:
    """What a round of checking has read."""

    blobs: int = 0
    bytes: int = 0
    damaged: int = 0


async def mark(db: Database, key: str, damage: str) -> bool:
    """Note that stored bytes are not what they were; False when their row is gone."""
    changed = update(Blob).where(Blob.object_key == key, Blob.state == STORED, Blob.damage.is_distinct_from(damage))
    values = {"damaged_at": func.coalesce(Blob.damaged_at, func.now()), "damage": damage}
    async with db.write() as tx:
        marked = await tx.scalar(changed.values(**values).returning(Blob.id))
    if marked is not None:
        DAMAGED_BLOBS.labels(damage).inc()
        log.error("blob.damaged", key=key, damage=damage)
    return marked is not None


async def look_again(db: Database, keys: Sequence[str]) -> None:
    """Objects that were missing or of another size are as they should be: read them at the next check."""
    if keys:
        back = (Blob.object_key.in_(keys), Blob.damage.in_(["missing", "size"]))
        async with db.write() as tx:
            await tx.execute(update(Blob).where(*back).values(checked_at=_NEVER))


async def heal(tx: Tx, blob: Blob, pending_id: UUID) -> None:
    """Step: the same bytes have been sent again; a damaged blob takes over their object, its old one is condemned."""
    mine = (Blob.project_id == blob.project_id, Blob.id == pending_id, Blob.state == PENDING)
    key = await tx.scalar(delete(Blob).where(*mine).returning(Blob.object_key))
    if key is None:
        return
    damaged = blob.object_key
    whole = {"object_key": key, "damaged_at": None, "damage": None, "checked_at": func.now()}
    await tx.execute(update(Blob).where(Blob.project_id == blob.project_id, Blob.id == blob.id).values(**whole))
    await garbage.condemn(tx, [(damaged, blob.size)], "damaged, and sent again")


async def check(db: Database, blobs: BlobStore, *, percent_a_day: float, every: timedelta) -> Checked:
    """Read the blobs whose last check is the longest ago, and compare their SHA-256; one process at a time.

    Each blob is due again after ``100 / percent_a_day`` days; a round reads no more than its share of a day's bytes,
    and one blob at least. Zero per cent: nothing is read.

    Raises:
        Unavailable: the store is away; what has been read so far counts.
    """
    if percent_a_day <= 0:
        return Checked()
    async with db.advisory_lock(_CHECK_LOCK) as is_held:
        if not is_held:
            return Checked()
        budget = await _budget(db, percent_a_day, every)
        done, due = Checked(), datetime.now(UTC) - _DAY * (100 / percent_a_day)
        while done.blobs == 0 or done.bytes < budget:
            blob = await _oldest(db, due)
            if blob is None:
                break
            damage = await _damage_of(db, blobs, blob, due)
            await _note(db, blob, damage)
            done = Checked(done.blobs + 1, done.bytes + (blob.size or 0), done.damaged + (damage is not None))
        return done


async def _budget(db: Database, percent_a_day: float, every: timedelta) -> float:
    async with db.read() as snap:
        total = await snap.scalar(select(func.sum(Blob.size)).where(Blob.state == STORED)) or 0
    return float(total) * percent_a_day / 100 * (every / _DAY) * _HASTE


async def _oldest(db: Database, due: datetime) -> Blob | None:
    waiting = (Blob.state == STORED, Blob.checked_at < due, text(EVER_CHECKED))
    statement = select(Blob).where(*waiting).order_by(Blob.checked_at).limit(1)
    async with db.read() as snap:
        return await snap.scalar(statement)


async def _damage_of(db: Database, blobs: BlobStore, blob: Blob, due: datetime) -> str | None:
    try:
        return await _damage(blobs, blob)
    except Unavailable:
        # Perhaps it is this object alone that cannot be read: the others come first, this one again after a day.
        async with db.write() as tx:
            await tx.execute(update(Blob).where(Blob.object_key == blob.object_key).values(checked_at=due + _DAY))
        raise


async def _damage(blobs: BlobStore, blob: Blob) -> str | None:
    digest, size = hashlib.sha256(), 0
    try:
        async with blobs.open(blob.object_key) as reading:
            async for chunk in reading.chunks:
                digest.update(chunk)
                size += len(chunk)
    except BlobMissing:
        return "missing"
    if size != blob.size:
        return "size"
    return None if digest.digest() == blob.sha256 else "hash"


async def _note(db: Database, blob: Blob, damage: str | None) -> None:
    """The blob may be gone, or have another object, by now: then there is nothing to note."""
    if damage is not None:
        await mark(db, blob.object_key, damage)
    values: dict[str, object] = {"checked_at": func.now()}
    if damage is None:
        values |= {"damaged_at": None, "damage": None}
    async with db.write() as tx:
        await tx.execute(update(Blob).where(Blob.object_key == blob.object_key).values(**values))
