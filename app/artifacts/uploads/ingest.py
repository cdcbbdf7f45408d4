"""The worker's half of announced uploads: join, read back, compare, inspect, and publish the file under its path."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import structlog
from sqlalchemy import ARRAY, ColumnElement, Uuid, bindparam, func, select, update

from app import faults
from app.artifacts import path_conflicts
from app.artifacts.artifacts import FileTarget, LockOwner, Root
from app.artifacts.path_conflicts import PathOccupied
from app.artifacts.sealed import VersionSealed
from app.artifacts.tables import VERIFYING_STATE, Blob, MultipartUpload
from app.artifacts.upkeep import garbage, inspections
from app.artifacts.upkeep.inspections import Progress
from app.artifacts.uploads import part_plan, publish_batch
from app.artifacts.uploads.announced import VERIFYING
from app.artifacts.uploads.part_plan import PartsMissing
from app.artifacts.uploads.publish_batch import Verified
from app.db.database import Database, Tx
from app.errors import Conflict, Invalid, NotFound, QuotaExceeded
from app.inspection.inspector import Report
from app.storage.blobs import BlobMissing, BlobStore, StoredObject, UploadMissing
from app.storage.hashing import RunningHash

LockOf = Callable[[Root], LockOwner]
AT_ONCE = 8
"""Files verified side by side."""
PUBLISH_TOGETHER = 100
"""Files published in one transaction."""
LARGE = 8 * part_plan.MIB
SLICE_FILES = 200
"""Most files of a batch that are verified before it is others' turn."""
SLICE_BYTES = 4 * 1024 * part_plan.MIB
"""Files of so many bytes together end a slice, too."""
APPEARANCES, APPEARANCE_SECONDS = 20, 0.5
_REPORT_BYTES = 64 * part_plan.MIB
_VerifiedFile: TypeAlias = tuple[MultipartUpload, StoredObject, Report]
log = structlog.get_logger()


GONE = "The bytes that were sent are not there any more; announce the file and send it again."


class WrongContent(Invalid):
    """The bytes that arrived are not those that were announced."""


class _Meter:
    """How many bytes of how many were verified, told now and then."""

    def __init__(self, progress: Progress, before: int, total: int) -> None:
        self._progress = progress
        self._before = before
        self._total = total
        self._done: dict[UUID, int] = {}
        self._told = before

    async def add(self, upload: MultipartUpload, size: int) -> None:
        """More of an upload was read."""
        await self._tell(upload, self._done.get(upload.id, 0) + size)

    async def finish(self, upload: MultipartUpload) -> None:
        """The upload has ended, well or not."""
        await self._tell(upload, upload.size or 0)

    async def report(self) -> None:
        """Tell how far it is."""
        self._told = self._together
        await self._progress(self._told, self._total)

    @property
    def _together(self) -> int:
        return min(self._before + sum(self._done.values()), self._total)

    async def _tell(self, upload: MultipartUpload, done: int) -> None:
        self._done[upload.id] = done
        if self._together - self._told >= _REPORT_BYTES or self._together == self._total:
            await self.report()


async def ingest(
    db: Database, blobs: BlobStore, project_id: int, batch_id: UUID, *, lock_of: LockOf, progress: Progress
) -> bool:
    """Verify some of the uploads that were completed together; True: there are more, for another turn.

    Progress counts the bytes of all of them. What is wrong with a file ends its upload as failed, with the reason; a
    store that is away ends the attempt.

    Safe to repeat and to run twice at once: joining parts twice answers the same, and only an upload that is still
    being verified gets its file.
    """
    waiting = await _waiting(db, project_id, batch_id)
    taken = _slice(waiting)
    shared_blobs = await _shared_blobs(db, project_id, taken)
    meter = _Meter(progress, *await _sizes(db, project_id, batch_id))
    slots, queue = asyncio.Semaphore(AT_ONCE), _PublishQueue(db, lock_of)

    async def one(upload: MultipartUpload) -> None:
        async with slots:
            await _ingest(db, blobs, upload, shared_blobs.get(upload.blob_id), queue, meter)

    try:
        async with asyncio.TaskGroup() as group:
            for upload in taken:
                group.create_task(one(upload))
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    await queue.clear()
    is_more = len(taken) < len(waiting)
    if is_more:
        await meter.report()
    return is_more


