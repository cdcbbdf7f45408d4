"""Servers of a killed supervisor that are still on their way out."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from app.embedded.errors import EmbeddedError

_PATIENCE = 15.0
"""Seconds; an orphan was told to stop by the kernel when its supervisor died and needs about two."""


def await_end(binary: Path, directory: Path) -> None:
    """Return when no process of this program works in this directory any more.

    Only with the data directory's lock held: then whoever is found is an orphan.
    Where there is no procfs the servers' own guards have to do.

    Raises:
        EmbeddedError: one stays; the message names its PID.
    """
    if sys.platform != "linux":
        return
    deadline = time.monotonic() + _PATIENCE
    while found := _working_in(binary.name, directory):
        if time.monotonic() > deadline:
            pids = ", ".join(map(str, found))
            raise EmbeddedError(f"{binary.name} of an earlier start still works in {directory} (PID {pids}); end it.")
        time.sleep(0.05)


def _working_in(name: str, directory: Path) -> list[int]:
    target = directory.resolve()
    processes = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [int(process.name) for process in processes if _works(process, name, target)]


def _works(process: Path, name: str, target: Path) -> bool:
    try:
        return (process / "cwd").readlink() == target and (process / "exe").readlink().name == name
    except OSError:
        return False  # it ended meanwhile, or belongs to somebody else
