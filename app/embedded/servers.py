"""PostgreSQL, Redis and S3 as one thing to start and stop.

For tests and scripts::

    servers = start(directory)               # from the main thread; returns when all three answer
    try:
        for name, value in servers.environment.items():
            monkeypatch.setenv(name, value)  # or os.environ.update(servers.environment)
        settings = Settings.read()
        os.kill(servers.pids["redis"], signal.SIGKILL)
        servers.restart("redis")             # same socket, same password, same data
    finally:
        servers.stop()

The kernel ends the children together with the thread that started them, so a
killed test run leaves nothing behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

from app.embedded import disk
from app.embedded.directory_lock import DirectoryLock
from app.embedded.errors import ServerFailed
from app.embedded.object_store.s3_port import StorePort
from app.embedded.object_store.server import S3_SOCKET, ObjectStore
from app.embedded.postgres_server import PostgresServer
from app.embedded.processes import log_files
from app.embedded.processes.process import Process, stop_all
from app.embedded.redis_server import RedisServer
from app.embedded.state import State, make_private

NAMES = ("redis", "s3", "postgres")
"""In the order of starting: initdb takes a second, in which the others come up."""
_PATIENCE = 60.0
"""Seconds until a server must be ready; the object store sometimes needs twenty."""


class Server(Protocol):
    """What the three servers have in common."""

    name: str

    @property
    def environment(self) -> dict[str, str]:
        """The settings with which API and worker reach it."""

    def prepare(self) -> None:
        """Bring its files in order; returns when it may be started."""

    def start(self) -> Process:
        """Start the program; does not wait until it is ready."""

    def is_ready(self) -> bool:
        """Whether it does its work for a client with our credentials."""

    def clean_up(self) -> None:
        """Remove what it leaves outside of the data directory; called after it has ended."""


class Servers:
    """The embedded servers of one data directory; the directory is locked while this lives."""

    def __init__(self, data_dir: Path, embedded: Collection[str] = NAMES) -> None:
        """Lock the directory and read its state; starts nothing yet.

        Raises:
            AlreadyRunning: another process owns the directory.
            EmbeddedError: a program is missing.
        """
        self.data_dir = make_private(data_dir).resolve()
        for folder in ("run", "log"):
            make_private(self.data_dir / folder)
        self.lock = DirectoryLock(self.data_dir)
        try:
            self.state = State(self.data_dir / "state.json")
            self._servers = {server.name: server for name in NAMES if name in embedded for server in self._make(name)}
        except BaseException:
            self.lock.release()
            raise
        self._processes: dict[str, Process] = {}

    @property
    def environment(self) -> dict[str, str]:
        """Settings of everything that is embedded, complete for ``Settings.read`` when all three are."""
        values = {"MODELYARD_SECRET_KEY": self.state.secret("secret_key")}
        for server in self._servers.values():
            values |= server.environment
        return values

    @property
    def names(self) -> tuple[str, ...]:
        """What is to be started, in this order: those that are embedded, and what they need beside them."""
        return tuple(self._servers)

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name: ``postgres``, ``redis``, ``s3``, and ``s3-port`` where the store's port is forwarded."""
        return {name: process.pid for name, process in self._processes.items()}

    @property
    def processes(self) -> dict[str, Process]:
        """The running children by name."""
        return self._processes

    def launch(self, name: str) -> Process:
        """Start one server without waiting for it; the one that ran before must have ended."""
        server = self._servers[name]
        server.prepare()
        self._processes[name] = server.start()
        return self._processes[name]

    def launch_all(self) -> None:
        """Start all servers; :meth:`wait` tells when they are ready."""
        for name in self._servers:
            self.launch(name)

    def is_ready(self, name: str) -> bool:
        """Whether one server answers a client with our credentials."""
        return self._servers[name].is_ready()

    def wait(
        self,
        *names: str,
        announce: Callable[[str], None] = lambda _: None,
        restart: Callable[[], object] | None = None,
    ) -> None:
        """Return when the named servers (all, if none is named) are ready.

        ``restart`` is called now and then, and starts those again that were ended from outside.

        Raises:
            ServerFailed: one ended or needed more than a minute; the message has the end of its log.
        """
        waiting = list(names or self._servers)
        deadline = time.monotonic() + _PATIENCE
        while waiting:
            if restart is not None:
                restart()
            for name in list(waiting):
                self._require_alive(name, deadline, may_be_killed=restart is not None)
                if self.is_ready(name):
                    waiting.remove(name)
                    announce(name)
            time.sleep(0.02 if waiting else 0)

    def hasten(self) -> None:
        """Have PostgreSQL end at once after a SIGTERM, which asks it to end when its clients have left.

        Ours stay, so it would refuse new ones for ever.
        """
        server, process = self._servers.get("postgres"), self._processes.get("postgres")
        if isinstance(server, PostgresServer) and process is not None and server.is_stopping():
            process.ask_to_stop()

    def restart(self, name: str) -> None:
        """End one server if it still runs, start it again on the same data, and wait until it is ready."""
        self._processes[name].kill()
        self.launch(name)
        self.wait(name)

    def stop(self) -> list[str]:
        """Stop all cleanly and unlock the directory; the names of those that had to be killed."""
        killed = stop_all(self._processes.values())
        for name in self._processes:
            self._servers[name].clean_up()
        self._processes.clear()
        self.lock.release()
        return killed

    def _make(self, name: str) -> list[Server]:
        if name == "postgres":
            return [PostgresServer(self.data_dir, self.state)]
        if name == "redis":
            return [RedisServer(self.data_dir, self.state)]
        store = ObjectStore(self.data_dir, self.state)
        return [store, StorePort(self.data_dir, store, S3_SOCKET)] if store.is_isolated else [store]

    def _require_alive(self, name: str, deadline: float, *, may_be_killed: bool) -> None:
        process = self._processes[name]
        code = process.exit_code()
        if (code is None or (may_be_killed and code <= 0)) and time.monotonic() < deadline:
            return
        what = "did not get ready within a minute" if code is None else f"ended with {code}"
        if disk.is_full(self.data_dir):
            raise ServerFailed(f"{name} {what}, and the disk of {self.data_dir} is full: make room there.")
        raise ServerFailed(f"{name} {what}; {process.program.log} ends with:\n{log_files.tail(process.program.log)}")


def start(data_dir: Path) -> Servers:
    """Start all three servers and return when they are ready; call it from the main thread.

    Raises:
        EmbeddedError: they cannot be started; nothing is left running.
    """
    servers = Servers(data_dir)
    try:
        servers.launch_all()
        servers.wait()
    except BaseException:  # whatever it was, no server may outlive a failed start
        servers.stop()
        raise
    return servers
