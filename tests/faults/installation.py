"""A real installation under its own supervisor: all parts are processes of their own, which may be killed by PID."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx

from app.settings import Settings
from tests.support.embedded import processes

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
APIS = ("api 1", "api 2")


class Trap:
    """A named point at which the next process that comes is held, or ended."""

    def __init__(self, directory: Path, point: str, action: str) -> None:
        self._armed, self._reached = directory / point, directory / f"{point}.reached"
        self._reached.unlink(missing_ok=True)
        self._armed.write_text(action)

    async def reached(self) -> int:
        """Wait until a process is there; its PID."""
        await until(self._reached.exists, f"no process came to {self._armed.name}")
        return int(self._reached.read_text())

    def release(self) -> None:
        """Let the process go that is held, and disarm the trap."""
        self._armed.unlink(missing_ok=True)
        self._reached.unlink(missing_ok=True)


class Installation:
    """``modelyard up`` in a directory of its own. Only its supervisor starts anything again."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self._more = environment
        self.data_dir, self._traps = directory / "data", directory / "traps"
        self._traps.mkdir(parents=True, exist_ok=True)
        self._output = directory / "up.txt"
        self.popen: subprocess.Popen[bytes] | None = None
        self._second: subprocess.Popen[bytes] | None = None
        self._stored: dict[str, str] = {}

    def start(self) -> None:
        """Start it; wait for :meth:`ready`."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MODELYARD_")}
        chosen = {
            "MODELYARD_DATA_DIR": str(self.data_dir),
            "MODELYARD_WITHOUT_PAGES": "1",
            "MODELYARD_PORT": self._port(),
            "MODELYARD_WEB_CONCURRENCY": str(len(APIS)),
            "MODELYARD_FAULTS": str(self._traps),
            "MODELYARD_CI_PRIVATE_HOSTS": "127.0.0.1",
            # What is deleted is purged at once: a purge that waits for a month could not be killed half-way.
            "MODELYARD_RESTORE_DAYS": "0",
            **self._more,
        }
        with self._output.open("ab") as output:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "up"], cwd=ROOT, env=kept | chosen, stdout=output, stderr=output
            )

    async def start_again(self, number: signal.Signals) -> None:
        """End the supervisor, and start another one at the same address as soon as nothing is left of the first."""
        assert self.popen is not None
        everything = [] if self.has_ended else self.pids()
        self.popen.send_signal(number)
        await asyncio.to_thread(self.popen.wait)
        await asyncio.to_thread(processes.await_end, everything, 30)
        self.start()

    @property
    def has_ended(self) -> bool:
        """Whether the supervisor is not there any more."""
        return self.popen is None or self.popen.poll() is not None

    def _port(self) -> str:
        """A free one the first time, and then the same."""
        exists = (self.data_dir / "connection.env").exists()
        return self.connection["MODELYARD_URL"].rpartition(":")[2] if exists else "0"

    async def ready(self, patience: float = PATIENCE) -> None:
        """Wait until the API answers and says so."""
        connection = self.data_dir / "connection.env"
        await until(connection.exists, f"it did not start: {self._output}")
        async with httpx.AsyncClient(base_url=self.connection["MODELYARD_URL"], timeout=5) as client:
            end = time.monotonic() + patience
            while True:
                try:
                    if (await client.get("/health/ready")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                assert time.monotonic() < end, "it did not get ready again"
                await asyncio.sleep(0.05)

    @property
    def connection(self) -> dict[str, str]:
        lines = (self.data_dir / "connection.env").read_text().splitlines()
        return dict(line.removeprefix("export ").split("=", 1) for line in lines)

    def settings(self) -> Settings:
        """How to reach its servers, for checks behind its back; without its traps."""
        name = "MODELYARD_"
        settings = {key.removeprefix(name).lower(): value for key, value in self._environment().items() if name in key}
        settings.pop("faults", None)
        return Settings(**settings)

    def trap(self, point: str, action: str = "hold") -> Trap:
        return Trap(self._traps, point, action)

    def pids(self, *names: str) -> list[int]:
        """Running processes of these names (all, if none is named), oldest first."""
        if self.popen is None or self.has_ended:
            return []
        running = processes.descendants(self.popen.pid)
        return sorted(pid for pid, name in running.items() if not names or name in names)

    def kill(self, *names: str) -> None:
        """Kill -9; of servers with many processes of one name the first one, which the others follow."""
        for name in names:
            if running := self.pids(name):
                os.kill(running[0], signal.SIGKILL)

    def signal(self, number: signal.Signals, name: str) -> int:
        (pid,) = self.pids(name)
        os.kill(pid, number)
        return pid

    def send(self, number: signal.Signals, name: str) -> int:
        """Send a signal to the oldest process of a name.

        Raises:
            IndexError: none runs.
        """
        pid = self.pids(name)[0]
        os.kill(pid, number)
        return pid

    def continue_(self, pid: int) -> None:
        """End a pause, if it still lives."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def start_second_worker(self) -> None:
        """A worker beside the one of the supervisor, as on another machine."""
        log = (self.data_dir / "log" / "second-worker.log").open("ab")
        with log:
            self._second = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "worker"], cwd=ROOT, env=self._environment(), stdout=log, stderr=log
            )

    def stop_second_worker(self) -> None:
        if self._second is not None:
            self._second.kill()
            self._second.wait()
            self._second = None

    def log(self, *names: str) -> str:
        return "".join((self.data_dir / "log" / f"{name}.log").read_text(errors="replace") for name in names)

    def stop(self) -> None:
        """End it, and everything that it has started."""
        self.stop_second_worker()
        if self.popen is None:
            return
        everything = self.pids()
        self.popen.terminate()
        try:
            self.popen.wait(20)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        processes.await_end(everything, 20)
        self.popen = None

    def _environment(self) -> dict[str, str]:
        """What API and worker were started with."""
        if not self._stored:
            (family,) = self.pids("python")
            pairs = Path(f"/proc/{family}/environ").read_bytes().decode().split("\0")
            self._stored = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        return self._stored


async def until(condition: Callable[[], bool], message: str, seconds: float = PATIENCE) -> None:
    """Wait for a condition to come true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, message
        await asyncio.sleep(0.02)