async def _ingest(
    db: Database,
    blobs: BlobStore,
    upload: MultipartUpload,
    shared_blob: Blob | None,
    queue: _PublishQueue,
    meter: _Meter,
) -> None:
    try:
        if upload.is_shared:
            stored, key = _shared(shared_blob)
        else:
            stored, key = await _verified(blobs, upload, meter), upload.object_key
        await faults.point("ingest.verified")
        report = await inspections.inspect_file(blobs, upload.path, key, stored.size)
    except BlobMissing:  # the database was restored to a moment at which the upload was under way
        await _fail(db, [upload], GONE)
    except (Invalid, Conflict) as refusal:
        await _fail(db, [upload], refusal.message)
    else:
        await queue.add(upload, stored, report)
    await meter.finish(upload)


def _shared(shared_blob: Blob | None) -> tuple[StoredObject, str]:
    """Bytes that the project had before the upload, and their key.

    Raises:
        WrongContent: they are known to be damaged by now.
    """
    if (
        shared_blob is None
        or shared_blob.damage is not None
        or not (shared_blob.sha256 and shared_blob.size is not None)
    ):
        raise WrongContent("The bytes that the project has of this file are damaged; announce it again and send them.")
    return StoredObject(shared_blob.size, shared_blob.sha256, ""), shared_blob.object_key


class _PublishQueue:
    """Verified files that wait for their publication, many at a time: a transaction costs more than a small file."""

    def __init__(self, db: Database, lock_of: LockOf) -> None:
        self._db = db
        self._lock_of = lock_of
        self._waiting: list[_VerifiedFile] = []

    async def add(self, upload: MultipartUpload, stored: StoredObject, report: Report) -> None:
        """A file is verified; a large one is not kept waiting."""
        self._waiting.append((upload, stored, report))
        if len(self._waiting) >= PUBLISH_TOGETHER or stored.size >= LARGE:
            await self.clear()

    async def clear(self) -> None:
        """Publish what waits, root by root."""
        waiting, self._waiting = self._waiting, []
        roots: dict[Root, list[_VerifiedFile]] = {}
        for one in waiting:
            roots.setdefault(_root(one[0]), []).append(one)
        for root, files in roots.items():
            await self._publish_files(root, files)

    async def _publish_files(self, root: Root, files: Sequence[_VerifiedFile]) -> None:
        try:
            refused = await self._publish(root, files)
        except (NotFound, Invalid):  # gone for good, or in the trash
            reason = "The candidate or logged model whose file it was going to be has been deleted."
            await _fail(self._db, [upload for upload, _, _ in files], reason)
        except (PathOccupied, QuotaExceeded, VersionSealed) as error:
            # Another file that was just stored excludes one, or has used the room, or a version of one was sealed; the
            # others may be fine.
            if len(files) == 1:
                await _fail(self._db, [files[0][0]], error.message)
            else:
                for one in files:
                    await self._publish_files(root, [one])
        else:
            for upload, reason in refused:
                await _fail(self._db, [upload], reason)
        await faults.point("ingest.placed")

    async def _publish(self, root: Root, files: Sequence[_VerifiedFile]) -> list[tuple[MultipartUpload, str]]:
        """Those that other files exclude, with the reason; the rest is published."""
        async with self._db.write() as tx:
            awaited = await _awaited(tx, [upload for upload, _, _ in files])
            if not awaited:
                return []
            await self._lock_of(root)(tx)
            mine = [one for one in files if one[0].id in awaited]
            excluded = await _excluded(tx, root, [upload for upload, _, _ in mine])
            mine = [one for one in mine if one[0].id not in excluded]
            verified = [
                Verified(_target(root, upload), upload.blob_id, stored, report, upload.is_shared)
                for upload, stored, report in mine
            ]
            if verified:
                artifacts = await publish_batch.publish_verified(tx, verified)
                done = {upload.id: made for (upload, _, _), made in zip(mine, artifacts, strict=True)}
                await tx.execute(_COMPLETE, {"of_project": root.project_id, **_arrays(done)})
        return [(upload, excluded[upload.id]) for upload, _, _ in files if upload.id in excluded]


