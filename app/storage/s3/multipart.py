"""Uploads in parts: create, send, list, complete, abort (AWS S3 API reference, "multipart upload")."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from app.errors import Unavailable
from app.storage.blobs import Part, PartsRefused, PendingUpload, UploadMissing
from app.storage.s3 import documents
from app.storage.s3.payloads import Block, Payload
from app.storage.s3.signing import SHORT_IDLE_SECONDS, Signer
from app.storage.s3.wire import REFUSED, Answer, Wire

COMPLETE_IDLE_SECONDS = 120.0
"""Joining thousands of parts takes stores their time; they may be silent meanwhile."""

REFUSED_PARTS = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"})


class Multipart:
    """The multipart calls of one bucket."""

    def __init__(self, wire: Wire, signer: Signer) -> None:
        self._wire = wire
        self._signer = signer

    async def create(self, key: str) -> str:
        """Begin; if the answer to a first attempt was lost, that upload stays until it is found stale."""
        answer = await self._wire.send(
            "POST",
            lambda: self._signer.object("POST", key, {"uploads": ""}),
            accept={200},
            payload=Block(b""),
            idle=SHORT_IDLE_SECONDS,
        )
        return documents.upload_id(answer.body)

    async def send(self, key: str, upload_id: str, number: int, payload: Payload) -> Part:
        """Store one part; sent again, it replaces itself."""
        query = {"partNumber": str(number), "uploadId": upload_id}
        answer = await self._wire.send(
            "PUT", lambda: self._signer.object("PUT", key, query), accept={200}, payload=payload
        )
        return Part(number=number, etag=answer.etag, size=payload.size)

    async def send_to_existing(self, key: str, upload_id: str, number: int, payload: Payload) -> Part:
        """Store one part of an upload that others know too and may have given up.

        Raises:
            UploadMissing: no such upload.
        """
        query = {"partNumber": str(number), "uploadId": upload_id}
        answer = await self._wire.send(
            "PUT", lambda: self._signer.object("PUT", key, query), accept={200, 404}, payload=payload
        )
        if answer.status == 404:
            raise UploadMissing
        return Part(number=number, etag=answer.etag, size=payload.size)

    async def complete(self, key: str, upload_id: str, parts: Sequence[Part], *, only_new: bool) -> Answer:
        """Join the parts; ``only_new`` forbids it when the key exists. Answers 200, 404 (no such
        upload), 412 (exists) or 501 (cannot tell).

        Raises:
            PartsRefused: a part is unknown, too small, or out of order.
        """
        answer = await self._wire.send(
            "POST",
            lambda: self._signer.object("POST", key, {"uploadId": upload_id}),
            accept={200, 400, 404, 412, 501} if only_new else {200, 400, 404, 412},
            headers={"If-None-Match": "*"} if only_new else {},
            payload=Block(documents.completion(parts)),
            idle=COMPLETE_IDLE_SECONDS,
        )
        if answer.status == 400:
            raise PartsRefused() if answer.error_code in REFUSED_PARTS else Unavailable(REFUSED)
        return answer

    async def abort(self, key: str, upload_id: str) -> None:
        """Free the parts; an upload that does not exist is fine."""
        query = {"uploadId": upload_id}
        await self._wire.send("DELETE", lambda: self._signer.object("DELETE", key, query), accept={200, 204, 404})

    async def parts(self, key: str, upload_id: str) -> list[Part]:
        """All parts that have arrived: at most 10,000, so ten pages.

        Raises:
            UploadMissing: no such upload.
        """
        parts: list[Part] = []
        marker: str | None = "0"
        while marker is not None:
            page, marker = await self._parts_page(key, upload_id, marker)
            parts += page
        return parts

    async def _parts_page(self, key: str, upload_id: str, marker: str) -> tuple[list[Part], str | None]:
        query = {"uploadId": upload_id, "max-parts": "1000", "part-number-marker": marker}
        answer = await self._wire.send("GET", lambda: self._signer.object("GET", key, query), accept={200, 404})
        if answer.status == 404:
            raise UploadMissing
        return documents.parts_page(answer.body)

    async def uploads(self, prefix: str) -> AsyncIterator[PendingUpload]:
        """Uploads in progress below a prefix."""
        query = {"uploads": "", "prefix": prefix, "max-uploads": "1000", "encoding-type": "url"}
        markers: dict[str, str] | None = {}
        while markers is not None:
            page, markers = await self._uploads_page(query | markers)
            for upload in page:
                yield upload

    async def _uploads_page(self, query: dict[str, str]) -> tuple[list[PendingUpload], dict[str, str] | None]:
        answer = await self._wire.send("GET", lambda: self._signer.bucket("GET", query), accept={200})
        return documents.uploads_page(answer.body)
