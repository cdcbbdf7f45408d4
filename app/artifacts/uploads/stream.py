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
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from sqlalchemy import insert

from app import faults
from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.artifacts import path_conflicts, paths, stored_bytes, visibility
from app.artifacts.artifacts import FileTarget, LockOwner, Root
from app.artifacts.tables import Artifact, Blob
from app.artifacts.upkeep import inspections
from app.artifacts.uploads import leases, publish, small_batch
from app.artifacts.uploads.leases import lease_from_now
from app.artifacts.uploads.small_batch import IncomingFile, NeedsSlowPath, Reserved, Stored
from app.db.database import Database
from app.storage.blobs import BlobStore, StoredObject
from app.storage.source import whole

SMALL_BYTES = 256 * 1024
"""Up to here a file is taken into memory as a whole before anything is begun."""
_TEXT_NAMES = {"MLmodel", "MLproject", "Dockerfile", "README", "LICENSE"}
_TEXT_ENDINGS = (".yaml", ".yml", ".log", ".py", ".md", ".cfg", ".toml", ".ini", ".env", ".lock")


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
        QuotaExceeded: the limit of stored bytes leaves no room; nothing is kept.
    """
    target = FileTarget(
        command.root,
        paths.check(command.path),
        command.media_type or guess_media_type(command.path),
        actor.user_id,
        stored_bytes.counted_token(actor),
    )
    access = await projects.get(db, actor, command.root.project_id)
    policy.require(actor, access, permission, of_models=True)
    if visibility.is_limited(actor, access):
        async with db.read() as snap:
            await visibility.require_changeable(snap, actor, access, command.root, [target.path])
    sender = _Sender(db, actor, blobs, target, lock_owner, permission)
    if command.size is not None and command.size <= min(SMALL_BYTES, limit):
        return await sender.send(await whole(command.chunks, command.size), access)
    room = await stored_bytes.room_of(db, actor, access)
    stored_bytes.require(room, command.size)
    with stored_bytes.bounded(room, limit) as most:
        return await sender.stream(command.chunks, command.size, most)


@dataclass(frozen=True, slots=True)
class _Sender:
    """One upload: its file, its actor, and what it writes to."""

    db: Database
    actor: Actor
    blobs: BlobStore
    target: FileTarget
    lock_owner: LockOwner
    permission: Permission

    async def send(self, data: bytes, access: ProjectAccess) -> Artifact:
        """A small file, in memory as a whole: nothing waits for its sender any more."""
        stored = StoredObject(len(data), hashlib.sha256(data).digest(), "")
        file = IncomingFile.of(self.target, stored=stored, is_plain=inspections.is_plain(self.target.path, data))
        await stored_bytes.require_room_for(self.db, self.actor, access, stored)
        outcome = await self._reserve(file)
        if isinstance(outcome, Stored):
            await faults.point("upload.committed")
            return outcome.artifact
        try:
            await self.blobs.put_whole(file.key, data, stored.sha256)
            return await self._finish(file, stored)
        except BaseException:
            await leases.give_up(self.db, self.target.root.project_id, file.blob_id)
            raise

    async def stream(self, chunks: AsyncIterator[bytes], size: int | None, limit: int) -> Artifact:
        """A file of any size, in constant memory."""
        project_id, file = self.target.root.project_id, IncomingFile.of(self.target)
        async with self.db.read() as snap:
            await path_conflicts.require_free(snap, self.target.root, self.target.path)
        await self._reserve(file)
        heartbeat = asyncio.create_task(leases.keep_alive(self.db, project_id, file.blob_id))
        try:
            stored = await self.blobs.put(file.key, chunks, size=size, limit=limit)
            return await self._finish(replace(file, stored=stored), stored)
        except BaseException:
            await leases.give_up(self.db, project_id, file.blob_id)
            raise
        finally:
            heartbeat.cancel()

    async def _reserve(self, file: IncomingFile) -> Reserved | Stored:
        """The row of the blob; or the file under its path, when the project has its bytes."""
        outcome = await small_batch.reserve(self.db, file)
        if isinstance(outcome, NeedsSlowPath):
            await begin(self.db, self.actor, file, self.lock_owner, self.permission)
            return Reserved()
        return outcome

    async def _finish(self, file: IncomingFile, stored: StoredObject) -> Artifact:
        await faults.point("upload.stored")
        outcome = await small_batch.finish(self.db, file)
        if isinstance(outcome, Stored):
            artifact = outcome.artifact
        else:
            async with self.db.write() as tx:
                await self.lock_owner(tx)
                artifact = await publish.register(tx, self.target, file.blob_id, stored, is_plain=file.is_plain)
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
        access = await visibility.require_permitted(tx, actor, root, [checked], permission)
        await lock_owner(tx)
        await path_conflicts.require_free(tx, root, checked)
    stored_bytes.require(await stored_bytes.room_of(db, actor, access), None)
    return checked


def guess_media_type(path: str) -> str:
    """From the name; what reads as text is served as text (MLflow: artifact download)."""
    name = path.rpartition("/")[2]
    if name in _TEXT_NAMES or name.endswith(_TEXT_ENDINGS):
        return "text/plain"
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


async def begin(db: Database, actor: Actor, file: IncomingFile, lock_owner: LockOwner, permission: Permission) -> None:
    """Write the row of the blob that the bytes are going to have; waits for a transaction that changes their owner.

    Raises:
        NotFound, Forbidden: as the project and the owner say.
        PathOccupied: a file is where this one needs a folder, or the reverse.
    """
    root = file.target.root
    row = {"project_id": root.project_id, "id": file.blob_id, "object_key": file.key}
    async with db.write(grows=True) as tx:
        await visibility.require_permitted(tx, actor, root, [file.target.path], permission)
        await lock_owner(tx)
        await path_conflicts.require_free(tx, root, file.target.path)
        await tx.execute(insert(Blob).values(**row, lease_until=lease_from_now()))
