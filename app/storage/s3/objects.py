"""Single objects: put, read, look at, delete."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime

import aiohttp

from app.errors import Invalid, Unavailable
from app.storage.blobs import BlobMissing, Reading, Stat
from app.storage.s3.payloads import Block, Payload
from app.storage.s3.signing import SHORT_IDLE_SECONDS, Signer
from app.storage.s3.wire import BROKEN, REFUSED, TROUBLE, Answer, Wire

CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+)")
MARK, MARK_TEXT = "ready", b"This bucket belongs to a Modelyard; while this object can be read, it is whole.\n"
"""Outside of the keys that artifacts have."""
OCTETS = {"Content-Type": "application/octet-stream"}

log = logging.getLogger(__name__)


class Objects:
    """The calls on one object of one bucket."""

    def __init__(self, wire: Wire, signer: Signer) -> None:
        self._wire = wire
        self._signer = signer

    async def put(self, key: str, payload: Payload, *, only_new: bool) -> Answer:
        """Store a body; ``only_new`` forbids it when the key exists. Answers 200, 412 (exists) or 501 (cannot tell)."""
        return await self._wire.send(
            "PUT",
            lambda: self._signer.own("PUT", key),
            accept={200, 412, 501} if only_new else {200},
            headers=OCTETS | {"If-None-Match": "*"} if only_new else OCTETS,
            payload=payload,
            idle=SHORT_IDLE_SECONDS,
        )

    async def stat(self, key: str) -> Stat | None:
        """HEAD; None when there is no such object."""
        answer = await self._wire.send(
            "HEAD", lambda: self._signer.own("HEAD", key), accept={200, 404}, idle=SHORT_IDLE_SECONDS
        )
        if answer.status == 404:
            return None
        try:
            modified = parsedate_to_datetime(answer.headers["Last-Modified"])
            return Stat(int(answer.headers["Content-Length"]), answer.etag, modified)
        except (KeyError, ValueError):
            raise Unavailable(REFUSED) from None

    async def delete(self, key: str) -> None:
        """DELETE; an object that does not exist is fine."""
        await self._wire.send(
            "DELETE",
            lambda: self._signer.own("DELETE", key),
            accept={200, 204, 404},
            idle=SHORT_IDLE_SECONDS,
        )

    @asynccontextmanager
    async def open(self, key: str, start: int, end: int | None) -> AsyncIterator[Reading]:
        """GET, or GET with ``Range`` (RFC 9110 §14) for the half-open interval from ``start`` to ``end``."""
        if start < 0 or (end is not None and end <= start):
            raise Invalid(f"The range from {start} to {end} is empty; it must begin before it ends.")
        last = "" if end is None else str(end - 1)
        wanted = {"Range": f"bytes={start}-{last}"} if start or last else {}
        accept = {206, 404, 416} if wanted else {200, 404}

        def sign() -> str:
            return self._signer.own("GET", key)

        async with self._wire.receive(sign, accept=accept, headers=wanted) as response:
            yield await _reading(response, start)

    async def read(self, key: str, start: int, end: int) -> bytes:
        """The bytes of a small interval, all at once."""
        answer = await self._wire.send(
            "GET",
            lambda: self._signer.own("GET", key),
            accept={206, 404},
            headers={"Range": f"bytes={start}-{end - 1}"},
            idle=SHORT_IDLE_SECONDS,
            is_brief=True,
        )
        if answer.status == 404:
            raise _missing()
        content_range = CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
        if content_range is None or content_range[1] != str(start) or len(answer.body) != end - start:
            log.error("object store: answer without the range that was asked for")
            raise Unavailable(REFUSED)
        return answer.body

    async def mark_bucket(self) -> None:
        """Leave the mark in the bucket that :meth:`require_bucket` reads, unless it is there."""
        if await self.stat(MARK) is None:
            await self.put(MARK, Block(MARK_TEXT), only_new=False)

    async def require_bucket(self) -> None:
        """Read the mark, in one signed request without a second attempt.

        A bucket that was emptied, or deleted and made again, has no mark; where the store lost its bytes beneath the
        names, the mark cannot be read.

        Raises:
            Unavailable: the store does not answer, refuses the keys, has no such bucket, or not the one we marked.
        """
        answer = await self._wire.send("GET", lambda: self._signer.own("GET", MARK), accept={200, 404}, attempts=1)
        if answer.status != 200 or answer.body != MARK_TEXT:
            reason = answer.error_code or "other bytes"
            log.error("object store: the bucket is gone or was replaced: its mark %r cannot be read (%s)", MARK, reason)
            raise Unavailable(REFUSED)


async def _reading(response: aiohttp.ClientResponse, start: int) -> Reading:
    if response.status == 404:
        raise _missing()
    size = response.content_length
    if response.status == 200 and size is not None:
        return Reading(size, size, _chunks(response, size))
    content_range = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if response.status == 416:
        raise Invalid(f"The range begins at {start}, after the last byte.")
    if content_range is None or size is None or content_range[1] != str(start):
        log.error("object store: answer without the range that was asked for")
        raise Unavailable(REFUSED)
    return Reading(size, int(content_range[2]), _chunks(response, size))


def _missing() -> BlobMissing:
    log.error("object store: an object is missing that should be there")
    return BlobMissing()


async def _chunks(response: aiohttp.ClientResponse, size: int) -> AsyncIterator[bytes]:
    left = size
    try:
        async for chunk in response.content.iter_any():
            left -= len(chunk)
            yield chunk
    except TROUBLE as error:
        log.warning("object store: a download broke off: %s", type(error).__name__)
        raise Unavailable(BROKEN) from None
    if left:
        log.warning("object store: a download ended %d bytes early", left)
        raise Unavailable(BROKEN)
