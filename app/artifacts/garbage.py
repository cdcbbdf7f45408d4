"""What happens to bytes that nobody needs any more.

The order is always: artifact row, blob row, object. A blob row goes only when no artifact references it (the foreign
key sees to that); its key then stands in ``condemned_objects`` until the store has confirmed the deletion. So
whatever dies in between, the leftover is a row in a to-do list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app import faults
from app.artifacts.tables import PENDING, Artifact, Blob, CondemnedObject
from app.db.database import Database, Tx
from app.storage.blobs import BlobStore

GRACE = timedelta(seconds=30)
"""Between condemnation and deletion, so that downloads which have begun can end."""
ORPHAN_AGE = timedelta(hours=24)
"""Objects without a row are left alone for so long: their upload may be under way."""
BATCH = 1000
_RECONCILER_LOCK = 0x4D594743


@dataclass(frozen=True, slots=True)
class Swept:
    """What a round of the sweep deleted."""

    objects: int = 0
    bytes: int = 0


async def release(tx: Tx, project_id: int, blob_ids: Sequence[UUID], reason: str = "deleted") -> int:
    """Step: condemn those of the blobs that no artifact references; the number of them.

    The rows are locked first and looked at by the next statement, whose snapshot is newer than the lock: an artifact
    that arrived meanwhile is seen and keeps its blob.
    """
    if not blob_ids:
        return 0
    mine = (Blob.project_id == project_id, Blob.id.in_(set(blob_ids)))
    await tx.execute(select(Blob.id).where(*mine).order_by(Blob.id).with_for_update())
    needed = exists().where(Artifact.project_id == Blob.project_id, Artifact.blob_id == Blob.id)
    rows = await tx.execute(delete(Blob).where(*mine, ~needed).returning(Blob.object_key, Blob.size))
    return await _condemn(tx, [(row.object_key, row.size) for row in rows], reason)


async def release_root(tx: Tx, project_id: int, root_id: UUID, limit: int) -> int:
    """Step: remove up to ``limit`` artifacts of a root and condemn what they alone needed; the number removed."""
    batch = (
        select(Artifact.id)
        .where(Artifact.project_id == project_id, Artifact.root_id == root_id)
        .order_by(Artifact.path)
        .limit(limit)
        .with_for_update()
    )
    statement = (
        delete(Artifact).where(Artifact.project_id == project_id, Artifact.id.in_(batch)).returning(Artifact.blob_id)
    )
    blob_ids = (await tx.scalars(statement)).all()
    await release(tx, project_id, blob_ids)
    return len(blob_ids)


async def condemn_pending(tx: Tx, project_id: int, blob_id: UUID, reason: str) -> bool:
    """Step: give up a blob whose upload did not end well; False when somebody else has done so."""
    statement = (
        delete(Blob)
        .where(Blob.project_id == project_id, Blob.id == blob_id, Blob.state == PENDING)
        .returning(Blob.object_key)
    )
    keys = (await tx.scalars(statement)).all()
    await _condemn(tx, [(key, None) for key in keys], reason)
    return bool(keys)


async def expire_pending(db: Database) -> int:
    """Condemn blobs whose upload has gone silent: its process died, or was paused for longer than its lease."""
    batch = (
        select(Blob.id)
        .where(Blob.state == PENDING, Blob.lease_until < func.now())
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    async with db.write() as tx:
        rows = await tx.scalars(delete(Blob).where(Blob.id.in_(batch)).returning(Blob.object_key))
        return await _condemn(tx, [(key, None) for key in rows], "upload went silent")


async def sweep(db: Database, blobs: BlobStore) -> Swept:
    """Delete the bytes of condemned objects, a thousand at a time, until none is due.

    Safe to run twice at once and to die anywhere: an object that is already gone counts as deleted.
    """
    objects, size = 0, 0
    while True:
        batch = await _take(db)
        if not batch:
            return Swept(objects, size)
        await faults.point("sweep.taken")
        failed = set(await blobs.remove([key for key, _ in batch]))
        gone = [key for key, _ in batch if key not in failed]
        await faults.point("sweep.removed")
        async with db.write() as tx:
            await tx.execute(delete(CondemnedObject).where(CondemnedObject.object_key.in_(gone)))
        objects += len(gone)
        size += sum(bytes_ or 0 for key, bytes_ in batch if key not in failed)


async def reconcile(db: Database, blobs: BlobStore) -> int:
    """Condemn objects that no row knows and that are older than a day; the number of them.

    Deleting such an object cannot hurt: rows are written before their objects, and keys are never used twice.
    """
    condemned = 0
    oldest = datetime.now(UTC) - ORPHAN_AGE
    keys: list[tuple[str, int | None]] = []
    await blobs.abort_stale_uploads(ORPHAN_AGE)
    async for listed in blobs.list_keys("v1/"):
        if listed.modified < oldest:
            keys.append((listed.key, listed.size))
        if len(keys) >= BATCH:
            condemned += await _condemn_unknown(db, keys)
            keys.clear()
    return condemned + await _condemn_unknown(db, keys)


async def backlog(db: Database) -> tuple[int, int]:
    """Number and bytes of condemned objects that still exist."""
    async with db.read() as snap:
        statement = select(func.count(), func.coalesce(func.sum(CondemnedObject.size), 0))
        count, size = (await snap.execute(statement)).one()
    return count, int(size or 0)


async def _take(db: Database) -> list[tuple[str, int | None]]:
    """Due keys; each is put off by its number of attempts, so one that fails does not hold up the rest."""
    batch = (
        select(CondemnedObject.object_key)
        .where(CondemnedObject.not_before <= func.now())
        .order_by(CondemnedObject.not_before)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    wait = func.make_interval(0, 0, 0, 0, 0, func.least(CondemnedObject.attempts + 1, 30))
    statement = (
        update(CondemnedObject)
        .where(CondemnedObject.object_key.in_(batch))
        .values(attempts=CondemnedObject.attempts + 1, not_before=func.now() + wait)
        .returning(CondemnedObject.object_key, CondemnedObject.size)
    )
    async with db.write() as tx:
        return [(row.object_key, row.size) for row in await tx.execute(statement)]


async def _condemn(tx: Tx, keys: Sequence[tuple[str, int | None]], reason: str) -> int:
    if not keys:
        return 0
    due = datetime.now(UTC) + GRACE
    rows = [{"object_key": key, "size": size, "reason": reason, "not_before": due} for key, size in keys]
    await tx.execute(upsert(CondemnedObject).on_conflict_do_nothing(), rows)
    return len(keys)


async def _condemn_unknown(db: Database, keys: Sequence[tuple[str, int | None]]) -> int:
    if not keys:
        return 0
    names = [key for key, _ in keys]
    async with db.write() as tx:
        if not await tx.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _RECONCILER_LOCK}):
            return 0
        known = set(await tx.scalars(select(Blob.object_key).where(Blob.object_key.in_(names))))
        listed = set(await tx.scalars(select(CondemnedObject.object_key).where(CondemnedObject.object_key.in_(names))))
        return await _condemn(tx, [pair for pair in keys if pair[0] not in known | listed], "no row knows it")
