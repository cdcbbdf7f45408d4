"""Uploads in parts, by clients that hold links and no token: begin, complete, abort, and the end of abandoned ones.

Row first, then object, then pointer::

    tx 1   permission, living owner, blob row `pending` with a random key, upload row `open`
    store  upload begun; its id goes into the row; the client sends parts by link
    store  parts compared with what the client says, joined, read back once and hashed
    tx 2   upload row `completed`, living owner again, artifact points at the verified bytes

Whatever dies in between leaves an open row whose time runs out, or which the next call to complete takes up again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update

from app import faults
from app.access.policy import Actor, Permission
from app.artifacts import path_conflicts, paths, stored_bytes, visibility
from app.artifacts.artifacts import FileTarget, LockOwner, Root
from app.artifacts.tables import Artifact, Blob, MultipartUpload
from app.artifacts.upkeep import garbage
from app.artifacts.uploads import publish
from app.artifacts.uploads.stream import guess_media_type
from app.db.database import Database, Tx
from app.errors import Conflict, Invalid, ModelyardError, NotFound, Unavailable
from app.ids import object_key, uuid7
from app.storage.blobs import BlobStore, Part, StoredObject, UploadMissing
from app.storage.hashing import RunningHash
from app.storage.source import too_large

__all__ = ["CompleteUpload", "CreateUpload", "MultipartUpload", "abort", "complete", "create", "expire"]

MAX_PARTS = 10_000
Missed = Callable[[Tx, Sequence[MultipartUpload]], Awaitable[object]]
LIFE = timedelta(hours=20)
"""Stores drop uploads without new parts after a day; this ends earlier."""
KEPT = timedelta(days=1)
"""For so long a completed upload answers the same again."""
CLAIM = timedelta(seconds=30)
RENEW_SECONDS = 10.0
POLL_SECONDS = 0.25
RETRY = timedelta(minutes=10)
BATCH = 100
UPLOAD_BLOB_LEASE = LIFE + timedelta(hours=4)


class UploadNotFound(NotFound):
    """There is no such upload, or it may not be seen."""


class UploadCompleted(Conflict):
    """The upload has been completed; its file can be deleted, not aborted."""


class PartsMismatch(Invalid):
    """The parts are not those that have arrived."""


@dataclass(frozen=True, slots=True)
class CreateUpload:
    """A file that will come in ``parts`` parts (1 to 10,000; all but the last at least 5 MiB)."""

    root: Root
    path: str
    parts: int
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class CompleteUpload:
    """The parts as the client knows them: every number with the ETag that its PUT answered."""

    root: Root
    path: str
    upload_id: UUID
    parts: Sequence[Part]


async def create(
    db: Database,
    actor: Actor,
    blobs: BlobStore,
    command: CreateUpload,
    *,
    lock_owner: LockOwner,
    permission: Permission = Permission.CANDIDATE_WRITE,
) -> MultipartUpload:
    """Begin an upload; nothing is visible before it is complete.

    Raises:
        InvalidPath: see :func:`app.artifacts.paths.check`.
        PathOccupied: a file is where this one needs a folder, or the reverse.
        Invalid: not 1 to 10,000 parts.
    """
    path = paths.check(command.path)
    if not 1 <= command.parts <= MAX_PARTS:
        raise Invalid(f"An upload has 1 to {MAX_PARTS} parts, not {command.parts}.", field="num_parts")
    root, key = command.root, object_key(command.root.project_id)
    row = {
        "project_id": root.project_id, "id": uuid7(), "candidate_id": root.candidate_id,
        "logged_model_id": root.logged_model_id, "path": path, "parts": command.parts,
        "media_type": command.media_type or guess_media_type(path), "blob_id": uuid7(), "object_key": key,
        "created_by": actor.user_id, "token_id": stored_bytes.counted_token(actor), "expires_at": func.now() + LIFE,
    }  # fmt: skip
    await stored_bytes.require_room_in(db, actor, root.project_id, None, permission)
    async with db.write(grows=True) as tx:
        await visibility.require_permitted(tx, actor, root, [path], permission)
        await lock_owner(tx)
        await path_conflicts.require_free(tx, root, path)
        blob = {"project_id": root.project_id, "id": row["blob_id"], "object_key": key}
        await tx.execute(insert(Blob).values(**blob, lease_until=func.now() + UPLOAD_BLOB_LEASE))
        begun = (await tx.scalars(insert(MultipartUpload).values(**row).returning(MultipartUpload))).one()
    store_id = await blobs.create_multipart(key)
    async with db.write() as tx:
        statement = update(MultipartUpload).where(*_key(begun)).values(store_id=store_id).returning(MultipartUpload)
        upload: MultipartUpload = (await tx.scalars(statement)).one()
    return upload


async def complete(
    db: Database,
    actor: Actor,
    blobs: BlobStore,
    command: CompleteUpload,
    *,
    lock_owner: LockOwner,
    limit: int,
    permission: Permission = Permission.CANDIDATE_WRITE,
) -> UUID:
    """Join the parts, read the whole once to know its SHA-256, and put the file in its place; the artifact's id.

    A second call answers the same; one that comes while the first still works waits for it.

    Raises:
        UploadNotFound: there is no such upload for this path.
        UploadMissing: it was aborted or has expired.
        PartsMismatch, PartsRefused: nothing is written, and the upload can go on.
        TooLarge: more than ``limit`` bytes.
        PathOccupied: meanwhile a file was stored where this one needs a folder, or the reverse.
    """
    path, claim = paths.check(command.path), uuid4()
    while True:
        async with db.write() as tx:
            upload = await _find(tx, actor, command.root, path, command.upload_id, permission)
            if upload.artifact_id is not None:
                return upload.artifact_id
            if await _claimed(tx, upload, claim):
                await lock_owner(tx)
                break
        await asyncio.sleep(POLL_SECONDS)
    async with _claim_kept(db, upload, claim):
        parts = [Part(part.number, part.etag.strip('"')) for part in command.parts]
        room = await stored_bytes.require_room_in(db, actor, upload.project_id, None, permission)
        with stored_bytes.bounded(room, limit) as most:
            stored = await _join(blobs, upload, parts, most)
        await faults.point("multipart.joined")
        return await _finish(db, command.root, upload, stored, lock_owner)


async def abort(
    db: Database,
    actor: Actor,
    blobs: BlobStore,
    root: Root,
    path: str,
    upload_id: UUID,
    *,
    permission: Permission = Permission.CANDIDATE_WRITE,
) -> None:
    """Give an upload up; a second time is fine, and the owner of the files may be gone.

    Raises:
        UploadNotFound: there is no such upload for this path.
        UploadCompleted: its file is in place.
    """
    async with db.write() as tx:
        upload = await _find(tx, actor, root, paths.check(path), upload_id, permission, aborted_too=True)
        if upload.artifact_id is not None:
            raise UploadCompleted
        await tx.execute(
            update(MultipartUpload).where(*_key(upload)).values(state="aborted", expires_at=func.now() + RETRY)
        )
        await garbage.condemn_pending(tx, root.project_id, [upload.blob_id], "upload aborted")
    await free(blobs, [upload])


async def expire(db: Database, blobs: BlobStore, *, missed: Missed | None = None) -> int:
    """Free what abandoned and aborted uploads left at the store, and forget the completed; the number of rows.

    ``missed`` is a step that is told of uploads whose bytes have not come in time.

    Safe to run twice at once and to die anywhere: a row goes only after the store has confirmed.
    """
    due = (
        select(MultipartUpload.id)
        .where(
            MultipartUpload.expires_at < func.now(),
            or_(MultipartUpload.claimed_until.is_(None), MultipartUpload.claimed_until < func.now()),
        )
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    async with db.write() as tx:
        statement = update(MultipartUpload).where(MultipartUpload.id.in_(due)).values(expires_at=func.now() + RETRY)
        rows = (await tx.scalars(statement.returning(MultipartUpload))).all()
        unfinished = [row for row in rows if row.state in {"open", "verifying"}]
        ids = [row.id for row in unfinished]
        ended = update(MultipartUpload).where(MultipartUpload.id.in_(ids)).values(state="aborted")
        await tx.execute(ended.execution_options(synchronize_session=False))
        if unfinished and missed is not None:
            await missed(tx, unfinished)
        for row in unfinished:
            await garbage.give_up(tx, [row], "upload expired")
    for row in rows:
        if row.state != "completed":
            await _free(blobs, row)
    async with db.write() as tx:
        gone = [row.id for row in rows]
        await tx.execute(delete(MultipartUpload).where(MultipartUpload.id.in_(gone), MultipartUpload.state != "open"))
    return len(rows)


async def end_all(db: Database, blobs: BlobStore, project_id: int) -> None:
    """Free the parts of all uploads of a project that is being removed, and forget them."""
    mine = MultipartUpload.project_id == project_id
    while True:
        async with db.read() as snap:
            rows = (await snap.scalars(select(MultipartUpload).where(mine).limit(BATCH))).all()
        if not rows:
            return
        for row in rows:
            if row.state != "completed":
                await _free(blobs, row)
        async with db.write() as tx:
            await tx.execute(delete(MultipartUpload).where(mine, MultipartUpload.id.in_([row.id for row in rows])))


async def _find(
    tx: Tx, actor: Actor, root: Root, path: str, upload_id: UUID, permission: Permission, *, aborted_too: bool = False
) -> MultipartUpload:
    await visibility.require_permitted(tx, actor, root, [path], permission)
    # Announced uploads have ends of their own: a worker compares them with what was announced.
    mine = (MultipartUpload.project_id == root.project_id, MultipartUpload.id == upload_id)
    own_kind = MultipartUpload.size.is_(None)
    row: MultipartUpload | None = await tx.scalar(select(MultipartUpload).where(*mine, own_kind).with_for_update())
    if row is None or (row.path, row.candidate_id, row.logged_model_id) != (
        path,
        root.candidate_id,
        root.logged_model_id,
    ):
        raise UploadNotFound(f"There is no upload `{upload_id.hex}` of `{path}`.", field="upload_id")
    if row.state == "aborted" and not aborted_too:
        raise UploadMissing
    return row


async def _claimed(tx: Tx, upload: MultipartUpload, claim: UUID) -> bool:
    free = or_(MultipartUpload.claimed_until.is_(None), MultipartUpload.claimed_until < func.now())
    statement = (
        update(MultipartUpload)
        .where(*_key(upload), free)
        .values(claim=claim, claimed_until=func.now() + CLAIM)
        .returning(MultipartUpload.id)
    )
    return await tx.scalar(statement) is not None


@asynccontextmanager
async def _claim_kept(db: Database, upload: MultipartUpload, claim: UUID) -> AsyncIterator[None]:
    """Hold the claim while the work lasts, and let go of it when the work fails."""
    mine = (*_key(upload), MultipartUpload.claim == claim)
    heartbeat = asyncio.create_task(_keep_claim(db, upload, claim))
    try:
        yield
    except BaseException:
        with suppress(ModelyardError):
            async with db.write() as tx:
                await tx.execute(update(MultipartUpload).where(*mine).values(claim=None, claimed_until=None))
        raise
    finally:
        heartbeat.cancel()


async def _keep_claim(db: Database, upload: MultipartUpload, claim: UUID) -> None:
    mine = (*_key(upload), MultipartUpload.claim == claim)
    lease = func.greatest(Blob.lease_until, func.now() + UPLOAD_BLOB_LEASE)
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        with suppress(ModelyardError):
            async with db.write() as tx:
                await tx.execute(update(MultipartUpload).where(*mine).values(claimed_until=func.now() + CLAIM))
                blob = (Blob.project_id == upload.project_id, Blob.id == upload.blob_id, Blob.state == "pending")
                await tx.execute(update(Blob).where(*blob).values(lease_until=lease))


async def _join(blobs: BlobStore, upload: MultipartUpload, parts: Sequence[Part], limit: int) -> StoredObject:
    if upload.store_id is None:  # its beginning failed, and no client was told its id
        raise UploadMissing
    try:
        arrived = await blobs.list_parts(upload.object_key, upload.store_id)
    except UploadMissing:  # joined by a call that died after it; only this function joins, so the parts were compared
        if await blobs.stat(upload.object_key) is None:
            raise
    else:
        if _size_of(upload.parts, parts, arrived) > limit:
            raise too_large(limit)
        await blobs.complete_multipart(upload.object_key, upload.store_id, parts)
    return await _read_back(blobs, upload.object_key)


def _size_of(expected: int, parts: Sequence[Part], arrived: Sequence[Part]) -> int:
    """The bytes of the whole, if the parts are exactly those that have arrived."""
    given = {part.number: part.etag for part in parts}
    numbers = set(range(1, expected + 1))
    if len(given) != len(parts) or set(given) != numbers:
        raise PartsMismatch(f"The upload has the parts 1 to {expected}; name each exactly once.", field="parts")
    # Some stores list a part that was sent again as often as it was sent: what counts is the pair.
    sizes = {(part.number, part.etag.strip('"')): part.size for part in arrived}
    missing = sorted(numbers - {number for number, _ in sizes})
    if missing:
        raise PartsMismatch(f"Part {missing[0]} has not arrived ({len(missing)} are missing).", field="parts")
    wrong = [number for number in sorted(numbers) if (number, given[number]) not in sizes]
    if wrong:
        raise PartsMismatch(f"The ETag of part {wrong[0]} is not the one that its upload answered.", field="parts")
    return sum(sizes[pair] for pair in given.items())


async def _read_back(blobs: BlobStore, key: str) -> StoredObject:
    """What really is in the store: MD5s of parts say nothing of the SHA-256 of the whole."""
    digest = RunningHash()
    async with blobs.open(key) as reading:
        async for chunk in reading.chunks:
            await digest.take(chunk)
        return StoredObject(reading.size, await digest.digest(), "")


async def _finish(
    db: Database, root: Root, upload: MultipartUpload, stored: StoredObject, lock_owner: LockOwner
) -> UUID:
    async with db.write() as tx:
        row = await tx.scalar(select(MultipartUpload).where(*_key(upload)).with_for_update())
        if row is None or row.state == "aborted":
            raise UploadMissing
        if row.artifact_id is not None:
            done: UUID = row.artifact_id
            return done
        await lock_owner(tx)
        target = FileTarget(root, upload.path, upload.media_type, upload.created_by, upload.token_id)
        artifact: Artifact = await publish.register(tx, target, upload.blob_id, stored)
        values = {"state": "completed", "artifact_id": artifact.id, "expires_at": func.now() + KEPT}
        await tx.execute(update(MultipartUpload).where(*_key(upload)).values(claimed_until=None, **values))
        return artifact.id


async def free(blobs: BlobStore, uploads: Sequence[MultipartUpload]) -> None:
    """Let the store forget the parts of uploads that were given up; should it be away, their rows are swept."""
    with suppress(Unavailable):
        for upload in uploads:
            await _free(blobs, upload)


async def _free(blobs: BlobStore, upload: MultipartUpload) -> None:
    if upload.store_id is not None:
        await blobs.abort_multipart(upload.object_key, upload.store_id)


def _key(upload: MultipartUpload) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return MultipartUpload.project_id == upload.project_id, MultipartUpload.id == upload.id
