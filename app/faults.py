"""Traps at named points, for tests that must see a process die between two given lines. Unset, a point does nothing.

``MODELYARD_FAULTS`` names a directory. A file there that is called like a point holds one action a line; the first
process that comes to the point removes the first line and acts on it, so a process that is started again passes::

    mkdir traps; echo kill > traps/upload.stored; MODELYARD_FAULTS=$PWD/traps make up

``kill`` and ``stop`` send SIGKILL and SIGSTOP to this very process, ``sleep 2.5`` waits so many seconds, ``raise``
fails, ``hold`` waits until ``<point>.reached`` is removed. That file appears with every action and has the PID.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

HELD_AT_MOST = 120.0
_POLL = 0.02
_traps: Path | None = None


class PlannedFault(Exception):
    """A trap said ``raise``."""


def arm(directory: Path | None) -> None:
    """Look for traps in this directory from now on; None: nowhere."""
    global _traps  # noqa: PLW0603 - a process has one set of traps, or, outside of tests, none
    _traps = directory


async def point(name: str) -> None:
    """A moment between two steps at which the process may end.

    Raises:
        PlannedFault: its trap says so.
    """
    if _traps is not None:
        await _spring(_traps, name)


async def _spring(directory: Path, name: str) -> None:
    action, _, argument = _take(directory, name).partition(" ")
    if not action:
        return
    reached, writing = directory / f"{name}.reached", directory / f"{name}.{os.getpid()}"
    writing.write_text(str(os.getpid()))
    writing.rename(reached)
    match action:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "sleep":
            await asyncio.sleep(float(argument))
        case "hold":
            await _held(reached)
        case "raise":
            raise PlannedFault(name)
        case _:
            raise ValueError(f"The trap at {name} says {action!r}; it can kill, stop, sleep, hold or raise.")


def _take(directory: Path, name: str) -> str:
    """The next action of a point, taken away; empty when there is none. Of two processes one gets it."""
    trap, mine = directory / name, directory / f"{name}.{os.getpid()}"
    try:
        trap.rename(mine)
    except FileNotFoundError:
        return ""
    action, *rest = mine.read_text().splitlines() or [""]
    mine.write_text("\n".join(rest))
    if rest:
        mine.rename(trap)
    else:
        mine.unlink()
    return action.strip()


async def _held(reached: Path) -> None:
    end = time.monotonic() + HELD_AT_MOST
    while not _is_released(reached) and time.monotonic() < end:  # noqa: ASYNC110 - another process lets go
        await asyncio.sleep(_POLL)


def _is_released(reached: Path) -> bool:
    return not reached.exists()
