"""The blob store on MinIO or any S3-compatible store: everything that speaks to it is put together here.

The ``minio`` SDK signs and does the rare work; bytes travel through asynchronous HTTP on presigned URLs,
so that they are hashed once (by us) and no stream occupies a thread.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

from app.disk_space import DiskSpace
from app.errors import Unavailable
from app.settings import Settings
from app.storage.blobs import Listed, Part, PendingUpload, Reading, Stat, StoredObject, UploadMissing
from app.storage.headers import attachment
from app.storage.s3 import documents
from app.storage.s3.control import PAGE, Control
from app.storage.s3.multipart import Multipart
from app.storage.s3.objects import Objects
from app.storage.s3.part_streams import PartRule, send_part
from app.storage.s3.payloads import Payload
from app.storage.s3.signing import Signer, client
from app.storage.s3.wire import DOWN, Wire
from app.storage.s3.writer import Writer
from app.storage.source import Source

READY_SECONDS = 2.0


class S3BlobStore:
    """``BlobStore`` on one bucket; for one event loop. See the protocol for what each method promises."""

    def __init__(self, settings: Settings, *, rule: PartRule | None = None, room: DiskSpace | None = None) -> None:
        signer = Signer(settings, settings.s3_url)
        self._public = Signer(settings, settings.s3_public_url) if settings.s3_public_url else None
        self._shared = self._public or signer
        self.room = room or DiskSpace("the object store")
        path = str(settings.s3_socket) if settings.s3_socket else None
        is_secure = settings.s3_url.startswith("https:") and path is None
        self._wire = Wire(secure=is_secure, path=path, room=self.room)
        self._objects = Objects(self._wire, signer)
        self._multipart = Multipart(self._wire, signer)
        self._writer = Writer(self._objects, self._multipart, rule or PartRule())
        self._control = Control(client(settings, settings.s3_url), settings.s3_bucket, settings.s3_region)

    @property
    def has_public_endpoint(self) -> bool:
        """Whether clients can reach the store themselves."""
        return self._public is not None

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, size: int | None = None, limit: int) -> StoredObject:
        """Store a stream under a new key."""
        self.room.require(size or 0)
        return await self._writer.put(key, Source(chunks, size=size, limit=limit))

    async def put_whole(self, key: str, data: bytes, sha256: bytes) -> StoredObject:
        """Store a few bytes under a new key."""
        self.room.require(len(data))
        return await self._writer.put_whole(key, data, sha256)

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> AbstractAsyncContextManager[Reading]:
        """Read an object or a range of it."""
        return self._objects.open(key, start, end)

    async def read(self, key: str, start: int, end: int) -> bytes:
        """Read a few bytes."""
        return await self._objects.read(key, start, end)

    async def stat(self, key: str) -> Stat | None:
        """Look at one object."""
        return await self._objects.stat(key)

    async def remove(self, keys: Sequence[str]) -> list[str]:
        """Delete objects, up to 1,000 in one request."""
        if len(keys) == 1:
            await self._objects.delete(keys[0])
            return []
        kept: list[str] = []
        for start in range(0, len(keys), PAGE):
            kept += await self._control.remove(keys[start : start + PAGE])
        return kept

    def list_keys(self, prefix: str = "", *, start_after: str = "") -> AsyncIterator[Listed]:
        """Objects in key order."""
        return self._control.keys(prefix, start_after)

    async def create_multipart(self, key: str) -> str:
        """Begin an upload in parts."""
        self.room.require()
        return await self._multipart.create(key)

    async def put_part(self, key: str, upload_id: str, number: int, chunks: AsyncIterator[bytes], *, size: int) -> Part:
        """Store one part as it comes."""
        self.room.require(size)

        async def send(number: int, payload: Payload) -> Part:
            return await self._multipart.send_to_existing(key, upload_id, number, payload)

        return await send_part(send, number, Source(chunks, size=size, limit=sys.maxsize), size)

    async def list_parts(self, key: str, upload_id: str) -> list[Part]:
        """Parts that have arrived."""
        return await self._multipart.parts(key, upload_id)

    async def complete_multipart(self, key: str, upload_id: str, parts: Sequence[Part]) -> str:
        """Join the parts; when the upload is gone the object itself tells whether it was completed."""
        in_order = sorted(parts, key=lambda part: part.number)
        answer = await self._multipart.complete(key, upload_id, in_order, only_new=False)
        if answer.status == 200:
            return documents.etag(answer.body)
        stat = await self._objects.stat(key)
        if stat is None:
            raise UploadMissing
        return stat.etag

    async def abort_multipart(self, key: str, upload_id: str) -> None:
        """Give an upload up."""
        await self._multipart.abort(key, upload_id)

    def list_uploads(self, prefix: str = "") -> AsyncIterator[PendingUpload]:
        """Uploads in progress."""
        return self._multipart.uploads(prefix)

    async def abort_stale_uploads(self, older_than: timedelta) -> int:
        """Abort uploads that are older and were not completed."""
        before = datetime.now(UTC) - older_than
        stale = [upload async for upload in self.list_uploads() if upload.started < before]
        for upload in stale:
            await self._multipart.abort(upload.key, upload.upload_id)
        return len(stale)

    def presign_get(self, key: str, *, filename: str, media_type: str, expires: timedelta) -> str:
        """URL of a download."""
        answer_headers = {
            "response-content-disposition": attachment(filename),
            "response-content-type": media_type,
        }
        return self._shared.object("GET", key, answer_headers, expires)

    def presign_put_part(self, key: str, upload_id: str, part: int, expires: timedelta) -> str:
        """URL of one part."""
        return self._shared.object("PUT", key, {"partNumber": str(part), "uploadId": upload_id}, expires)

    async def ensure_bucket(self) -> None:
        """Make the bucket and leave a mark in it."""
        await self._control.ensure_bucket()
        await self._objects.mark_bucket()

    async def ready(self) -> None:
        """Ask the store for the bucket's mark."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._objects.require_bucket()
        except TimeoutError:
            raise Unavailable(DOWN) from None

    async def close(self) -> None:
        """Wait for clean-up and disconnect."""
        await self._writer.close()
        await self._wire.close()
        self._control.close()