async def _excluded(tx: Tx, root: Root, uploads: Sequence[MultipartUpload]) -> dict[UUID, str]:
    """Why uploads cannot have their paths: a file that is there excludes them, or one that goes before them."""
    there = await path_conflicts.conflicts(tx, root, [upload.path for upload in uploads])
    refused, files, above = {}, set[str](), dict[str, str]()
    for upload in uploads:
        path = upload.path
        other = (
            there.get(path)
            or above.get(path)
            or next((one for one in path_conflicts.folders(path) if one in files), "")
        )
        if other:
            refused[upload.id] = path_conflicts.refusal(path, other).message
            continue
        files.add(path)
        above |= dict.fromkeys(path_conflicts.folders(path), path)
    return refused


async def _verified(blobs: BlobStore, upload: MultipartUpload, meter: _Meter) -> StoredObject:
    """What is in the store under the upload's key, compared with what was announced.

    Raises:
        WrongContent: size or SHA-256 differ.
    """
    if upload.stored_sha256 is not None:
        stored = StoredObject(upload.size or 0, upload.stored_sha256, "")
    else:
        await _join(blobs, upload)
        stored = await _read_back(blobs, upload, meter)
    if stored.size != upload.size:
        raise WrongContent(f"{stored.size} bytes arrived where {upload.size} were announced.")
    if upload.sha256 is not None and stored.sha256 != upload.sha256:
        raise WrongContent(
            f"The SHA-256 of what arrived is {stored.sha256.hex()}; announced was {upload.sha256.hex()}."
        )
    return stored


async def _join(blobs: BlobStore, upload: MultipartUpload) -> None:
    if upload.store_id is None:
        raise UploadMissing
    try:
        listed = await blobs.list_parts(upload.object_key, upload.store_id)
        parts = part_plan.require_all(upload, part_plan.arrived(upload, listed))
        await blobs.complete_multipart(upload.object_key, upload.store_id, parts)
    except (UploadMissing, PartsMissing):  # joined by a run that died after it, or that is at it now
        if not await _appears(blobs, upload.object_key):
            raise
    await faults.point("ingest.joined")


async def _appears(blobs: BlobStore, key: str) -> bool:
    """Whether the object is there that another worker has joined: its parts go a moment before it comes."""
    for _ in range(APPEARANCES):
        if await blobs.stat(key) is not None:
            return True
        await asyncio.sleep(APPEARANCE_SECONDS)
    return False


async def _read_back(blobs: BlobStore, upload: MultipartUpload, meter: _Meter) -> StoredObject:
    """What really is in the store: MD5s of parts say nothing of the SHA-256 of the whole."""
    digest = RunningHash()
    async with blobs.open(upload.object_key) as reading:
        async for chunk in reading.chunks:
            await digest.take(chunk)
            await meter.add(upload, len(chunk))
        return StoredObject(reading.size, await digest.digest(), "")


async def _fail(db: Database, uploads: Sequence[MultipartUpload], reason: str) -> None:
    project_id = uploads[0].project_id
    async with db.write() as tx:
        awaited = await _awaited(tx, uploads)
        values = {"state": "failed", "reason": reason[:2000], "expires_at": func.now() + VERIFYING}
        statement = update(MultipartUpload).where(*_these(project_id, awaited)).values(**values)
        await tx.execute(statement.execution_options(synchronize_session=False))
        await garbage.give_up(tx, [upload for upload in uploads if upload.id in awaited], "upload failed")
    log.info("uploads.failed", project=project_id, uploads=len(uploads), first=str(uploads[0].id), reason=reason)


