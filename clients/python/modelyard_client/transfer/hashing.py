"""SHA-256 of files, in threads: the hash lets go of the interpreter, so that processors work side by side."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
import unicodedata
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from modelyard_client.failures import Failure
from modelyard_client.transfer.local_files import LocalFile

CHUNK = 1024 * 1024
_THREADS = min(8, os.cpu_count() or 1)


@dataclass(frozen=True)
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
            for file, digest_of in zip(files, waiting):
                yield Hashed(file, await digest_of)
        finally:
            stop.set()  # the interpreter waits for its threads before it ends
            pool.shutdown(wait=False, cancel_futures=True)


def distinct(files: Sequence[Hashed]) -> tuple[list[Hashed], list[Hashed]]:
    """The first file of each content, and the others, both in their order."""
    first: dict[tuple[str, int], Hashed] = {}
    copies = [one for one in files if first.setdefault((one.sha256, one.file.size), one) is not one]
    return list(first.values()), copies


def manifest(files: Sequence[Hashed]) -> str:
    """The digest over path, size and SHA-256 of all files (``ModelVersionCheckInput.manifest`` of the API)."""
    by_name = {unicodedata.normalize("NFC", one.file.name).encode(): one for one in files}
    lines = [b"%s\t%d\t%s" % (name, by_name[name].file.size, by_name[name].sha256.encode()) for name in sorted(by_name)]
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def _digest(file: LocalFile, advance: Callable[[int], None]) -> str:
    try:
        return digest(file.path, advance)
    except OSError as error:
        raise Failure(f"{file.path} cannot be read: {error.strerror}.", code="UNREADABLE") from None
