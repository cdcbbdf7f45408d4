"""Parts of uploads that come by link: passed on to the store, or sent there by the client itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from app.access.policy import Actor
from app.artifacts.uploads import part_plan, parts, stream
from app.artifacts.uploads.multipart import MultipartUpload
from app.errors import Invalid, TooLarge
from app.files.backend import Backend
from app.storage.source import whole

MAX_PART_BYTES = 5 * 1024**3
"""The largest part that S3 takes."""


class PartKey(NamedTuple):
    """A part of an upload, from 1."""

    project_id: int
    upload_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class ReceivedPart:
    """The part is stored; completing an upload of MLflow's asks for this ETag."""

    etag: str


@dataclass(frozen=True, slots=True)
class PartRedirect:
    """The client is to send the part to this address of the store; nothing of it was read here."""

    url: str


async def receive(
    backend: Backend, actor: Actor, key: PartKey, chunks: AsyncIterator[bytes], size: int | None, *, waits: bool
) -> ReceivedPart | PartRedirect:
    """Take a part on behalf of the maker of its link, who must still be allowed to send it.

    ``waits``: the client has sent nothing of the body yet (RFC 9110 §10.1.1) and could as well send it to the store.
    One that does not wait would send everything twice, so its bytes are passed on. A small part of a file that has no
    other is stored by two transactions that many share.

    Raises:
        Invalid: the size is not known.
        TooLarge, SizeMismatch: more bytes than a part may have, or other than were announced.
        UploadMissing: the upload has ended.
        NotFound, Forbidden: the project or the file may not be seen any more, or not be written.
    """
    checked, waits = _checked(backend, size), waits and backend.blobs.has_public_endpoint
    if checked <= stream.SMALL_BYTES and not waits:
        data = await whole(chunks, checked)
        sha256 = await parts.receive_small(backend.db, actor, backend.blobs, key.project_id, key.upload_id, data)
        if sha256:
            return ReceivedPart(sha256.hex())
        chunks = _once(data)
    upload = await parts.open_upload(backend.db, actor, key.project_id, key.upload_id)
    if waits and upload.store_id is not None:
        part_plan.check_size(upload, key.number, checked)
        life = timedelta(seconds=backend.settings.store_link_seconds)
        return PartRedirect(backend.blobs.presign_put_part(upload.object_key, upload.store_id, key.number, life))
    return await _pass_on(backend, upload, key.number, chunks, checked)


async def _pass_on(
    backend: Backend, upload: MultipartUpload, number: int, chunks: AsyncIterator[bytes], size: int
) -> ReceivedPart:
    if parts.is_single_part(upload):
        return ReceivedPart((await parts.receive(backend.db, backend.blobs, upload, chunks, size)).hex())
    part_plan.check_size(upload, number, size)
    part = await backend.blobs.put_part(upload.object_key, upload.store_id or "", number, chunks, size=size)
    return ReceivedPart(part.etag)


def _checked(backend: Backend, size: int | None) -> int:
    most = min(MAX_PART_BYTES, backend.settings.max_artifact_bytes)
    if size is None:
        raise Invalid("A part needs a Content-Length.")
    if size > most:
        raise TooLarge(f"A part may have at most {most} bytes.")
    return size


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
