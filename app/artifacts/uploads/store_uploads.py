"""What announced uploads need of the store before bytes can come, and before a worker can take over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import String, cast, column, func, select, update, values
from sqlalchemy import Uuid as SqlUuid

from app.artifacts.tables import MultipartUpload
from app.artifacts.upkeep import garbage
from app.artifacts.uploads import part_plan
from app.artifacts.uploads.stream import SMALL_BYTES
from app.db.database import Database
from app.errors import Unavailable
from app.storage.blobs import BlobStore, Part

T = TypeVar("T")
AT_ONCE = 8
"""Requests to the store side by side."""


def begins_at_store(blobs: BlobStore, parts: int, size: int) -> bool:
    """Whether the store has to know of the upload: for more than one part, and where clients may send to it themselves.

    A file that comes through this service in one piece is stored by one request, hashed on the way; so is a small one
    anyway: no client asks where to send it.
    """
    return parts > 1 or (parts == 1 and size > SMALL_BYTES and blobs.has_public_endpoint)


async def begin(db: Database, blobs: BlobStore, uploads: Sequence[MultipartUpload]) -> list[MultipartUpload]:
    """Begin the uploads at the store that need it; the same uploads, in their order, with the ids that it gave them.

    Raises:
        Unavailable: the store is away; the uploads are given up.
    """
    opened = [one for one in uploads if one.state == "open" and begins_at_store(blobs, one.parts, one.size or 0)]
    if not opened:
        return list(uploads)
    try:
        store_ids = await gathered([blobs.create_multipart(one.object_key) for one in opened])
    except BaseException:
        await _give_up(db, opened)
        raise
    async with db.write() as tx:
        pairs = [(one.id, store_id) for one, store_id in zip(opened, store_ids, strict=True)]
        given = values(column("id", SqlUuid), column("store_id", String), name="given").data(pairs)
        project_id = opened[0].project_id
        statement = (
            update(MultipartUpload)
            .where(MultipartUpload.project_id == project_id, MultipartUpload.id == given.c.id)
            .values(store_id=cast(given.c.store_id, String))
        )
        await tx.execute(statement.execution_options(synchronize_session=False))
        mine = (MultipartUpload.project_id == project_id, MultipartUpload.id == func.any([one.id for one in opened]))
        begun = {row.id: row for row in await tx.scalars(select(MultipartUpload).where(*mine))}
    return [begun.get(one.id, one) for one in uploads]


async def arrived(blobs: BlobStore, upload: MultipartUpload) -> dict[int, Part]:
    """The parts that are there, by number.

    Raises:
        UploadMissing: the store has given the upload up.
    """
    if upload.state != "open" or upload.stored_sha256 is not None:
        return {number: Part(number, "", part_plan.span(upload, number).size) for number in range(1, upload.parts + 1)}
    if upload.store_id is None:
        return {}
    return part_plan.arrived(upload, await blobs.list_parts(upload.object_key, upload.store_id))


async def require_parts(blobs: BlobStore, uploads: Sequence[MultipartUpload]) -> None:
    """Refuse to complete uploads of which something is missing.

    Raises:
        PartsMissing, UploadMissing: as above.
    """
    there = await gathered([arrived(blobs, upload) for upload in uploads])
    for upload, parts in zip(uploads, there, strict=True):
        part_plan.require_all(upload, parts)


async def _give_up(db: Database, uploads: Sequence[MultipartUpload]) -> None:
    """Should this fail too, their time runs out."""
    mine = (
        MultipartUpload.project_id == uploads[0].project_id,
        MultipartUpload.id == func.any([one.id for one in uploads]),
    )
    with suppress(Unavailable):
        async with db.write() as tx:
            statement = update(MultipartUpload).where(*mine).values(state="aborted", expires_at=func.now())
            await tx.execute(statement.execution_options(synchronize_session=False))
            blob_ids = [one.blob_id for one in uploads]
            await garbage.condemn_pending(tx, uploads[0].project_id, blob_ids, "upload could not begin")


async def gathered(work: Sequence[Awaitable[T]]) -> list[T]:
    """All answers in their order, some asked for at a time."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(each: Awaitable[T]) -> T:
        async with slots:
            return await each

    return await asyncio.gather(*(one(each) for each in work))
