"""SHA-256 of files, in threads: the hash lets go of the interpreter, so that processors work side by side."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from app.client.failures import Failure
from app.client.files import LocalFile

CHUNK = 1024 * 1024
_THREADS = min(8, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class Hashed:
    """A file and what was in it."""

    file: LocalFile
    sha256: str


def digest(path: Path | int, advance: Callable[[int], None] = lambda _: None) -> str:
    """The SHA-256 of a file, by path or open descriptor; ``advance`` is told of bytes, from whatever thread runs this.

    Raises:
        OSError: it cannot be read.
    """
    hasher, buffer = hashlib.sha256(), memoryview(bytearray(CHUNK))
    with open(path, "rb", buffering=0, closefd=not isinstance(path, int)) as stream:
        while count := stream.readinto(buffer):
            hasher.update(buffer[:count])
            advance(count)
    return hasher.hexdigest()


async def hashed(files: Sequence[LocalFile], advance: Callable[[int], None]) -> AsyncIterator[Hashed]:
    """The files with their hashes, in their order. ``advance`` is called in the event loop's thread.

    Raises:
        Failure: a file cannot be read.
    """
    loop = asyncio.get_running_loop()

    stop = threading.Event()

    def told(count: int) -> None:
        if stop.is_set():
            raise InterruptedError
        loop.call_soon_threadsafe(advance, count)

    with ThreadPoolExecutor(_THREADS, "hash") as pool:
        waiting = [loop.run_in_executor(pool, _digest, file, told) for file in files]
        try:
            for file, digest_of in zip(files, waiting, strict=True):
                yield Hashed(file, await digest_of)
        finally:
            stop.set()  # the interpreter waits for its threads before it ends
            pool.shutdown(wait=False, cancel_futures=True)


def _digest(file: LocalFile, advance: Callable[[int], None]) -> str:
    try:
        return digest(file.path, advance)
    except OSError as error:
        raise Failure(f"{file.path} cannot be read: {error.strerror}.", code="UNREADABLE") from None
