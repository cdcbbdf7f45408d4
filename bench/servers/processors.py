"""Who used the processors meanwhile: a server, PostgreSQL, the clients, or other programs on this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.clients.load import Round

_QUIET = 0.15
"""So many processor seconds in one are nothing."""
_TICK = os.sysconf("SC_CLK_TCK")


class Watch:
    """Processor seconds while the block ran."""

    def __init__(self, server: tuple[int, ...]) -> None:
        self._server = server

    def __enter__(self) -> Self:
        self._began, self._before = time.perf_counter(), self._look()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._seconds = time.perf_counter() - self._began
        self._spent = [after - before for after, before in zip(self._look(), self._before, strict=True)]

    def told(self, one: Round) -> Round:
        """The round with what was seen."""
        server, family, machine = self._spent
        return replace(one, processor=server, others=max(0.0, machine - family) / self._seconds)

    def _look(self) -> tuple[float, float, float]:
        """The server with PostgreSQL; all that this process started, and itself; the whole machine."""
        postgres = [pid for pid in children(os.getpid()) if _name(pid) == "postgres"]
        server = sum(tree_seconds(pid) for pid in (*self._server, *postgres))
        first = Path("/proc/stat").read_text().partition("\n")[0].split()
        user, nice, system, _idle, _wait, irq, softirq = map(int, first[1:8])
        return server, tree_seconds(os.getpid()), (user + nice + system + irq + softirq) / _TICK


def settle(servers: Iterable[tuple[int, ...]], patience: float = 60.0) -> None:
    """Return when servers have nothing to do any more; `mlflow server` goes on starting when it answers already."""
    roots, deadline = [pid for processes in servers for pid in processes], time.monotonic() + patience
    quiet, before = 0, sum(map(tree_seconds, roots))
    while quiet < 2 and time.monotonic() < deadline:
        time.sleep(1)
        now = sum(map(tree_seconds, roots))
        quiet, before = quiet + 1 if now - before < _QUIET else 0, now


def children(pid: int) -> list[int]:
    """Processes that another has started and that still run."""
    children: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += map(int, (task / "children").read_text().split())
    return children


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    return [pid, *(below for child in children(pid) for below in tree(child))]


def tree_seconds(pid: int) -> float:
    """Processor seconds of a process, of all below it, and of those below it that have ended."""
    total = 0
    for one in tree(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))
    return total / _TICK


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""
