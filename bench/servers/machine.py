"""A Modelyard of its own on this machine, and what its processes take."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from app.embedded import servers as embedded
from app.embedded.processes.process import launch_command

PROCESSES = 2
"""API processes, of every server that is compared."""
_PATIENCE = 60.0
_PAUSE = 0.1
"""Seconds between two looks at the memory of processes."""


@dataclass(frozen=True)
class Machine:
    """A running installation with its store's own credentials."""

    connection: dict[str, str]
    """What ``connection.env`` says."""
    store: dict[str, str]
    """Settings of the object store."""
    processes: dict[str, int]
    """API processes, worker and store, by name."""
    scratch: Path


@contextmanager
def running(prepare: Callable[[embedded.Servers], None] = lambda _: None, **settings: str) -> Iterator[Machine]:
    """Start everything in a temporary directory, the servers first; all of it is gone at the end.

    ``settings`` are variables of the environment, such as ``MODELYARD_TRUSTED_PROXIES``.
    """
    directory = Path(tempfile.mkdtemp(prefix="mybench"))
    servers = embedded.start(directory / "servers")
    try:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MODELYARD_", "MLFLOW_"))}
        prepare(servers)
        data = {"MODELYARD_DATA_DIR": str(directory / "up"), "MODELYARD_PORT": "0"}
        data |= {"MODELYARD_WEB_CONCURRENCY": str(PROCESSES)}
        log = (directory / "up.log").open("wb")
        up = subprocess.Popen(
            launch_command([sys.executable, "-m", "app.cli", "up"], signal.SIGTERM),
            env=kept | servers.environment | data | settings,
            stdout=log,
            stderr=log,
        )
        try:
            connection = _await_connection(directory / "up" / "connection.env", up)
            (directory / "scratch").mkdir()
            processes = _processes(up.pid) | _processes(os.getpid(), "weed")
            yield Machine(connection, dict(servers.environment), processes, directory / "scratch")
        finally:
            up.terminate()
            up.wait(30)
            log.close()
    finally:
        servers.stop()
        shutil.rmtree(directory, ignore_errors=True)


class Effort:
    """What the processes took while the block ran.

    The most memory that each held, as RSS and as PSS (its share of what several have), and processor seconds, which
    tell more than rates do on a machine that has other things to do.
    """

    def __init__(self, processes: dict[str, int]) -> None:
        self._processes = processes
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.rss: dict[str, int] = dict.fromkeys(processes, 0)
        self.pss: dict[str, int] = dict.fromkeys(processes, 0)
        self.cpu: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._before = {name: _cpu(pid) for name, pid in self._processes.items()}
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()
        self.cpu = {name: _cpu(pid) - self._before[name] for name, pid in self._processes.items()}

    def __str__(self) -> str:
        """MiB of the largest API process and of the worker, RSS and PSS; processor seconds of all."""

        def both(prefix: str) -> str:
            names = [name for name in self._processes if name.startswith(prefix)]
            rss, pss = (max(sizes[name] for name in names) / 1024 for sizes in (self.rss, self.pss))
            return f"{rss:.0f}/{pss:.0f}"

        api = sum(seconds for name, seconds in self.cpu.items() if name.startswith("api"))
        rest = {name: seconds for name, seconds in self.cpu.items() if not name.startswith("api")}
        spent = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in rest.items())
        return f"API {both('api')}, worker {both('worker')}; API {api:.1f} s, {spent}"

    def _watch(self) -> None:
        while True:
            for name, pid in self._processes.items():
                if not name.startswith(("api", "worker")):
                    continue
                with suppress(OSError, KeyError):
                    sizes = _sizes(pid)
                    self.rss[name] = max(self.rss[name], sizes["Rss"])
                    self.pss[name] = max(self.pss[name], sizes["Pss"])
            if self._end.wait(_PAUSE):
                return


@dataclass
class Clock:
    """Seconds that a block takes."""

    began: float = field(default_factory=time.perf_counter)
    seconds: float = 0.0

    def __enter__(self) -> Self:
        self.began = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds = time.perf_counter() - self.began


def _await_connection(path: Path, up: subprocess.Popen[bytes]) -> dict[str, str]:
    deadline = time.monotonic() + _PATIENCE
    while not path.exists():
        if up.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("Modelyard did not start.")
        time.sleep(0.1)
    words = [shlex.split(line)[1] for line in path.read_text().splitlines()]
    return dict(word.split("=", 1) for word in words)


def _processes(pid: int, *names: str) -> dict[str, int]:
    """Processes below another by name; API processes and worker, if no names are given."""
    processes: dict[str, int] = {}
    for child in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        name = Path(f"/proc/{child}/comm").read_text().strip()
        processes |= {name: child} if name.startswith(names or ("api", "worker")) else {}
        processes |= {} if names else _processes(child)
    return processes


def _cpu(pid: int) -> float:
    """Seconds that a process has spent on processors."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _sizes(pid: int) -> dict[str, int]:
    """KiB by kind."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
