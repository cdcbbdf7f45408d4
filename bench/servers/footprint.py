"""Memory of all processes of a server, and the time from its start until it answers."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.embedded.application import answers_ready
from bench.servers import peers
from bench.servers.machine import PROCESSES, Clock, Machine
from bench.servers.peers import ROOT, Peer
from bench.servers.processors import tree
from bench.servers.started import free_port, started

_MIB = 1024


@dataclass(frozen=True)
class Fact:
    """Something that takes less the better it is."""

    name: str
    title: str
    unit: str
    theirs: float | None
    ours: float
    floor: float
    aim: float
    is_absolute: bool = False
    """The goals are amounts, not ratios."""

    @property
    def ratio(self) -> float | None:
        """How many times as much the other one takes."""
        return self.theirs / self.ours if self.theirs is not None else None

    def reaches(self, goal: float) -> bool | None:
        """Whether a goal is reached; None if that cannot be said."""
        if self.is_absolute:
            return self.ours <= goal
        return None if self.ratio is None else self.ratio >= goal


def memory(servers: list[Peer]) -> dict[str, float]:
    """MiB by the name of the server, as PSS: what processes share is divided among them.

    Ours is everything that `up` starts: PostgreSQL, Valkey and the store too. The other one is its own processes alone.
    """
    sizes: dict[str, float] = {}
    theirs = {pid for peer in servers if not peer.is_ours for root in peer.processes for pid in tree(root)}
    for peer in servers:
        pids = theirs if not peer.is_ours else {pid for pid in tree(os.getpid())[1:] if pid not in theirs}
        sizes[peer.name] = sum(_pss(pid) for pid in pids if not peer.is_ours or not _is_of_mlflow(pid)) / _MIB
    return sizes


def our_start() -> float:
    """Seconds until `up` is ready, with a data directory that it has filled before."""
    with tempfile.TemporaryDirectory(prefix="mystart", ignore_cleanup_errors=True) as directory:
        seconds = 0.0
        for _ in range(2):
            port, folder = free_port(), Path(directory)
            where = {"MODELYARD_DATA_DIR": str(folder / "up"), "MODELYARD_PORT": str(port)}
            where |= {"MODELYARD_WEB_CONCURRENCY": str(PROCESSES), "PYTHONPATH": str(ROOT)}
            command = [sys.executable, "-m", "app.cli", "up"]
            url = f"http://127.0.0.1:{port}"

            def is_ready(url: str = url) -> bool:
                return answers_ready(url)

            with Clock() as clock:
                running = started(command, folder, folder / "up.log", is_ready, **where)
                running.__enter__()
            running.__exit__(None, None, None)
            seconds = clock.seconds
        return seconds


def their_start(machine: Machine, url: str) -> float:
    """Seconds until `mlflow server` answers, with a database that it has migrated before."""
    with Clock() as clock:
        running = peers.serving(machine, url)
        running.__enter__()
    running.__exit__(None, None, None)
    return clock.seconds


def _pss(pid: int) -> int:
    """KiB."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def _is_of_mlflow(pid: int) -> bool:
    """A connection of PostgreSQL with the other server's database."""
    with suppress(OSError):
        return f" {peers.DATABASE} " in Path(f"/proc/{pid}/cmdline").read_text()
    return False
