"""Several files at once: bytes are stored first, each under a pending blob; one transaction makes files of them.

Until that transaction commits nothing of the set is visible, and afterwards all of it is::

    stage  tx 1   permission, blob row `pending` with a lease
           store  bytes, counted and hashed
           tx 2   size, SHA-256 and a lease of a day
    write  tx     permission, living owner, locks; every path points at its bytes

Bytes that never become a file are condemned when their lease runs out. The transaction has a fixed number of
statements whatever the number of files; only damaged bytes that are healed by the way take some each.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, insert, select, update

from app import faults
from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.artifacts import path_conflicts, paths, row_locks, stored_bytes, visibility
from app.artifacts.artifacts import FileTarget, LockOwner, Root
from app.artifacts.tables import PENDING, Blob
from app.artifacts.upkeep import damage, garbage, inspections, quarantine, verdicts
from app.artifacts.uploads import deduplicate, leases, publish_batch
from app.artifacts.uploads.publish_batch import Assignment
from app.artifacts.uploads.stream import guess_media_type
from app.artifacts.visibility import View
from app.db.database import Database, Tx
from app.errors import Conflict, Invalid, TooLarge, Unavailable
from app.ids import object_key, uuid7
from app.storage.blobs import BlobStore, StoredObject

MAX_FILES = 1_000
LIFE = timedelta(days=1)
"""For so long staged bytes wait to become a file."""


class BytesMissing(Conflict):
    """A file of the set has no bytes: they were not sent, or were given up since."""

    code = "BYTES_MISSING"


@dataclass(frozen=True, slots=True)
class StagedBytes:
    """Bytes in the store that are no file yet. The id is all it takes to make files of them, so it is kept secret."""

    id: UUID
    sha256: bytes
    size: int


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file of a set: its bytes are those that were staged, or those of a file of the project that has the SHA-256."""

    path: str
    sha256: bytes
    staged_id: UUID | None = None
    media_type: str | None = None


async def stage(
    db: Database,
    actor: Actor,
    blobs: BlobStore,
    project_id: int,
    chunks: AsyncIterator[bytes],
    *,
    size: int | None,
    limit: int,
    permission: Permission,
) -> StagedBytes:
    """Store bytes that are going to be files of the project within a day.

    Raises:
        TooLarge: more than ``limit`` bytes.
        SizeMismatch: other than the announced number of bytes arrived; nothing is kept.
        Unavailable: the store is away, or the upload was silent for too long; nothing is kept.
    """
    blob_id, key = uuid7(), object_key(project_id)
    room = await stored_bytes.require_room_in(db, actor, project_id, size, permission)
    async with db.write(grows=True) as tx:
        access = await projects.visible(tx, actor, project_id)
        policy.require(actor, access, permission, of_models=True)
        row = {"project_id": project_id, "id": blob_id, "object_key": key}
        await tx.execute(insert(Blob).values(**row, lease_until=leases.lease_from_now()))
    heartbeat = asyncio.create_task(leases.keep_alive(db, project_id, blob_id))
    try:
        with stored_bytes.bounded(room, limit) as most:
            stored = await blobs.put(key, chunks, size=size, limit=most)
        await faults.point("staged.stored")
        heartbeat.cancel()
        await _record(db, project_id, blob_id, stored)
    except BaseException:
        await leases.give_up(db, project_id, blob_id)
        raise
    finally:
        heartbeat.cancel()
    return StagedBytes(blob_id, stored.sha256, stored.size)


async def _record(db: Database, project_id: int, blob_id: UUID, stored: StoredObject) -> None:
    mine = (Blob.project_id == project_id, Blob.id == blob_id, Blob.state == PENDING)
    verified = {"sha256": stored.sha256, "size": stored.size, "lease_until": func.now() + LIFE}
    async with db.write() as tx:
        if await tx.scalar(update(Blob).where(*mine).values(**verified).returning(Blob.id)) is None:
            raise Unavailable("The upload was silent for too long and was given up; send the bytes again.")


async def write(
    db: Database, actor: Actor, root: Root, files: Sequence[NewFile], *, lock_owner: LockOwner, permission: Permission
) -> list[UUID]:
    """Make files of one root of staged bytes and of bytes that the project has, all or none; the artifacts in order.

    Raises:
        InvalidPath: a path is not acceptable; ``field`` names its position in ``files``.
        Invalid, TooLarge: a path twice, no file, or more than 1,000.
        PathOccupied: one would be a file and a folder, with a file that is there or with another of the set.
        BytesMissing: a file has no bytes, or none that the actor may see.
    """
    targets = _targets(root, files, actor)
    async with db.write(grows=True) as tx:
        access = await visibility.require_permitted(tx, actor, root, [one.path for one in targets], permission)
        await lock_owner(tx)
        await _require_free(tx, root, [one.path for one in targets])
        blobs = await _hold_bytes(tx, targets, files, visibility.of_actor(actor, access))
        assignments = await _assignments(tx, root, targets, [blobs[file.sha256] for file in files])
        made = await publish_batch.assign(tx, assignments)
        if any(one.columns["inspected_at"] is None for one in assignments):
            await inspections.promise(tx, root)
    await faults.point("upload.committed")
    return [made[one.path] for one in targets]


