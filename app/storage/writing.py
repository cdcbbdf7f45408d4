"""Storing a stream under a new key: one PUT when it is small, a multipart upload when it is not."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Coroutine, Sequence

from app.errors import Unavailable
from app.storage.blobs import KeyTaken, Part, PartsRefused, Stat, Stored
from app.storage.multipart import Multipart
from app.storage.objects import Objects
from app.storage.parting import PartRule, hashing, send_blocks, send_flows
from app.storage.payloads import Block, Payload
from app.storage.source import Source
from app.storage.wire import REFUSED, Answer

CLEANUP_WAIT_SECONDS = 2.0
"""How long a failed write waits for its own clean-up, which goes on afterwards."""

log = logging.getLogger(__name__)


class Writer:
    """Writes new objects, each key once."""

    def __init__(self, objects: Objects, multipart: Multipart, rule: PartRule) -> None:
        self._objects = objects
        self._multipart = multipart
        self._rule = rule
        self._cleanups: set[asyncio.Task[None]] = set()
        self._only_new = True
        """Whether the store knows ``If-None-Match: *``; answered by its first refusal."""

    async def put(self, key: str, source: Source, size: int | None) -> Stored:
        """Store the whole source; on failure nothing is left of it."""
        part_bytes = self._rule.part_bytes(size)
        if size is not None and part_bytes > self._rule.largest:
            return await self._in_parts(key, source, None, size, part_bytes)
        first = await source.block(part_bytes)
        if await source.more():
            return await self._in_parts(key, source, first, size, part_bytes)
        return await self._whole(key, first)

    async def close(self) -> None:
        """Wait for the clean-up that failed writes have left running."""
        await asyncio.gather(*self._cleanups)

    async def _whole(self, key: str, block: bytearray) -> Stored:
        digest = hashlib.sha256()
        try:
            async with hashing(digest, block):
                await self._put_new(key, Block(block))
            stat = await self._verified(key, len(block))
        except KeyTaken:
            raise
        except BaseException:
            await self._clean(self._objects.delete(key))
            raise
        return Stored(stat.size, digest.digest(), stat.etag)

    async def _put_new(self, key: str, payload: Payload) -> None:
        answer = await self._objects.put(key, payload, only_new=self._only_new)
        if self._is_unknown_condition(answer):
            answer = await self._objects.put(key, payload, only_new=False)
        if answer.status == 412 and answer.attempt == 1:
            raise KeyTaken

    async def _in_parts(
        self, key: str, source: Source, first: bytearray | None, size: int | None, part_bytes: int
    ) -> Stored:
        digest = hashlib.sha256()
        upload_id = await self._multipart.create(key)

        async def send(number: int, payload: Payload) -> Part:
            return await self._multipart.send(key, upload_id, number, payload)

        try:
            if first is not None:
                parts = await send_blocks(send, source, first, digest, rule=self._rule, part_bytes=part_bytes)
            else:
                parts = await send_flows(send, source, size or 0, part_bytes, digest)
            await self._join_new(key, upload_id, parts)
            stat = await self._verified(key, source.taken)
        except BaseException:
            await self._clean(self._multipart.abort(key, upload_id))
            raise
        return Stored(stat.size, digest.digest(), stat.etag)

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

    async def _verified(self, key: str, size: int) -> Stat:
        """Ask what is there now: a lost answer may have been a success, and a success may have stored nothing."""
        stat = await self._objects.stat(key)
        if stat is None or stat.size != size:
            log.error("object store: %s bytes are there after %d were acknowledged", stat and stat.size, size)
            raise Unavailable("The object store did not keep all bytes; try again.")
        return stat

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


async def _attempt(work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except Unavailable:
        log.warning("object store: the remains of a failed write are left to the sweep")
