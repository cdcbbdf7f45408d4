"""What a push remembers between two starts of the same command, so that the second goes on where the first broke.

Nothing in it is secret: no token, and no link (which is as good as one). It is replaced in one step whenever
something happened that would be a pity to lose.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Optional
from uuid import uuid4

from modelyard_client import file_locks
from modelyard_client.failures import Failure

_FORMAT = 1
_PAUSE = 1.0
"""Seconds between two writes that may wait."""


@dataclass
class RememberedFile:
    """A file of a push."""

    size: int
    mtime: int
    sha256: str
    upload: str | None = None
    """The id of its upload, once there is one."""


@dataclass
class ResumeState:
    """One push: which version it makes, and which upload each file became."""

    path: Path
    push: str = field(default_factory=lambda: uuid4().hex)
    """Its own name; the version is tagged with it, so that it is found again if the answer got lost."""
    requested: bool = False
    """Whether a version has been asked for."""
    version: str | None = None
    """The id of the version."""
    files: dict[str, RememberedFile] = field(default_factory=dict)
    logged: Optional[str] = None
    """The digest of what was logged to its candidate."""
    resumed: bool = False
    """Whether an earlier run left something."""
    _written: float = 0.0

    def save(self) -> None:
        """Write it down now."""
        text = json.dumps(
            {
                "format": _FORMAT,
                "push": self.push,
                "asked": self.requested,
                "version": self.version,
                "logged": self.logged,
                "files": {name: asdict(file) for name, file in self.files.items()},
            }
        )
        temporary = self.path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(self.path)
        self._written = time.monotonic()

    def save_now_and_then(self) -> None:
        """Write it down unless that was done a moment ago."""
        if time.monotonic() - self._written > _PAUSE:
            self.save()

    def begin_anew(self) -> None:
        """Forget everything: the next version is another one."""
        self.push, self.requested, self.version, self.resumed = uuid4().hex, False, None, False
        self.logged = None
        self.files.clear()
        self.save()

    def forget(self) -> None:
        """The push is complete; nothing is left to remember."""
        self.path.unlink(missing_ok=True)
        self.path.with_suffix(".lock").unlink(missing_ok=True)


def folder(environment: Mapping[str, str]) -> Path:
    """Where pushes are remembered (XDG Base Directory Specification)."""
    base = environment.get("XDG_CACHE_HOME") or ""
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "modelyard" / "push"


@contextmanager
def remembered(directory: Path, key: Mapping[str, Any]) -> Iterator[ResumeState]:
    """The memory of the push that ``key`` describes; no other process has it at the same time.

    Raises:
        Failure: the same push runs already, or the directory cannot be written.
    """
    name = hashlib.sha256(json.dumps(key, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(directory / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Failure(f"{directory} cannot be written: {error.strerror}; set XDG_CACHE_HOME.") from None
    try:
        _take(lock, directory / f"{name}.lock")
        yield _read(directory / f"{name}.json")
    finally:
        os.close(lock)


def _take(lock: int, path: Path) -> None:
    """Lock it; a process that forgets a push removes the file, so it must still be there."""
    with suppress(FileNotFoundError):
        if file_locks.try_exclusive(lock) and os.fstat(lock).st_ino == path.stat().st_ino:
            return
    raise Failure("The same push runs in another process; wait for it.", code="BUSY")


def _read(path: Path) -> ResumeState:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["format"] != _FORMAT:
            return ResumeState(path)
        files = {name: RememberedFile(**file) for name, file in kept["files"].items()}
        return ResumeState(path, kept["push"], kept["asked"], kept["version"], files, kept.get("logged"), resumed=True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ResumeState(path)
