"""Uploads that stream through this service: hashed on the way, and READY when acknowledged.

Row first, then object, then pointer::

    tx 1   permission, living owner, blob row `pending` with a random key and a lease
    store  bytes, counted and hashed
    tx 2   living owner again, same bytes found or blob `stored`, artifact points at it

Whatever dies in between leaves a pending row, which the sweep condemns when its lease has run out.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app import faults
from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.artifacts import path_conflicts, paths, row_locks, visibility
from app.artifacts.artifacts import Root
from app.artifacts.tables import PENDING, Artifact, Blob
from app.artifacts.upkeep import damage, garbage, inspections, quarantine, verdicts
from app.artifacts.uploads import small_batch
from app.artifacts.uploads.small_batch import LEASE, FileTarget, IncomingFile
from app.artifacts.visibility import Visibility
from app.db.database import Database, Tx
from app.errors import ModelyardError, Unavailable
from app.ids import uuid7
from app.inspection.inspector import Report
from app.storage.blobs import BlobStore, Stored
from app.storage.source import whole

SMALL_BYTES = 256 * 1024
"""Up to here a file is taken into memory as a whole before anything is begun."""
RENEW_SECONDS = 60.0
_TEXT_NAMES = {"MLmodel", "MLproject", "Dockerfile", "README", "LICENSE"}
_TEXT_ENDINGS = (".yaml", ".yml", ".log", ".py", ".md", ".cfg", ".toml", ".ini", ".env", ".lock")

LockOwner = Callable[[Tx], Awaitable[object]]
"""Locks the owner of the files against deletion for the rest of the transaction; raises when it is not alive."""


@dataclass(frozen=True, slots=True)
class StoreArtifact:
    """A file for a root: ``chunks`` are its bytes, ``size`` their number when the sender said so."""

    root: Root
    path: str
    chunks: AsyncIterator[bytes]
    size: int | None = None
    media_type: str | None = None


async def store(
    db: Database,
    actor: Actor,
    blobs: BlobStore,
    command: StoreArtifact,
    *,
    lock_owner: LockOwner,
    limit: int,
    permission: Permission = Permission.CANDIDATE_WRITE,
) -> Artifact:
    """Store a file and point the path at it; an older file of that path is replaced.

    Raises:
        InvalidPath: see :func:`app.artifacts.paths.check`.
        PathOccupied: a file is where this one needs a folder, or the reverse.
        TooLarge: more than ``limit`` bytes.
        SizeMismatch: other than the announced number of bytes arrived; nothing is kept.
        Unavailable: the store is away; nothing is kept.
    """
    place = FileTarget(
        command.root,
        paths.check(command.path),
        command.media_type or guess_media_type(command.path),
        actor.user_id,
    )
    access = await projects.get(db, actor, command.root.project_id)
    policy.require(actor, access, permission)
    if visibility.of_actor(actor, access) is not Visibility.ALL:
        async with db.read() as snap:
            await visibility.require_visible(snap, actor, access, command.root, [place.path])
    sender = _Sender(db, actor, blobs, place, lock_owner, permission)
    if command.size is not None and command.size <= min(SMALL_BYTES, limit):
        return await sender.send(await whole(command.chunks, command.size))
    return await sender.stream(command.chunks, command.size, limit)


@dataclass(frozen=True, slots=True)
class _Sender:
    """One upload, with everybody whom it concerns."""

    db: Database
    actor: Actor
    blobs: BlobStore
    place: FileTarget
    lock_owner: LockOwner
    permission: Permission

    async def send(self, data: bytes) -> Artifact:
        """A small file, in memory as a whole: nothing waits for its sender any more."""
        known = Stored(len(data), hashlib.sha256(data).digest(), "")
        file = IncomingFile.of(self.place, known=known, is_plain=inspections.is_plain(self.place.path, data))
        shared = await self._begin(file)
        if shared is not None:
            await faults.point("upload.committed")
            return shared
        try:
            await self.blobs.put_whole(file.key, data, known.sha256)
            return await self._finish(file, known)
        except BaseException:
            await give_up(self.db, self.place.root.project_id, file.blob_id)
            raise

    async def stream(self, chunks: AsyncIterator[bytes], size: int | None, limit: int) -> Artifact:
        """A file of any size, in constant memory."""
        project_id, file = self.place.root.project_id, IncomingFile.of(self.place)
        async with self.db.read() as snap:
            await path_conflicts.require_free(snap, self.place.root, self.place.path)
        await self._begin(file)
        heartbeat = asyncio.create_task(keep_alive(self.db, project_id, file.blob_id))
        try:
            stored = await self.blobs.put(file.key, chunks, size=size, limit=limit)
            return await self._finish(replace(file, stored=stored), stored)
        except BaseException:
            await give_up(self.db, project_id, file.blob_id)
            raise
        finally:
            heartbeat.cancel()

    async def _begin(self, file: IncomingFile) -> Artifact | None:
        """The row of the blob; or the file in its place, when the project has its bytes."""
        done = await small_batch.reserve(self.db, file)
        if not done:
            await begin(self.db, self.actor, file, self.lock_owner, self.permission)
        return done if isinstance(done, Artifact) else None

    async def _finish(self, file: IncomingFile, stored: Stored) -> Artifact:
        await faults.point("upload.stored")
        artifact = await small_batch.finish(self.db, file)
        if not isinstance(artifact, Artifact):
            async with self.db.write() as tx:
                await self.lock_owner(tx)
                artifact = await register(tx, self.place, file.blob_id, stored, is_plain=file.is_plain)
        await faults.point("upload.committed")
        return artifact


async def permit(
    db: Database, actor: Actor, root: Root, path: str, *, lock_owner: LockOwner, permission: Permission
) -> str:
    """Whether the actor may store that file now; the path as it will be kept. The link that follows is the promise.

    Raises:
        InvalidPath: see :func:`app.artifacts.paths.check`.
        PathOccupied: a file is where this one needs a folder, or the reverse.
    """
    checked = paths.check(path)
    async with db.write() as tx:
        await visibility.require_permitted(tx, actor, root, [checked], permission)
        await lock_owner(tx)
        await path_conflicts.require_free(tx, root, checked)
    return checked


def guess_media_type(path: str) -> str:
    """From the name; what reads as text is served as text (MLflow: artifact download)."""
    name = path.rpartition("/")[2]
    if name in _TEXT_NAMES or name.endswith(_TEXT_ENDINGS):
        return "text/plain"
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


async def remove(
    db: Database,
    actor: Actor,
    root: Root,
    path: str,
    *,
    lock_owner: LockOwner,
    permission: Permission = Permission.CANDIDATE_WRITE,
) -> int:
    """Delete a file, or a folder with all below it; the number of files. None at all is fine.

    Raises:
        InvalidPath: the path is empty or not acceptable: the root itself is never deleted this way.
    """
    path = paths.check(path.rstrip("/"))
    beneath = (Artifact.path >= f"{path}/") & (Artifact.path < f"{path}0")
    mine = (Artifact.project_id == root.project_id, Artifact.root_id == root.id, (Artifact.path == path) | beneath)
    async with db.write() as tx:
        await visibility.require_permitted(tx, actor, root, [path], permission)
        await lock_owner(tx)
        held = await row_locks.lock_blobs(tx, root.project_id, select(Artifact.blob_id).where(*mine))
        removed = delete(Artifact).where(*mine, Artifact.blob_id == func.any(list(held))).returning(Artifact.blob_id)
        blob_ids = (await tx.scalars(removed)).all()
        await garbage.release(tx, root.project_id, blob_ids)
    return len(blob_ids)


async def remove_all(
    db: Database,
    actor: Actor,
    root: Root,
    *,
    lock_owner: LockOwner,
    permission: Permission = Permission.CANDIDATE_WRITE,
) -> int:
    """Delete all files of a root, batch by batch; the number of files. Files that arrive meanwhile may go, too."""
    total, removed = 0, garbage.BATCH
    while removed == garbage.BATCH:
        async with db.write() as tx:
            await visibility.require_permitted(tx, actor, root, [""], permission)
            await lock_owner(tx)
            removed = await garbage.release_root(tx, root.project_id, root.id, garbage.BATCH)
        total += removed
    return total


async def begin(db: Database, actor: Actor, file: IncomingFile, lock_owner: LockOwner, permission: Permission) -> None:
    """Write down where bytes are going to be, and wait for whoever changes their owner.

    Raises:
        NotFound, Forbidden: as the project and the owner say.
        PathOccupied: a file is where this one needs a folder, or the reverse.
    """
    root = file.place.root
    row = {"project_id": root.project_id, "id": file.blob_id, "object_key": file.key}
    async with db.write(grows=True) as tx:
        await visibility.require_permitted(tx, actor, root, [file.place.path], permission)
        await lock_owner(tx)
        await path_conflicts.require_free(tx, root, file.place.path)
        await tx.execute(insert(Blob).values(**row, lease_until=lease_from_now()))


async def register(
    tx: Tx, place: FileTarget, blob_id: UUID, stored: Stored, report: Report | None = None, *, is_plain: bool = False
) -> Artifact:
    """Step: make verified bytes the file at a place; the caller holds the owner of the files.

    Without a ``report`` a worker looks at the file soon, unless it is plain, or was looked at under such a name before.

    Raises:
        Unavailable: the pending blob was given up meanwhile.
        PathOccupied: a file is where this one needs a folder, or the reverse; the transaction has to end.
    """
    root = place.root
    kept = await _keep_once(tx, place, blob_id, stored)
    columns = quarantine.values(None)
    if is_plain:
        columns["inspected_at"] = func.now()
    elif kept != blob_id and report is None:
        columns = await _known(tx, root.project_id, kept, place.path)
    replaced = await tx.scalar(
        select(Artifact.blob_id)
        .where(Artifact.project_id == root.project_id, Artifact.root_id == root.id, Artifact.path == place.path)
        .with_for_update()
    )
    artifact = await _point(tx, place, kept, columns)
    if replaced is not None and replaced != kept:
        await garbage.release(tx, root.project_id, [replaced], "replaced")
    if report is not None:
        looked = inspections.InspectedFile(artifact.id, kept, place.path, report)
        await inspections.record(tx, root.project_id, [looked])
    elif columns["inspected_at"] is None:
        await inspections.promise(tx, root)
    return artifact


async def _known(tx: Tx, project_id: int, blob_id: UUID, path: str) -> dict[str, Any]:
    """What is known of bytes that are held: the verdict on them under such a name; until there is one, they are in
    quarantine if they are so elsewhere.
    """
    found = (await verdicts.find(tx, project_id, [(blob_id, path)])).get((blob_id, path))
    return found or quarantine.values((await quarantine.inherited(tx, project_id, [blob_id])).get(blob_id))


async def _keep_once(tx: Tx, place: FileTarget, blob_id: UUID, stored: Stored) -> UUID:
    """The blob to point at: one that has these bytes already, else ours.

    The lock keeps the found one: a release that runs now waits for our commit and then sees the artifact.
    """
    project_id = place.root.project_id
    # Two uploads of the same new bytes take their turn here; the lock ends with the transaction.
    await tx.execute(
        select(func.pg_advisory_xact_lock(project_id % 2**31, int.from_bytes(stored.sha256[:4], signed=True)))
    )
    found = next(iter(await row_locks.lock_stored(tx, place.root, [stored.sha256], [place.path])), None)
    if found is not None and found.damage is not None:
        await damage.heal(tx, found, blob_id)
    elif found is not None:
        await garbage.condemn_pending(tx, project_id, blob_id, "same bytes stored already")
    if found is not None:
        return found.id
    done = await tx.scalar(
        update(Blob)
        .where(Blob.project_id == project_id, Blob.id == blob_id, Blob.state == PENDING)
        .values(state="stored", sha256=stored.sha256, size=stored.size, lease_until=None)
        .returning(Blob.id)
    )
    if done is None:
        raise Unavailable("The upload was silent for too long and was given up; send the file again.")
    return blob_id


async def _point(tx: Tx, place: FileTarget, blob_id: UUID, state: Mapping[str, Any]) -> Artifact:
    changing = {"blob_id": blob_id, "media_type": place.media_type, "created_by": place.created_by, **state}
    statement = upsert(Artifact).values(
        project_id=place.root.project_id,
        id=uuid7(),
        candidate_id=place.root.candidate_id,
        logged_model_id=place.root.logged_model_id,
        path=place.path,
        **changing,
    )
    statement = statement.on_conflict_do_update(
        index_elements=["project_id", "root_id", "path"],
        set_={**changing, "created_at": func.now()},
    )
    with path_conflicts.translated_errors():
        artifact: Artifact = (await tx.scalars(statement.returning(Artifact))).one()
    return artifact


def lease_from_now() -> ColumnElement[Any]:
    """Until when a pending blob is left alone; :func:`keep_alive` prolongs it."""
    return func.now() + LEASE


async def give_up(db: Database, project_id: int, blob_id: UUID) -> None:
    """Condemn at once what could not be finished; should that fail too, the lease runs out and the sweep does it."""
    with suppress(ModelyardError):
        async with db.write() as tx:
            await garbage.condemn_pending(tx, project_id, blob_id, "upload failed")


async def keep_alive(db: Database, project_id: int, blob_id: UUID) -> None:
    """Renew the lease of an upload that takes long."""
    mine = (Blob.project_id == project_id, Blob.id == blob_id, Blob.state == PENDING)
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        with suppress(ModelyardError):
            async with db.write() as tx:
                await tx.execute(update(Blob).where(*mine).values(lease_until=lease_from_now()))
