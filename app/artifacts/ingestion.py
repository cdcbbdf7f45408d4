"""The worker's half of announced uploads: join, read back, compare, look inside, and put the file in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, func, select, update

from app import faults
from app.artifacts import garbage, inspections, plans, uploads
from app.artifacts.announced_uploads import VERIFYING
from app.artifacts.artifacts import Root
from app.artifacts.inspections import Progress
from app.artifacts.tables import VERIFYING_STATE, MultipartUpload
from app.artifacts.uploads import LockOwner, Place
from app.db.database import Database, Tx
from app.errors import Conflict, Invalid, NotFound
from app.inspection.inspecting import Report
from app.storage.blobs import BlobStore, Stored, UploadMissing
from app.storage.hashing import RunningHash

LockOf = Callable[[Root], LockOwner]
AT_ONCE = 4
"""Files verified side by side."""
_REPORT_BYTES = 64 * plans.MIB
log = structlog.get_logger()


class WrongContent(Invalid):
    """The bytes that arrived are not those that were announced."""


class _Meter:
    """How many bytes of how many were verified, told now and then."""

    def __init__(self, progress: Progress, uploads: Sequence[MultipartUpload]) -> None:
        self._progress = progress
        self._total = sum(upload.size or 0 for upload in uploads)
        self._done = dict.fromkeys((upload.id for upload in uploads), 0)
        self._told = 0

    async def add(self, upload: MultipartUpload, size: int) -> None:
        """More of an upload was read."""
        await self._tell(upload, self._done[upload.id] + size)

    async def finish(self, upload: MultipartUpload) -> None:
        """The upload has ended, well or not."""
        await self._tell(upload, upload.size or 0)

    async def _tell(self, upload: MultipartUpload, done: int) -> None:
        self._done[upload.id] = done
        together = min(sum(self._done.values()), self._total)
        if together - self._told >= _REPORT_BYTES or together == self._total:
            self._told = together
            await self._progress(together, self._total)


async def ingest(
    db: Database, blobs: BlobStore, project_id: int, batch_id: UUID, *, lock_of: LockOf, progress: Progress
) -> None:
    """Verify all uploads that were completed together; progress counts bytes.

    Safe to repeat and to run twice at once: joining parts twice answers the same, and only an upload that is still
    being verified gets its file. What is wrong with a file ends its upload as failed, with the reason; a store that is
    away ends the attempt.
    """
    waiting = await _waiting(db, project_id, batch_id)
    meter, places = _Meter(progress, waiting), asyncio.Semaphore(AT_ONCE)

    async def one(upload: MultipartUpload) -> None:
        async with places:
            await _ingest(db, blobs, upload, lock_of, meter)

    try:
        async with asyncio.TaskGroup() as group:
            for upload in waiting:
                group.create_task(one(upload))
    except ExceptionGroup as several:
        raise several.exceptions[0] from None


async def _ingest(db: Database, blobs: BlobStore, upload: MultipartUpload, lock_of: LockOf, meter: _Meter) -> None:
    try:
        stored = await _verified(blobs, upload, meter)
        await faults.point("ingest.verified")
        report = await inspections.report_on(blobs, upload.path, upload.object_key, stored.size)
        await _put_in_place(db, upload, stored, report, lock_of)
        await faults.point("ingest.placed")
    except NotFound:
        await _fail(db, upload, "The candidate or logged model whose file it was going to be has been deleted.")
    except (Invalid, Conflict) as refusal:
        await _fail(db, upload, refusal.message)
    await meter.finish(upload)


async def _verified(blobs: BlobStore, upload: MultipartUpload, meter: _Meter) -> Stored:
    """What is in the store under the upload's key, compared with what was announced.

    Raises:
        WrongContent: size or SHA-256 differ.
    """
    if upload.stored_sha256 is not None:
        stored = Stored(upload.size or 0, upload.stored_sha256, "")
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
    except UploadMissing:  # joined by a run that died after it
        if await blobs.stat(upload.object_key) is None:
            raise
        return
    parts = plans.require_all(upload, plans.arrived(upload, listed))
    await blobs.complete_multipart(upload.object_key, upload.store_id, parts)
    await faults.point("ingest.joined")


async def _read_back(blobs: BlobStore, upload: MultipartUpload, meter: _Meter) -> Stored:
    """What really is in the store: MD5s of parts say nothing of the SHA-256 of the whole."""
    digest = RunningHash()
    async with blobs.open(upload.object_key) as reading:
        async for chunk in reading.chunks:
            await digest.take(chunk)
            await meter.add(upload, len(chunk))
        return Stored(reading.size, await digest.digest(), "")


async def _put_in_place(db: Database, upload: MultipartUpload, stored: Stored, report: Report, lock_of: LockOf) -> None:
    root = Root(upload.project_id, candidate_id=upload.candidate_id, logged_model_id=upload.logged_model_id)
    async with db.write() as tx:
        if not await _is_awaited(tx, upload):
            return
        await lock_of(root)(tx)
        place = Place(root, upload.path, upload.media_type, upload.created_by)
        artifact = await uploads.register(tx, place, upload.blob_id, stored, report)
        values = {"state": "completed", "artifact_id": artifact.id, "expires_at": func.now() + VERIFYING}
        await tx.execute(update(MultipartUpload).where(*_key(upload)).values(**values))


async def _fail(db: Database, upload: MultipartUpload, reason: str) -> None:
    async with db.write() as tx:
        if not await _is_awaited(tx, upload):
            return
        values = {"state": "failed", "reason": reason[:2000], "expires_at": func.now() + VERIFYING}
        await tx.execute(update(MultipartUpload).where(*_key(upload)).values(**values))
        await garbage.condemn_pending(tx, upload.project_id, upload.blob_id, "upload failed")
    log.info("upload.failed", project=upload.project_id, upload=str(upload.id), reason=reason)


async def _is_awaited(tx: Tx, upload: MultipartUpload) -> bool:
    """Whether nobody else has ended the upload; its row is held."""
    statement = select(MultipartUpload.state).where(*_key(upload)).with_for_update()
    return await tx.scalar(statement) == "verifying"


async def _waiting(db: Database, project_id: int, batch_id: UUID) -> Sequence[MultipartUpload]:
    statement = select(MultipartUpload).where(
        MultipartUpload.project_id == project_id,
        MultipartUpload.batch_id == batch_id,
        MultipartUpload.state == VERIFYING_STATE,
    )
    async with db.read() as snap:
        return (await snap.scalars(statement.order_by(MultipartUpload.id))).all()


def _key(upload: MultipartUpload) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return MultipartUpload.project_id == upload.project_id, MultipartUpload.id == upload.id
