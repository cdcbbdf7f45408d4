"""Bytes on their way up: parts of files, several at once, straight from the disk."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from modelyard_client import tasks
from modelyard_client.failures import Failure, QuotaExceeded
from modelyard_client.service import http
from modelyard_client.service.graphql import Api
from modelyard_client.transfer import uploads
from modelyard_client.transfer.local_files import LocalFile, read_at
from modelyard_client.transfer.uploads import Part, Upload

CHUNK = 1024 * 1024
_VIA_STORE = "&via=store"
"""How addresses end that are to be asked first: for the store, where the bytes are to go."""
_ELSEWHERE = 307
_GONE = frozenset({403, 404, 409, 410})
"""Answers that mean: the upload is over, or its links are too old."""
_FULL = 507


@dataclass
class Sent:
    """What became of sending."""

    changed: set[str] = field(default_factory=set)
    """Names of files that are not what they were."""
    gone: set[str] = field(default_factory=set)
    """Names of files whose uploads take no parts any more."""
    bytes: int = 0
    parts: int = 0


class Sender:
    """Sends what is missing of some uploads, ``jobs`` parts at a time."""

    def __init__(self, api: Api, jobs: int, advance: Callable[[int], None]) -> None:
        self._api = api
        self._jobs = jobs
        self._advance = advance
        self.sent = Sent()

    async def send(self, work: Sequence[tuple[LocalFile, Upload]]) -> None:
        """Send all missing parts of all files.

        Raises:
            Failure: a part was refused.
            Unreachable: the other side was away for too long.
        """
        queue: asyncio.Queue[tuple[LocalFile, Part] | None] = asyncio.Queue(2 * self._jobs)
        await tasks.all_of([self._list(work, queue), *(self._work(queue) for _ in range(self._jobs))])

    async def _list(
        self, work: Sequence[tuple[LocalFile, Upload]], queue: asyncio.Queue[tuple[LocalFile, Part] | None]
    ) -> None:
        for file, upload in work:
            end = 0
            async for part in _missing(self._api, upload):
                _require_within(file, part)
                self._advance(part.offset - end)  # what lies between has arrived before
                end = part.offset + part.size
                await queue.put((file, part))
            self._advance(file.size - end)
        for _ in range(self._jobs):
            await queue.put(None)

    async def _work(self, queue: asyncio.Queue[tuple[LocalFile, Part] | None]) -> None:
        while (item := await queue.get()) is not None:
            if item[0].name not in self.sent.changed | self.sent.gone:
                await http.retry(partial(self._put, *item), self._api.connection.patience, self._api.notice)

    async def _put(self, file: LocalFile, part: Part) -> None:
        body = _Body(file, part, self._advance)
        status, text = 0, ""
        try:
            status, text = await self._request(part, body)
        finally:
            if status != 200:
                self._advance(-body.sent)
        if body.changed:
            self.sent.changed.add(file.name)
        elif status in _GONE:
            self.sent.gone.add(file.name)
        elif status == _FULL:
            raise QuotaExceeded(f"`{file.name}` was not stored: {_message(text)}", code="STORAGE_FULL")
        elif status != 200:
            raise Failure(f"`{file.name}` was refused with {status}: {text[:300]}", code="REFUSED")
        else:
            self.sent.bytes += part.size
            self.sent.parts += 1

    async def _request(self, part: Part, body: _Body) -> tuple[int, str]:
        asks = part.url.endswith(_VIA_STORE)
        with http.translate_errors(part.url):
            try:
                async with body.deadline:
                    status, text = await self._send(part.url, part, body, asks=asks)
                    if asks and status == _ELSEWHERE:
                        status, text = await self._send(text, part, body, asks=False)
                    return status, text
            except Exception:
                if body.changed:
                    return 0, ""
                raise

    async def _send(self, url: str, part: Part, body: _Body, *, asks: bool) -> tuple[int, str]:
        """Status and text of the answer; who ``asks`` sends nothing before, and may be told another address instead."""
        headers = {"Content-Length": str(part.size), "Content-Type": "application/octet-stream"}
        with http.translate_errors(url):
            async with self._api.session.put(
                url,
                data=body.chunks(),
                headers=headers,
                proxy=http.proxy(url),
                allow_redirects=False,
                expect100=asks,
            ) as answer:
                http.raise_if_temporary(answer)
                if asks and answer.status == _ELSEWHERE:
                    return answer.status, answer.headers.get("Location", "")
                return answer.status, "" if answer.status == 200 else (await answer.text(errors="replace"))


class _Body:
    """One part while it is sent."""

    def __init__(self, file: LocalFile, part: Part, advance: Callable[[int], None]) -> None:
        self._file, self._part, self._advance = file, part, advance
        self.deadline = tasks.timeout(http.IDLE_SECONDS)
        self.sent = 0
        self.changed = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes. Ends early, and sets ``changed``, when the file is not what it was."""
        loop = asyncio.get_running_loop()
        try:
            descriptor = os.open(self._file.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError:
            self.changed = True
            raise
        try:
            while self.sent < self._part.size:
                count = min(CHUNK, self._part.size - self.sent)
                chunk = await asyncio.to_thread(read_at, descriptor, count, self._part.offset + self.sent)
                if not chunk or self._file.has_changed():
                    self.changed = True
                    raise EOFError
                self.sent += len(chunk)
                self._advance(len(chunk))
                yield chunk
                tasks.put_off(self.deadline, loop.time() + http.IDLE_SECONDS)
        finally:
            os.close(descriptor)


async def _missing(api: Api, upload: Upload) -> AsyncIterator[Part]:
    """The parts that the service does not have, a page at a time."""
    last = 0
    for part in upload.parts:
        last = part.number
        yield part
    while last < upload.part_count:
        page = await uploads.missing_parts(api, upload.id, last)
        if not page:
            return
        for part in page:
            last = part.number
            yield part


def _message(answer: str) -> str:
    """What an answer in JSON says; a store that is asked itself says it in a language of its own."""
    try:
        return str(json.loads(answer)["message"])
    except (ValueError, KeyError, TypeError):
        return "there is no room left to store it; delete what is not needed, or have the operator make room."


def _require_within(file: LocalFile, part: Part) -> None:
    if part.offset < 0 or part.size < 1 or part.offset + part.size > file.size:
        raise Failure(f"The service asks for a part of `{file.name}` that it does not have.", code="REFUSED")
