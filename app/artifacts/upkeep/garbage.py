"""What happens to bytes that no file has any more.

The order is always: artifact row, blob row, object. A blob row goes only when no artifact references it (the foreign
key sees to that); its key then stands in ``condemned_objects`` until the store has confirmed the deletion. So
whatever dies in between, the leftover is a row in a to-do list.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app import faults
from app.artifacts import row_locks
from app.artifacts.tables import PENDING, VERIFYING_STATE, Artifact, BackupHold, Blob, CondemnedObject, MultipartUpload
from app.artifacts.upkeep import backup_holds
from app.db.database import Database, Tx
from app.storage.blobs import BlobStore

GRACE = timedelta(seconds=30)
"""Between condemnation and deletion, so that downloads which have begun can end."""
UNDER_WAY = timedelta(minutes=15)
"""The same for an object whose upload may not have ended."""
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Swept:
    """What a round of the sweep deleted."""

    objects: int = 0
    bytes: int = 0


async def release(tx: Tx, project_id: int, blob_ids: Sequence[UUID], reason: str = "deleted") -> int:
    """Step: condemn those of the blobs that no artifact references, and no upload is about to; the number of them.

    The rows are locked first and looked at by the next statement, whose snapshot is newer than the lock: an artifact
    that arrived meanwhile is seen and keeps its blob.
    """
    if not blob_ids:
        return 0
    mine = (Blob.project_id == project_id, Blob.id.in_(set(blob_ids)))
    await tx.execute(select(Blob.id).where(*mine).order_by(Blob.id).with_for_update())
    needed = exists().where(Artifact.project_id == Blob.project_id, Artifact.blob_id == Blob.id)
    awaited = exists().where(
        MultipartUpload.project_id == Blob.project_id,
        MultipartUpload.blob_id == Blob.id,
        MultipartUpload.state == VERIFYING_STATE,
        MultipartUpload.is_shared,
    )
    rows = await tx.execute(delete(Blob).where(*mine, ~needed, ~awaited).returning(Blob.object_key, Blob.size))
    return await condemn(tx, [(row.object_key, row.size) for row in rows], reason)


async def release_root(tx: Tx, project_id: int, root_id: UUID, limit: int) -> int:
    """Step: remove up to ``limit`` artifacts of a root and condemn what they alone needed; the number removed."""
    mine = (Artifact.project_id == project_id, Artifact.root_id == root_id)
    held = await row_locks.lock_blobs(
        tx, project_id, select(Artifact.blob_id).where(*mine).order_by(Artifact.path).limit(limit)
    )
    of_held = (*mine, Artifact.blob_id == func.any(list(held)))
    batch = select(Artifact.id).where(*of_held).order_by(Artifact.path).limit(limit).with_for_update()
    statement = (
        delete(Artifact).where(Artifact.project_id == project_id, Artifact.id.in_(batch)).returning(Artifact.blob_id)
    )
    blob_ids = (await tx.scalars(statement)).all()
    await release(tx, project_id, blob_ids)
    return len(blob_ids)


async def release_project(tx: Tx, project_id: int, limit: int) -> int:
    """Step: condemn up to ``limit`` blobs of a project that is being removed; the number of them.

    Objects of uploads that may still be under way go later, when those will have ended.
    """
    batch = select(Blob.id).where(Blob.project_id == project_id).limit(limit)
    gone = delete(Blob).where(Blob.project_id == project_id, Blob.id.in_(batch))
    rows = (await tx.execute(gone.returning(Blob.object_key, Blob.size, Blob.state))).all()
    for state, wait in (("stored", GRACE), ("pending", UNDER_WAY)):
        keys = [(row.object_key, row.size) for row in rows if row.state == state]
        await condemn(tx, keys, "project deleted", wait=wait)
    return len(rows)


async def condemn_pending(tx: Tx, project_id: int, blob_ids: Collection[UUID], reason: str) -> int:
    """Step: give up blobs that are not stored yet; the number of those that nothing else has given up before."""
    if not blob_ids:
        return 0
    mine = (Blob.project_id == project_id, Blob.id == func.any(list(blob_ids)), Blob.state == PENDING)
    rows = (await tx.execute(delete(Blob).where(*mine).returning(Blob.object_key, Blob.size))).all()
    return await condemn(tx, [(row.object_key, row.size) for row in rows], reason)


async def give_up(tx: Tx, uploads: Sequence[MultipartUpload], reason: str) -> None:
    """Step: uploads of one project have ended without a file, as their rows say by now; their bytes go."""
    if not uploads:
        return
    project_id = uploads[0].project_id
    await condemn_pending(tx, project_id, [one.blob_id for one in uploads if not one.is_shared], reason)
    await release(tx, project_id, [one.blob_id for one in uploads if one.is_shared], reason)


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
        return await condemn(tx, [(key, None) for key in rows], "upload went silent")


async def sweep(db: Database, blobs: BlobStore, *, keep: timedelta = GRACE) -> Swept:
    """Delete the bytes of condemned objects, a thousand at a time, until none is due or a backup holds them.

    ``keep`` is the least time for which they stay, 30 seconds or more. Safe to run twice at once and to die anywhere:
    an object that is already gone counts as deleted.
    """
    objects, size = 0, 0
    while True:
        batch = await _take(db, longer(keep))
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


def longer(keep: timedelta) -> timedelta:
    """By how much the time for which condemned bytes are kept is longer than the one noted with each of them."""
    return max(keep - GRACE, timedelta())


async def _take(db: Database, more: timedelta) -> list[tuple[str, int | None]]:
    """Due keys, none while a backup is being made; each is put off by its number of attempts, so one that fails does
    not hold up the rest.

    The statement sees the hold or takes what was condemned before the hold: it is one snapshot.
    """
    batch = (
        select(CondemnedObject.object_key)
        .where(CondemnedObject.not_before <= func.now() - more, ~exists(select(BackupHold.id)))
        .order_by(CondemnedObject.not_before)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    wait = func.make_interval(0, 0, 0, 0, 0, func.least(CondemnedObject.attempts + 1, 30))
    statement = (
        update(CondemnedObject)
        .where(CondemnedObject.object_key.in_(batch))
        .values(attempts=CondemnedObject.attempts + 1, not_before=func.now() - more + wait)
        .returning(CondemnedObject.object_key, CondemnedObject.size)
    )
    async with db.write() as tx:
        await backup_holds.expire(tx)
        return [(row.object_key, row.size) for row in await tx.execute(statement)]


async def condemn(tx: Tx, keys: Sequence[tuple[str, int | None]], reason: str, *, wait: timedelta = GRACE) -> int:
    """Step: note keys, with sizes where they are known, for the sweep; how many they are."""
    if not keys:
        return 0
    due = datetime.now(UTC) + wait
    rows = [{"object_key": key, "size": size, "reason": reason, "not_before": due} for key, size in keys]
    await tx.execute(upsert(CondemnedObject).on_conflict_do_nothing(), rows)
    return len(keys)
