"""Storing a stream under a new key: one PUT when it is small, a multipart upload when it is not."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Coroutine, Sequence
from typing import TypeAlias

from app.errors import Unavailable
from app.storage.blobs import KeyTaken, Part, PartsRefused, StoredObject
from app.storage.hashing import THREAD_BYTES, GivenHash, RunningHash
from app.storage.s3.multipart import Multipart
from app.storage.s3.objects import Objects
from app.storage.s3.part_streams import PartRule, send_blocks, send_flows
from app.storage.s3.payloads import Block, Payload
from app.storage.s3.wire import REFUSED, Answer
from app.storage.source import Source

CLEANUP_WAIT_SECONDS = 2.0
"""How long a failed write waits for its own clean-up, which goes on afterwards."""

Digest: TypeAlias = RunningHash | GivenHash
log = logging.getLogger(__name__)


class Writer:
    """Writes new objects, each key once.

    It never deletes an object: that would be wrong if a caller repeats a write that had succeeded.
    """

    def __init__(self, objects: Objects, multipart: Multipart, rule: PartRule) -> None:
        self._objects = objects
        self._multipart = multipart
        self._rule = rule
        self._cleanups: set[asyncio.Task[None]] = set()
        self._only_new = True
        """Whether the store knows ``If-None-Match: *``; its first refusal tells."""

    async def put(self, key: str, source: Source) -> StoredObject:
        """Store the whole source."""
        if self._rule.passes_through(source.size):
            return await self._in_parts(key, source, None)
        first = await source.block(self._rule.block_bytes(source.size, 1))
        if await source.more():
            return await self._in_parts(key, source, first)
        digest = RunningHash()
        await digest.take(first)
        return await self._whole(key, first, digest)

    async def put_whole(self, key: str, data: bytes, sha256: bytes) -> StoredObject:
        """Store what is in memory already."""
        return await self._whole(key, data, GivenHash(sha256), only_new=False)

    async def close(self) -> None:
        """Wait for the clean-up that failed writes have left running."""
        await asyncio.gather(*self._cleanups)

    async def _whole(
        self, key: str, block: bytes | bytearray, digest: Digest, *, only_new: bool = True
    ) -> StoredObject:
        answer = await self._put(key, Block(block), only_new)
        if answer.status == 200 and len(block) < THREAD_BYTES and _proves(answer.etag, block):
            return StoredObject(len(block), await digest.digest(), answer.etag)
        if answer.status == 412 and answer.attempt == 1:
            await self._require_same(key, block)
        return await self._verified(key, len(block), digest)

    async def _require_same(self, key: str, block: bytes | bytearray) -> None:
        """The HTTP client repeats a PUT whose connection broke, so what is in the way may be our own first try."""
        stat = await self._objects.stat(key)
        if stat is None or not await asyncio.to_thread(_proves, stat.etag, block):
            raise KeyTaken

    async def _put(self, key: str, payload: Payload, only_new: bool) -> Answer:
        answer = await self._objects.put(key, payload, only_new=only_new and self._only_new)
        if self._is_unknown_condition(answer):
            answer = await self._objects.put(key, payload, only_new=False)
        return answer

    async def _in_parts(self, key: str, source: Source, first: bytearray | None) -> StoredObject:
        digest = RunningHash()
        upload_id = await self._multipart.create(key)

        async def send(number: int, payload: Payload) -> Part:
            return await self._multipart.send(key, upload_id, number, payload)

        try:
            if first is not None:
                parts = await send_blocks(send, source, first, digest, self._rule)
            else:
                parts = await send_flows(send, source, source.size or 0, digest, self._rule)
            await self._join_new(key, upload_id, parts)
            return await self._verified(key, source.taken, digest)
        except BaseException:
            await self._clean(self._multipart.abort(key, upload_id))
            raise

    async def _join_new(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        try:
            answer = await self._multipart.complete(key, upload_id, parts, only_new=self._only_new)
            if self._is_unknown_condition(answer):
                answer = await self._multipart.complete(key, upload_id, parts, only_new=False)
        except PartsRefused:
            raise Unavailable(REFUSED) from None
        if answer.status == 412 and answer.attempt == 1:
            raise KeyTaken
        if answer.status == 404 and answer.attempt == 1:
            raise Unavailable(REFUSED)

    async def _verified(self, key: str, size: int, digest: Digest) -> StoredObject:
        """Ask what is there now: a lost answer may have been a success, and a success may have stored nothing."""
        stat = await self._objects.stat(key)
        if stat is None or stat.size != size:
            log.error("object store: %s bytes are there after %d were acknowledged", stat and stat.size, size)
            raise Unavailable("The object store did not keep all bytes; try again.")
        return StoredObject(size, await digest.digest(), stat.etag)

    def _is_unknown_condition(self, answer: Answer) -> bool:
        if answer.status == 501:
            self._only_new = False
        return answer.status == 501

    async def _clean(self, work: Coroutine[None, None, None]) -> None:
        """Clean up even if the caller is cancelled, but do not let a dead store hold the caller."""
        task = asyncio.create_task(_attempt(work))
        self._cleanups.add(task)
        task.add_done_callback(self._cleanups.discard)
        await asyncio.wait({task}, timeout=CLEANUP_WAIT_SECONDS)


def _proves(etag: str, block: bytes | bytearray) -> bool:
    """Whether the store names the MD5 of exactly these bytes, as most do for a plain PUT; other ETags mean nothing."""
    return etag == hashlib.md5(block, usedforsecurity=False).hexdigest()


async def _attempt(work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except Unavailable:
        log.warning("object store: the remains of a failed write are left to the sweep")
