"""Servers of a killed supervisor that are still on their way out."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from app.embedded.errors import EmbeddedError

_DYING = 5.0
"""Seconds that SIGKILL may take to show: the kernel writes back and frees memory first."""


def await_end(binary: Path, directory: Path, patience: float) -> None:
    """Return when no process of this program works in this directory any more.

    Only with the data directory's lock held: a process found then is an orphan. The kernel told it to stop when its
    supervisor died; after ``patience`` seconds it is killed, which all three servers recover from. Where there is no
    procfs the servers' own guards have to do.

    Raises:
        EmbeddedError: one does not even end by that; the message names its PID.
    """
    if sys.platform != "linux":
        return
    started = time.monotonic()
    while pids := _working_in(binary.name, directory.resolve()):
        waited = time.monotonic() - started
        if waited > patience + _DYING:
            listed = ", ".join(map(str, pids))
            raise EmbeddedError(f"{binary.name} of an earlier start still works in {directory} (PID {listed}); end it.")
        if waited > patience:
            _kill(pids)
        time.sleep(0.05)


def _working_in(name: str, directory: Path) -> list[int]:
    processes = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [int(process.name) for process in processes if _works(process, name, directory)]


def _works(process: Path, name: str, directory: Path) -> bool:
    try:
        return (process / "cwd").readlink() == directory and (process / "exe").readlink().name == name
    except OSError:
        return False  # it ended meanwhile, or belongs to another user


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
