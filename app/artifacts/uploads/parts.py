"""Parts that come through this service, by link and without a token."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, insert, select, update

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.artifacts import visibility
from app.artifacts.tables import Blob, MultipartUpload
from app.artifacts.upkeep import garbage
from app.artifacts.uploads import leases
from app.artifacts.uploads.leases import LEASE, lease_from_now
from app.db.database import Database
from app.db.group_commit import GroupCommit
from app.db.statements import Fragment, Statement
from app.errors import ModelyardError
from app.ids import object_key, uuid7
from app.storage.blobs import BlobStore, SizeMismatch, StoredObject, UploadMissing


@dataclass(frozen=True, slots=True)
class SinglePart:
    """The only part of an upload, on its way to a key of its own: a broken attempt can be forgotten."""

    project_id: int
    upload_id: UUID
    size: int
    blob_id: UUID
    key: str

    @classmethod
    def of(cls, project_id: int, upload_id: UUID, size: int) -> SinglePart:
        return cls(project_id, upload_id, size, uuid7(), object_key(project_id))


def is_single_part(upload: MultipartUpload) -> bool:
    """Whether the store knows nothing of the upload: its only part is stored as the whole file."""
    return upload.size is not None and upload.store_id is None


async def receive(
    db: Database, blobs: BlobStore, upload: MultipartUpload, chunks: AsyncIterator[bytes], size: int
) -> bytes:
    """Store the only part of an upload, hashed on the way; the SHA-256. Sent again, the last one counts.

    Raises:
        SizeMismatch: other than the announced number of bytes.
        UploadMissing: the upload has ended meanwhile.
    """
    if size != upload.size:
        raise SizeMismatch(f"`{upload.path}` was announced with {upload.size} bytes; this part has {size}.")
    part = SinglePart.of(upload.project_id, upload.id, size)
    async with db.write() as tx:
        await tx.execute(_BEGIN, {"of_project": part.project_id, "of_blob": part.blob_id, "of_key": part.key})
    heartbeat = asyncio.create_task(leases.keep_alive(db, part.project_id, part.blob_id))
    try:
        stored = await blobs.put(part.key, chunks, size=size, limit=size)
        await _adopt(db, part, stored)
    except BaseException:
        await _give_up(db, part)
        raise
    finally:
        heartbeat.cancel()
    return stored.sha256


async def open_upload(db: Database, actor: Actor, project_id: int, upload_id: UUID) -> MultipartUpload:
    """An upload that takes parts, if the actor may go on with it now; for links that were made on the actor's behalf.

    Raises:
        NotFound, Forbidden: the project or the file may not be seen any more, or not be written.
        UploadMissing: it has ended.
    """
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project_id)
        row: MultipartUpload | None = await snap.scalar(_OPEN, {"of_project": project_id, "of_upload": upload_id})
        if row is None or (row.store_id is None and row.size is None):
            visibility.of_actor(actor, access)
            raise UploadMissing
        of_announced = visibility.write_permission(actor, access)
        permission = Permission.MLFLOW_WRITE if row.size is None else of_announced
        policy.require(actor, access, permission, of_models=True)
        await visibility.require_changeable(snap, actor, access, row, [row.path])
    return row


async def receive_small(
    db: Database, actor: Actor, blobs: BlobStore, project_id: int, upload_id: UUID, data: bytes
) -> bytes | None:
    """The same for a small part that is in memory, whose transactions many share; for links that were checked.

    None when the upload does not wait for one piece of this size, or the actor may not send it as a matter of course:
    nothing has been done, and :func:`open_upload` and :func:`receive` tell why.

    Raises:
        UploadMissing: the upload has ended meanwhile.
    """
    access = await projects.get(db, actor, project_id)
    allowed = policy.allows(actor, access, visibility.write_permission(actor, access), of_models=True)
    if not allowed or visibility.is_limited(actor, access):
        return None
    part = SinglePart.of(project_id, upload_id, len(data))
    if not await _reserve(db, part):
        return None
    try:
        stored = await blobs.put_whole(part.key, data, hashlib.sha256(data).digest())
        await _adopt(db, part, stored)
    except BaseException:
        await _give_up(db, part)
        raise
    return stored.sha256


async def nothing() -> AsyncIterator[bytes]:
    """The bytes of an empty file."""
    none: tuple[bytes, ...] = ()
    for chunk in none:
        yield chunk


async def _adopt(db: Database, part: SinglePart, stored: StoredObject) -> None:
    """The bytes are those of the upload now; the ones of an earlier attempt go."""
    if await _adopt_together(db, (part, stored)):
        return
    mine = {"of_project": part.project_id, "of_upload": part.upload_id}
    async with db.write() as tx:
        row = (await tx.execute(_HOLD, mine)).one_or_none()
        if row is None or row.state != "open":
            raise UploadMissing
        if row.stored_sha256 is not None:
            await garbage.condemn_pending(tx, part.project_id, [row.blob_id], "sent again")
        adopted = {"of_blob": part.blob_id, "of_key": part.key, "hash_found": stored.sha256}
        await tx.execute(_ADOPT, mine | adopted)
        await tx.execute(_KEEP, {"of_project": part.project_id, "of_blob": part.blob_id, "until": row.expires_at})


async def _reserve_all(db: Database, parts: Sequence[SinglePart]) -> list[bool]:
    db.room.require()
    async with db.direct() as connection:
        sizes = [part.size for part in parts]
        rows = await RESERVE_PARTS.fetch(connection, **_columns(parts), sizes=sizes, lease=LEASE)
    begun = {row["id"] for row in rows}
    return [part.blob_id in begun for part in parts]


async def _adopt_all(db: Database, arrivals: Sequence[tuple[SinglePart, StoredObject]]) -> list[bool]:
    # Of two attempts of one upload one waits for the other, and then replaces it.
    first = list({(part.project_id, part.upload_id): (part, stored) for part, stored in reversed(arrivals)}.values())
    hashes = [stored.sha256 for _, stored in first]
    async with db.committing(grows=False) as connection:
        rows = await ADOPT_PARTS.fetch(connection, **_columns([part for part, _ in first]), hashes=hashes)
    done = {row["blob_id"] for row in rows}
    return [part.blob_id in done for part, _ in arrivals]


_reserve: GroupCommit[SinglePart, bool] = GroupCommit(_reserve_all)
_adopt_together: GroupCommit[tuple[SinglePart, StoredObject], bool] = GroupCommit(_adopt_all)


def _columns(parts: Sequence[SinglePart]) -> dict[str, list[Any]]:
    return {
        "projects": [part.project_id for part in parts],
        "uploads": [part.upload_id for part in parts],
        "blobs": [part.blob_id for part in parts],
        "keys": [part.key for part in parts],
    }


_GIVEN = Fragment("unnest(:projects::bigint[], :uploads::uuid[], :blobs::uuid[], :keys::text[]")
RESERVE_PARTS = Statement(
    "artifacts.reserve_parts",
    "Begin the blobs of uploads that take their only part, of this size, in projects that live.",
    f"""
    INSERT INTO blobs (project_id, id, object_key, lease_until)
    SELECT given.project_id, given.blob_id, given.object_key, now() + :lease::interval
    FROM {_GIVEN}, :sizes::bigint[]) AS given(project_id, upload_id, blob_id, object_key, size)
    JOIN multipart_uploads u ON u.project_id = given.project_id AND u.id = given.upload_id AND u.size = given.size
    WHERE u.state = 'open' AND u.store_id IS NULL AND u.expires_at > now()
      AND {projects.is_living_sql("given.project_id")}
    RETURNING id
    """,  # noqa: S608 - put together from constants
)
# What came before, or is being ended at this moment, is left to the steps of `_adopt`.
ADOPT_PARTS = Statement(
    "artifacts.adopt_parts",
    "Bytes are those of uploads that had none before and that no other transaction changes.",
    f"""
    WITH held AS MATERIALIZED (
      SELECT given.*, u.expires_at
      FROM {_GIVEN}, :hashes::bytea[]) AS given(project_id, upload_id, blob_id, object_key, sha256)
      JOIN multipart_uploads u ON u.project_id = given.project_id AND u.id = given.upload_id
      WHERE u.state = 'open' AND u.stored_sha256 IS NULL FOR UPDATE OF u SKIP LOCKED
    ), kept AS (
      UPDATE blobs b SET lease_until = held.expires_at FROM held
      WHERE b.project_id = held.project_id AND b.id = held.blob_id AND b.state <> 'stored'
      RETURNING b.id
    )
    UPDATE multipart_uploads u SET blob_id = held.blob_id, object_key = held.object_key, stored_sha256 = held.sha256
    FROM held JOIN kept ON kept.id = held.blob_id
    WHERE u.project_id = held.project_id AND u.id = held.upload_id
    RETURNING u.blob_id
    """,  # noqa: S608 - put together from constants
)


def _mine() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return MultipartUpload.project_id == bindparam("of_project"), MultipartUpload.id == bindparam("of_upload")


# Built once, since every part asks.
_OPEN = select(MultipartUpload).where(
    *_mine(), MultipartUpload.state == "open", MultipartUpload.expires_at > func.now()
)
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


async def _give_up(db: Database, part: SinglePart) -> None:
    """Condemn what could not be finished, unless the upload has it: a client may leave just after the commit."""
    mine = (MultipartUpload.project_id == part.project_id, MultipartUpload.id == part.upload_id)
    with suppress(ModelyardError):
        async with db.write() as tx:
            row = await tx.scalar(select(MultipartUpload).where(*mine).with_for_update())
            if row is None or row.blob_id != part.blob_id:
                await garbage.condemn_pending(tx, part.project_id, [part.blob_id], "upload failed")