def _targets(root: Root, files: Sequence[NewFile], actor: Actor) -> list[FileTarget]:
    if not files:
        raise Invalid("The set holds no file.", field="files")
    if len(files) > MAX_FILES:
        raise TooLarge(f"The set holds {len(files)} files; {MAX_FILES} can be written at once.", field="files")
    targets = []
    for index, file in enumerate(files):
        path = paths.check(file.path, f"files.{index}.path")
        media_type, token_id = file.media_type or guess_media_type(path), stored_bytes.counted_token(actor)
        targets.append(FileTarget(root, path, media_type, actor.user_id, token_id))
    path, times = Counter(one.path for one in targets).most_common(1)[0]
    if times > 1:
        raise Invalid(f"The path `{path}` stands {times} times in the set; each file has its own.", field="files")
    return targets


async def _require_free(tx: Tx, root: Root, of_set: Sequence[str]) -> None:
    pair = path_conflicts.conflict_within(of_set)
    pair = pair or next(iter((await path_conflicts.conflicts(tx, root, of_set)).items()), None)
    if pair:
        raise path_conflicts.refusal(*pair, f"files.{of_set.index(pair[0])}.path")


async def _hold_bytes(tx: Tx, targets: Sequence[FileTarget], files: Sequence[NewFile], view: View) -> dict[bytes, UUID]:
    """The blob of each content, held until the commit: one that the project has, else the staged one.

    In the order of all who write files: hash, path, blob (see :mod:`app.artifacts.row_locks`).
    """
    root, hashes = targets[0].root, list({file.sha256 for file in files})
    project_id = root.project_id
    await publish_batch.lock_hashes(tx, project_id, hashes)
    stored = await row_locks.lock_stored(tx, root, hashes, [one.path for one in targets])
    staged = await _lock_staged(tx, project_id, files)
    # Who has staged bytes has them; a hash alone must not be enough to learn that there is such a file.
    shown = await deduplicate.visible_blobs(tx, project_id, stored, view)
    held = {
        blob.sha256: blob.id
        for blob in stored
        if blob.sha256 is not None and (blob.sha256 in staged or (blob.id in shown and blob.damage is None))
    }
    for blob in stored:
        if blob.damage is not None and blob.sha256 in staged:
            await damage.heal(tx, blob, staged[blob.sha256][0].id)
    fresh = [of_content[0] for sha256, of_content in staged.items() if sha256 not in held]
    contents = [(blob.id, blob.sha256 or b"", blob.size or 0) for blob in fresh]
    kept = await publish_batch.mark_stored(tx, project_id, contents, [targets[0].token_id] * len(contents))
    held |= {sha256: blob_id for blob_id, sha256, _ in contents if blob_id in kept}
    _require_all(files, held)
    superfluous = [one.id for of_content in staged.values() for one in of_content if one.id not in kept]
    await garbage.condemn_pending(tx, project_id, superfluous, "same bytes stored already")
    return held


async def _lock_staged(tx: Tx, project_id: int, files: Sequence[NewFile]) -> dict[bytes, list[Blob]]:
    """The staged blobs of the set by content, as they were staged, not as the caller says."""
    ids = {file.staged_id for file in files if file.staged_id is not None}
    if not ids:
        return {}
    mine = (Blob.project_id == project_id, Blob.id == func.any(list(ids)), Blob.state == PENDING)
    rows = await tx.scalars(select(Blob).where(*mine, Blob.sha256.is_not(None)).order_by(Blob.id).with_for_update())
    staged: dict[bytes, list[Blob]] = {file.sha256: [] for file in files}
    for row in rows:
        if row.sha256 not in staged:
            raise Invalid("Staged bytes have another SHA-256 than the file that is to be made of them.", field="files")
        staged[row.sha256].append(row)
    return {sha256: rows_of_content for sha256, rows_of_content in staged.items() if rows_of_content}


def _require_all(files: Sequence[NewFile], held: Collection[bytes]) -> None:
    for index, file in enumerate(files):
        if file.sha256 not in held:
            raise BytesMissing(
                f"The bytes of `{file.path}` (SHA-256 {file.sha256.hex()}) are not here; send them first.",
                field=f"files.{index}",
            )


async def _assignments(tx: Tx, root: Root, targets: Sequence[FileTarget], blob_ids: Sequence[UUID]) -> list[Assignment]:
    """What is known of each file: the verdict on its bytes under such a name, or quarantine that they inherit."""
    pairs = list(zip(targets, blob_ids, strict=True))
    judged = await verdicts.find(tx, root.project_id, {(blob_id, one.path) for one, blob_id in pairs})
    inherited: Mapping[UUID, str] = await quarantine.inherited(tx, root.project_id, set(blob_ids))
    return [
        Assignment(one, blob_id, judged.get((blob_id, one.path)) or quarantine.values(inherited.get(blob_id)))
        for one, blob_id in pairs
    ]
