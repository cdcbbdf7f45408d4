"""Log files that do not grow without bound."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LIMIT = 16 * 1024 * 1024
"""Bytes after which a log is renamed; with the one copy kept, a log takes twice this at most."""


def open_for_append(path: Path) -> int:
    """A descriptor a child can write to; several writers and :func:`cap` do not harm each other."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def cap(path: Path, limit: int = LIMIT) -> None:
    """Copy a log that grew too long to ``<name>.1`` and empty it in place, because its writer keeps it open.

    Lines written between copy and truncation are lost; nothing but reading by people depends on them. On a full disk
    there is no room for a copy, and what the log has goes.
    """
    if path.exists() and path.stat().st_size > limit:
        copy = path.with_suffix(path.suffix + ".1")
        try:
            shutil.copyfile(path, copy)
        except OSError:
            copy.unlink(missing_ok=True)
        os.truncate(path, 0)


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a log, for the message about a server that failed."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
