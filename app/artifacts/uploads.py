"""Uploads that stream through this service: hashed on the way, and READY when acknowledged.

Row first, then object, then pointer::

    tx 1   permission, living owner, blob row `pending` with a random key and a lease
    store  bytes, counted and hashed
    tx 2   living owner again, same bytes found or blob `stored`, artifact points at it

Whatever dies in between leaves a pending row, which the sweep condemns when its lease has run out.
"""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app import faults
from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.artifacts import arrivals, damage, garbage, inspections, paths, quarantine
from app.artifacts.arrivals import LEASE, Arrived
from app.artifacts.artifacts import Root
from app.artifacts.tables import PENDING, STORED, Artifact, Blob
from app.db.database import Database, Tx
from app.errors import ModelyardError, Unavailable
from app.ids import object_key, uuid7
from app.inspection.inspecting import Report
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file is going to be, what it is, and who has sent it; the path has been checked."""

    root: Root
    path: str
    media_type: str
    created_by: int | None


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
        TooLarge: more than ``limit`` bytes.
        SizeMismatch: other than the announced number of bytes arrived; nothing is kept.
        Unavailable: the store is away; nothing is kept.
    """
    place = Place(
        command.root,
        paths.check(command.path),
        command.media_type or guess_media_type(command.path),
        actor.user_id,
    )
    access = await projects.reach(db, actor, command.root.project_id)
    policy.require(actor, access, permission)
    if command.size is not None and command.size <= min(SMALL_BYTES, limit):
        return await _store_small(db, actor, blobs, place, command, lock_owner, permission)
    blob_id, key = await _begin(db, actor, command.root, lock_owner, permission)
    heartbeat = asyncio.create_task(keep_alive(db, command.root.project_id, blob_id))
    try:
        stored = await blobs.put(key, command.chunks, size=command.size, limit=limit)
        return await _finish(db, place, blob_id, stored, lock_owner)
    except BaseException:
        await give_up(db, command.root.project_id, blob_id)
        raise
    finally:
        heartbeat.cancel()


async def _store_small(
    db: Database,
    actor: Actor,
    blobs: BlobStore,
    place: Place,
    command: StoreArtifact,
    lock_owner: LockOwner,
    permission: Permission,
) -> Artifact:
    """All bytes first, so that nothing waits for the sender from the row on."""
    data = await whole(command.chunks, command.size or 0)
    blob_id, key = await _begin(db, actor, command.root, lock_owner, permission)
    try:
        stored = await blobs.put_whole(key, data)
        is_plain = inspections.is_plain(place.path, data)
        return await _finish(db, place, blob_id, stored, lock_owner, is_plain=is_plain)
    except BaseException:
        await give_up(db, command.root.project_id, blob_id)
        raise


async def permit(
    db: Database, actor: Actor, root: Root, path: str, *, lock_owner: LockOwner, permission: Permission
) -> str:
    """Whether the actor may store that file now; the path as it will be kept. The link that follows is the promise.

    Raises:
        InvalidPath: see :func:`app.artifacts.paths.check`.
    """
    checked = paths.check(path)
    async with db.write() as tx:
        access = await projects.visible(tx, actor, root.project_id)
        policy.require(actor, access, permission)
        await lock_owner(tx)
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
    statement = (
        delete(Artifact)
        .where(Artifact.project_id == root.project_id, Artifact.root_id == root.id, (Artifact.path == path) | beneath)
        .returning(Artifact.blob_id)
    )
    async with db.write() as tx:
        access = await projects.visible(tx, actor, root.project_id)
        policy.require(actor, access, permission)
        await lock_owner(tx)
        blob_ids = (await tx.scalars(statement)).all()
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
            access = await projects.visible(tx, actor, root.project_id)
            policy.require(actor, access, permission)
            await lock_owner(tx)
            removed = await garbage.release_root(tx, root.project_id, root.id, garbage.BATCH)
        total += removed
    return total


async def _begin(
    db: Database, actor: Actor, root: Root, lock_owner: LockOwner, permission: Permission
) -> tuple[UUID, str]:
    expected = await arrivals.expect(db, root)
    if expected is not None:
        return expected.blob_id, expected.key
    blob_id, key = uuid7(), object_key(root.project_id)
    async with db.write() as tx:
        access = await projects.visible(tx, actor, root.project_id)
        policy.require(actor, access, permission)
        await lock_owner(tx)
        await tx.execute(
            insert(Blob).values(project_id=root.project_id, id=blob_id, object_key=key, lease_until=lease_from_now())
        )
    return blob_id, key


async def _finish(
    db: Database, place: Place, blob_id: UUID, stored: Stored, lock_owner: LockOwner, *, is_plain: bool = False
) -> Artifact:
    await faults.point("upload.stored")
    arrived = Arrived(place.root, place.path, place.media_type, place.created_by, blob_id, stored, is_plain)
    artifact = await arrivals.settle(db, arrived)
    if artifact is None:
        async with db.write() as tx:
            await lock_owner(tx)
            artifact = await register(tx, place, blob_id, stored)
    await faults.point("upload.committed")
    return artifact


async def register(tx: Tx, place: Place, blob_id: UUID, stored: Stored, report: Report | None = None) -> Artifact:
    """Step: make verified bytes the file at a place; the caller holds the owner of the files.

    Without a ``report`` a worker looks at the file soon.

    Raises:
        Unavailable: the pending blob was given up meanwhile.
    """
    root = place.root
    kept = await _keep_once(tx, root.project_id, blob_id, stored)
    held = await quarantine.inherited(tx, root.project_id, [kept]) if kept != blob_id else {}
    replaced = await tx.scalar(
        select(Artifact.blob_id)
        .where(Artifact.project_id == root.project_id, Artifact.root_id == root.id, Artifact.path == place.path)
        .with_for_update()
    )
    artifact = await _point(tx, place, kept, quarantine.values(held.get(kept)))
    if replaced is not None and replaced != kept:
        await garbage.release(tx, root.project_id, [replaced], "replaced")
    if report is None:
        await inspections.promise(tx, root)
    else:
        await inspections.note(tx, artifact, report)
    return artifact


async def _keep_once(tx: Tx, project_id: int, blob_id: UUID, stored: Stored) -> UUID:
    """The blob to point at: one that has these bytes already, else ours.

    The share lock keeps the found one: a release that runs now waits for our commit and then sees the artifact.
    """
    same = (Blob.project_id == project_id, Blob.sha256 == stored.sha256, Blob.state == STORED)
    # Two uploads of the same new bytes take their turn here; the lock ends with the transaction.
    await tx.execute(
        select(func.pg_advisory_xact_lock(project_id % 2**31, int.from_bytes(stored.sha256[:4], signed=True)))
    )
    found = await tx.scalar(select(Blob).where(*same).with_for_update(read=True))
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


async def _point(tx: Tx, place: Place, blob_id: UUID, state: Mapping[str, Any]) -> Artifact:
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