async def _awaited(tx: Tx, uploads: Sequence[MultipartUpload]) -> set[UUID]:
    """Those that are still being verified; their rows are held."""
    mine = _these(uploads[0].project_id, {upload.id for upload in uploads})
    statement = select(MultipartUpload.id).where(*mine, MultipartUpload.state == VERIFYING_STATE)
    return set(await tx.scalars(statement.order_by(MultipartUpload.id).with_for_update()))


def _complete() -> Any:
    given = (
        func.unnest(bindparam("ids", type_=ARRAY(Uuid)), bindparam("artifacts", type_=ARRAY(Uuid)))
        .table_valued("id", "artifact_id", name="given")
        .render_derived()
    )
    return (
        update(MultipartUpload)
        .where(MultipartUpload.project_id == bindparam("of_project"), MultipartUpload.id == given.c.id)
        .values(state="completed", artifact_id=given.c.artifact_id, expires_at=func.now() + VERIFYING)
        .execution_options(synchronize_session=False)
    )


_COMPLETE = _complete()


def _arrays(done: Mapping[UUID, UUID]) -> dict[str, list[UUID]]:
    return {"ids": list(done), "artifacts": list(done.values())}


def _root(upload: MultipartUpload) -> Root:
    return Root(upload.project_id, candidate_id=upload.candidate_id, logged_model_id=upload.logged_model_id)


def _target(root: Root, upload: MultipartUpload) -> FileTarget:
    return FileTarget(root, upload.path, upload.media_type, upload.created_by, upload.token_id)


async def _waiting(db: Database, project_id: int, batch_id: UUID) -> Sequence[MultipartUpload]:
    """One more than a slice, to see whether there are more."""
    statement = select(MultipartUpload).where(
        MultipartUpload.project_id == project_id,
        MultipartUpload.batch_id == batch_id,
        MultipartUpload.state == VERIFYING_STATE,
    )
    async with db.read() as snap:
        return (await snap.scalars(statement.order_by(MultipartUpload.id).limit(SLICE_FILES + 1))).all()


def _slice(waiting: Sequence[MultipartUpload]) -> list[MultipartUpload]:
    taken: list[MultipartUpload] = []
    for upload in waiting[:SLICE_FILES]:
        taken.append(upload)
        if sum(each.size or 0 for each in taken) >= SLICE_BYTES:
            break
    return taken


async def _sizes(db: Database, project_id: int, batch_id: UUID) -> tuple[int, int]:
    """The bytes of the batch that need no more work, and all of them."""
    ended = func.sum(MultipartUpload.size).filter(MultipartUpload.state != VERIFYING_STATE)
    statement = select(func.coalesce(ended, 0), func.coalesce(func.sum(MultipartUpload.size), 0))
    mine = (MultipartUpload.project_id == project_id, MultipartUpload.batch_id == batch_id)
    async with db.read() as snap:
        before, total = (await snap.execute(statement.where(*mine))).one()
    return int(before or 0), int(total or 0)


async def _shared_blobs(db: Database, project_id: int, uploads: Sequence[MultipartUpload]) -> dict[UUID, Blob]:
    """The blobs of files whose bytes the project had before."""
    shared = [upload.blob_id for upload in uploads if upload.is_shared]
    if not shared:
        return {}
    async with db.read() as snap:
        mine = (Blob.project_id == project_id, Blob.id == func.any(shared))
        return {blob.id: blob for blob in await snap.scalars(select(Blob).where(*mine))}


def _these(project_id: int, ids: Collection[UUID]) -> tuple[ColumnElement[bool], ...]:
    return MultipartUpload.project_id == project_id, MultipartUpload.id == func.any(list(ids))
