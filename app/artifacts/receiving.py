"""Parts that come through this service, by link and without a token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, insert, select, update

from app.artifacts import garbage, uploads
from app.artifacts.tables import Blob, MultipartUpload
from app.artifacts.uploads import lease_from_now
from app.db.database import Database
from app.errors import ModelyardError
from app.ids import object_key, uuid7
from app.storage.blobs import BlobStore, SizeMismatch, Stored, UploadMissing


def comes_in_one_piece(upload: MultipartUpload) -> bool:
    """Whether the store knows nothing of the upload: its only part is stored as the whole file."""
    return upload.size is not None and upload.store_id is None


async def receive(
    db: Database, blobs: BlobStore, upload: MultipartUpload, chunks: AsyncIterator[bytes], size: int
) -> bytes:
    """Store the only part of an upload, hashed on the way; the SHA-256. Sent again, the last one counts.

    Each attempt has a key of its own, so that a broken one can be forgotten.

    Raises:
        SizeMismatch: other than the announced number of bytes.
        UploadMissing: the upload has ended meanwhile.
    """
    if size != upload.size:
        raise SizeMismatch(f"`{upload.path}` was announced with {upload.size} bytes; this part has {size}.")
    blob_id, key = uuid7(), object_key(upload.project_id)
    async with db.write() as tx:
        await tx.execute(_BEGIN, {"of_project": upload.project_id, "of_blob": blob_id, "of_key": key})
    heartbeat = asyncio.create_task(uploads.keep_alive(db, upload.project_id, blob_id))
    try:
        stored = await blobs.put(key, chunks, size=size, limit=size)
        await _adopt(db, upload, Blob(project_id=upload.project_id, id=blob_id, object_key=key), stored)
    except BaseException:
        await _give_up(db, upload, blob_id)
        raise
    finally:
        heartbeat.cancel()
    return stored.sha256


async def nothing() -> AsyncIterator[bytes]:
    """The bytes of an empty file."""
    none: tuple[bytes, ...] = ()
    for chunk in none:
        yield chunk


async def _adopt(db: Database, upload: MultipartUpload, blob: Blob, stored: Stored) -> None:
    """The bytes are those of the upload now; the ones of an earlier attempt go."""
    mine = {"of_project": upload.project_id, "of_upload": upload.id}
    async with db.write() as tx:
        row = (await tx.execute(_HOLD, mine)).one_or_none()
        if row is None or row.state != "open":
            raise UploadMissing
        if row.stored_sha256 is not None:
            await garbage.condemn_pending(tx, upload.project_id, row.blob_id, "sent again")
        found = {"of_blob": blob.id, "of_key": blob.object_key, "hash_found": stored.sha256}
        await tx.execute(_ADOPT, mine | found)
        await tx.execute(_KEEP, {"of_project": upload.project_id, "of_blob": blob.id, "until": row.expires_at})


def _mine() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return MultipartUpload.project_id == bindparam("of_project"), MultipartUpload.id == bindparam("of_upload")


# Built once: putting a statement together costs as much as running it, and small files come by the thousand.
_BEGIN = insert(Blob).values(
    project_id=bindparam("of_project"),
    id=bindparam("of_blob"),
    object_key=bindparam("of_key"),
    lease_until=lease_from_now(),
)
_HOLD = (
    select(MultipartUpload.state, MultipartUpload.blob_id, MultipartUpload.stored_sha256, MultipartUpload.expires_at)
    .where(*_mine())
    .with_for_update()
)
_ADOPT = (
    update(MultipartUpload)
    .where(*_mine())
    .values(blob_id=bindparam("of_blob"), object_key=bindparam("of_key"), stored_sha256=bindparam("hash_found"))
    .execution_options(synchronize_session=False)
)
_KEEP = (
    update(Blob)
    .where(Blob.project_id == bindparam("of_project"), Blob.id == bindparam("of_blob"))
    .values(lease_until=bindparam("until"))
    .execution_options(synchronize_session=False)
)


async def _give_up(db: Database, upload: MultipartUpload, blob_id: UUID) -> None:
    """Condemn what could not be finished, unless the upload has it: a client may leave just after the commit."""
    with suppress(ModelyardError):
        async with db.write() as tx:
            row = await tx.scalar(select(MultipartUpload).where(*_key(upload)).with_for_update())
            if row is None or row.blob_id != blob_id:
                await garbage.condemn_pending(tx, upload.project_id, blob_id, "upload failed")


def _key(upload: MultipartUpload) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return MultipartUpload.project_id == upload.project_id, MultipartUpload.id == upload.id
