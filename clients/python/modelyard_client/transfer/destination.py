"""The folder that files are put into, and nothing outside of it.

Names come from a service and are not trusted. Every step goes from one open directory to the next without following
links, so that neither `..` nor a link (even one that is made meanwhile) leads outside.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from modelyard_client import file_locks
from modelyard_client.failures import Failure
from modelyard_client.transfer import hashing

PARTIAL = ".modelyard-partial"
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff]")
_NO_FOLLOW, _CLOSE_ON_EXEC = getattr(os, "O_NOFOLLOW", 0), getattr(os, "O_CLOEXEC", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_DIRECTORY = _FOLDER | _NO_FOLLOW | _CLOSE_ON_EXEC


def split(path: str) -> list[str]:
    """The parts of a path that the service named.

    Raises:
        Failure: it would lead outside of the folder, or is none.
    """
    parts = path.split("/")
    if any(part in {"", ".", ".."} for part in parts) or parts[0] == PARTIAL or _FORBIDDEN.search(path):
        raise Failure(f"The service names a file {path[:200]!a}, which cannot be put into a folder.", code="BAD_PATH")
    return parts


class Destination:
    """An open folder, locked against other pulls."""

    def __init__(self, root: int, partial: int) -> None:
        self._root = root
        self._partial = partial

    def has(self, parts: list[str], size: int, sha256: str) -> bool:
        """Whether the very file is there already."""
        try:
            with self._parent(parts, make=False) as parent:
                descriptor = os.open(parts[-1], os.O_RDONLY | _NO_FOLLOW | os.O_NONBLOCK, dir_fd=parent)
        except OSError:
            return False
        try:
            facts = os.fstat(descriptor)
            is_same = stat.S_ISREG(facts.st_mode) and facts.st_size == size
            return is_same and hashing.digest(descriptor) == sha256
        finally:
            os.close(descriptor)

    def open_partial(self, name: str) -> int:
        """A descriptor of a file that is being received, with what an earlier run left in it."""
        return os.open(name, os.O_RDWR | os.O_CREAT | _NO_FOLLOW | _CLOSE_ON_EXEC, 0o666, dir_fd=self._partial)

    def drop_partial(self, name: str) -> None:
        """Forget what was received."""
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._partial)

    def put(self, name: str, parts: list[str]) -> None:
        """Move a received file to its path, in one step; what was there is replaced.

        Raises:
            Failure: a folder stands there, or a file or link where a folder has to be.
        """
        try:
            with self._parent(parts, make=True) as parent:
                os.rename(name, parts[-1], src_dir_fd=self._partial, dst_dir_fd=parent)
        except OSError as error:
            where = "/".join(parts)
            raise Failure(f"{where} cannot be put in its place: {error.strerror}.", code="UNWRITABLE") from None

    @contextmanager
    def _parent(self, parts: list[str], *, make: bool) -> Iterator[int]:
        current = os.dup(self._root)
        try:
            for part in parts[:-1]:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=current)
                below = os.open(part, _DIRECTORY, dir_fd=current)
                os.close(current)
                current = below
            yield current
        finally:
            os.close(current)


@contextmanager
def opened(folder: Path) -> Iterator[Destination]:
    """The folder, made if need be. What was received in part stays in it for the next run; an empty rest is removed.

    Raises:
        Failure: it cannot be written, or another pull is at it.
    """
    if os.open not in os.supports_dir_fd:
        raise Failure("Pulling needs a system that opens files relative to folders, such as Linux or macOS.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        root = os.open(folder, _FOLDER)
    except OSError as error:
        raise Failure(f"{folder} cannot be written: {error.strerror}.", code="UNWRITABLE") from None
    try:
        partial = _open_partial(root, folder)
        try:
            yield Destination(root, partial)
        finally:
            os.close(partial)
            with suppress(OSError):
                os.rmdir(PARTIAL, dir_fd=root)
    finally:
        os.close(root)


def _open_partial(root: int, folder: Path) -> int:
    try:
        with suppress(FileExistsError):
            os.mkdir(PARTIAL, 0o700, dir_fd=root)
        partial = os.open(PARTIAL, _DIRECTORY, dir_fd=root)
    except OSError as error:
        raise Failure(f"{folder / PARTIAL} cannot be used: {error.strerror}.", code="UNWRITABLE") from None
    if not file_locks.try_exclusive(partial):
        os.close(partial)
        raise Failure(f"Another pull into {folder} is running; wait for it.", code="BUSY")
    return partial
