"""Bytes on their way down: files, large ones in stretches side by side, checked before they are put in place."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from modelyard_client import tasks
from modelyard_client.failures import Conflict, Failure, TemporaryFailure
from modelyard_client.service import documents, http
from modelyard_client.service.graphql import Api
from modelyard_client.transfer import hashing
from modelyard_client.transfer.destination import Destination

STRETCH = 16 * 1024 * 1024
"""Bytes of one request; what has arrived of a stretch that breaks off is asked for again."""
LINK_SECONDS = 240.0
"""Links are good for five minutes; after these a new one is asked for."""
_OLD_LINK = frozenset({401, 403, 404, 410})


class CorruptedFile(Failure):
    """The bytes that came are not those that the registry knows."""


@dataclass
class RemoteFile:
    """A file of the registry."""

    id: str
    path: str
    parts: list[str]
    """Where it goes."""
    size: int
    sha256: str
    link: str
    linked_at: float = field(default_factory=time.monotonic)

    @property
    def partial(self) -> str:
        """The name under which it is received."""
        return f"{self.sha256[:32]}-{hashlib.sha256(self.path.encode()).hexdigest()[:16]}"

    @property
    def stretches(self) -> int:
        """How many requests it takes."""
        return -(-self.size // STRETCH)


class Receiver:
    """Receives files into a folder, with ``jobs`` requests at a time."""

    def __init__(self, api: Api, into: Destination, jobs: int, advance: Callable[[int], None]) -> None:
        self._api = api
        self._into = into
        self._jobs = jobs
        self._slots = asyncio.Semaphore(jobs)
        self._advance = advance
        self.received = 0
        self.corrupted: list[str] = []
        """Why files were not put in place."""

    async def receive(self, files: Sequence[RemoteFile]) -> None:
        """Receive all files; a corrupted one does not keep the others from coming.

        Raises:
            Failure: the service refused one, or the folder cannot be written.
            Unreachable: the other side was away for too long.
        """
        waiting = iter(files)
        await tasks.all_of(self._work(waiting) for _ in range(self._jobs))

    async def _work(self, waiting: Iterator[RemoteFile]) -> None:
        for file in waiting:
            try:
                await self._file(file)
            except CorruptedFile as corrupted:
                self.corrupted.append(corrupted.message)
            except OSError as error:
                raise Failure(f"`{file.path}` cannot be written: {error.strerror}.", code="UNWRITABLE") from None

    async def _file(self, file: RemoteFile) -> None:
        with _partial(self._into, file) as (data, marks):
            arrived = os.pread(marks, file.stretches, 0).ljust(file.stretches, b"\0")
            os.ftruncate(data, file.size)
            missing = iter([number for number in range(file.stretches) if not arrived[number]])
            self._advance(sum(_span(file, number)[1] for number in range(file.stretches) if arrived[number]))
            side_by_side = min(self._jobs, file.stretches)
            await tasks.all_of(self._stretches(file, missing, data, marks) for _ in range(side_by_side))
            sha256 = await asyncio.to_thread(_digest, data)
        if sha256 != file.sha256:
            self._forget(file)
            raise CorruptedFile(f"`{file.path}` came with the SHA-256 {sha256} instead of {file.sha256}.")
        self._into.put(file.partial, file.parts)
        self._into.drop_partial(f"{file.partial}.marks")

    def _forget(self, file: RemoteFile) -> None:
        self._into.drop_partial(f"{file.partial}.marks")
        self._into.drop_partial(file.partial)

    async def _stretches(self, file: RemoteFile, missing: Iterator[int], data: int, marks: int) -> None:
        patience, notice = self._api.connection.patience, self._api.notice
        for number in missing:
            async with self._slots:
                await http.retry(partial(self._stretch, file, number, data), patience, notice)
                _write(marks, b"\1", number)

    async def _stretch(self, file: RemoteFile, number: int, data: int) -> None:
        start, size = _span(file, number)
        done = 0
        try:
            async for chunk in self._bytes(file, start, size):
                _write(data, chunk, start + done)
                done += len(chunk)
                self._advance(len(chunk))
        except BaseException:
            self._advance(-done)
            raise
        self.received += size

    async def _bytes(self, file: RemoteFile, start: int, size: int) -> AsyncIterator[bytes]:
        """Exactly these bytes of the file.

        Raises:
            TemporaryFailure: they broke off, or the link was too old.
        """
        link = await self._link(file)
        headers = {"Range": f"bytes={start}-{start + size - 1}"}
        with http.translate_errors(link):
            async with self._api.session.get(link, headers=headers, proxy=http.proxy(link)) as answer:
                http.raise_if_temporary(answer)
                if answer.status in _OLD_LINK:
                    if answer.history:  # the way to the store holds for seconds; the link itself was good
                        raise TemporaryFailure(f"{answer.url.authority} answered {answer.status}")
                    await self._renew(file, link, answer.status)
                _require_stretch(file, answer.status, answer.headers.get("Content-Range", ""), start, size)
                left = size
                async for chunk in answer.content.iter_any():
                    left -= len(chunk)
                    _require_no_more(file, left)
                    yield chunk
        _require_end(file, left)

    async def _link(self, file: RemoteFile) -> str:
        if time.monotonic() - file.linked_at > LINK_SECONDS:
            await self._ask_link(file)
        return file.link

    async def _renew(self, file: RemoteFile, link: str, status: int) -> None:
        """Have the stretch tried again with another link; a fresh one that is refused will not get better."""
        if file.link == link and not await self._ask_link(file):
            raise Failure(f"`{file.path}` was refused with {status}.", code="REFUSED")
        raise TemporaryFailure(f"the link to `{file.path}` was too old")

    async def _ask_link(self, file: RemoteFile) -> bool:
        """Whether the link that was there was old enough to be the reason of a refusal."""
        was_old = time.monotonic() - file.linked_at > LINK_SECONDS / 4
        node = (await self._api.ask(documents.LINK, id=file.id))["node"]
        if not node or not node["downloadUrl"] or node["sha256"] != file.sha256:
            raise Conflict(f"`{file.path}` has been deleted, replaced or quarantined meanwhile.")
        file.link, file.linked_at = node["downloadUrl"], time.monotonic()
        return was_old


@contextmanager
def _partial(into: Destination, file: RemoteFile) -> Iterator[tuple[int, int]]:
    """What is received, and a byte for every stretch of it that has arrived."""
    data = into.open_partial(file.partial)
    try:
        marks = into.open_partial(f"{file.partial}.marks")
        try:
            yield data, marks
        finally:
            os.close(marks)
    finally:
        os.close(data)


def _digest(data: int) -> str:
    os.lseek(data, 0, os.SEEK_SET)
    return hashing.digest(data)


def _span(file: RemoteFile, number: int) -> tuple[int, int]:
    start = number * STRETCH
    return start, min(STRETCH, file.size - start)


def _write(descriptor: int, chunk: bytes, offset: int) -> None:
    rest = memoryview(chunk)
    try:
        while rest:
            count = os.pwrite(descriptor, rest, offset)
            rest, offset = rest[count:], offset + count
    except OSError as error:  # told here, because an OSError of the network may pass and this one will not
        raise Failure(f"What came cannot be written: {error.strerror}.", code="UNWRITABLE") from None


def _require_stretch(file: RemoteFile, status: int, content_range: str, start: int, size: int) -> None:
    is_whole = status == 200 and (start, size) == (0, file.size)
    if (status == 206 and content_range.startswith(f"bytes {start}-{start + size - 1}/")) or is_whole:
        return
    raise Failure(f"`{file.path}` was answered with {status} instead of its bytes from {start} on.", code="REFUSED")


def _require_no_more(file: RemoteFile, left: int) -> None:
    if left < 0:
        raise Failure(f"More bytes of `{file.path}` came than were asked for.", code="REFUSED")


def _require_end(file: RemoteFile, left: int) -> None:
    if left:
        raise TemporaryFailure(f"`{file.path}` broke off")
