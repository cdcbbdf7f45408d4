"""A small file that only its owner may read, replaced in one step, changed by one process at a time."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from modelyard_client import file_locks
from modelyard_client.failures import Failure, Misused

_LARGEST = 1024 * 1024
"""Bytes; thousands of profiles."""


def folder(environment: Mapping[str, str]) -> Path:
    """Where settings of this command are kept (XDG Base Directory Specification; ``%APPDATA%`` on Windows)."""
    base = environment.get("XDG_CONFIG_HOME") or ""
    if os.name == "nt" and not base:
        base = environment.get("APPDATA") or ""
    return (Path(base) if os.path.isabs(base) else _home(environment) / ".config") / "modelyard"  # noqa: PTH117


def read(path: Path) -> Any:
    """What is in it; None if there is no such file.

    Raises:
        Misused: others may read or change it, it belongs to another user, or it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Misused(f"{path} cannot be read: {error.strerror}.") from None
    try:
        _require_private(path, os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    with os.fdopen(descriptor, "rb") as stream:
        try:
            return json.loads(stream.read(_LARGEST))
        except (ValueError, RecursionError, OSError):
            raise Misused(f"{path} is damaged. Remove it and run `modelyard login` again.") from None


def write(path: Path, value: Any) -> None:
    """Replace it, with mode 0600; a reader sees the old or the new contents.

    Raises:
        Failure: it cannot be written.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(value, stream, indent=2)
                stream.write("\n")
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)  # noqa: PTH105
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
            raise
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}.", code="UNWRITABLE") from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from changing it meanwhile. Makes its folder, with mode 0700, if there is none.

    Raises:
        Failure: the folder cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        raise Failure(f"{path.parent} cannot be written: {error.strerror}.", code="UNWRITABLE") from None
    try:
        file_locks.exclusive(lock)
        yield
    finally:
        os.close(lock)


def _require_private(path: Path, facts: os.stat_result) -> None:
    if os.name == "nt":  # access lists of the profile folder decide there
        return
    if not stat.S_ISREG(facts.st_mode):
        raise Misused(f"{path} is not a file.")
    if facts.st_uid not in {os.geteuid(), 0}:
        raise Misused(f"{path} belongs to another user, so its tokens are not used.")
    if facts.st_mode & 0o077:
        mode = f"{stat.S_IMODE(facts.st_mode):04o}"
        raise Misused(f"{path} has mode {mode}, so others may read its tokens. Run `chmod 600 {path}`.")


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment["HOME"]) if environment.get("HOME") else Path.home()
