"""The S3 port of a store that has a network of its own, and HTTP to its sockets."""

from __future__ import annotations

import http.client
import os
import socket
import sys
from pathlib import Path
from typing import Protocol

from app.embedded.processes.process import Process, Program, bare_environment

_SCRIPT = str(Path(__file__).with_name("forward.py"))


class Store(Protocol):
    """The store behind the port."""

    @property
    def port(self) -> int:
        """On which clients of 127.0.0.1 expect it."""

    @property
    def directory(self) -> Path:
        """Where its socket is."""

    def is_ready(self) -> bool:
        """Whether it answers on that port."""


class StorePort:
    """The process that passes connections on; started after the store, which has chosen the port by then."""

    name = "s3-port"

    def __init__(self, data_dir: Path, store: Store, socket_name: str) -> None:
        self._log = data_dir / "log" / "s3-port.log"
        self._store = store
        self._socket_name = socket_name

    @property
    def environment(self) -> dict[str, str]:
        """The store itself says how it is reached."""
        return {}

    def prepare(self) -> None:
        """It keeps nothing."""

    def start(self) -> Process:
        """Start to forward; returns at once."""
        return Process(
            Program(
                name=self.name,
                command=[sys.executable, "-I", "-S", _SCRIPT, str(self._store.port), self._socket_name, self.name],
                log=self._log,
                directory=self._store.directory,
                environment=bare_environment(),
            )
        )

    def is_ready(self) -> bool:
        """Whether the store answers through it."""
        return self._store.is_ready()

    def clean_up(self) -> None:
        """It leaves nothing."""


class SocketConnection(http.client.HTTPConnection):
    """To a socket in a directory, however long the path of that is."""

    def __init__(self, directory: Path, name: str) -> None:
        super().__init__("127.0.0.1", timeout=5)
        self._directory = directory
        self._name = name

    def connect(self) -> None:
        """Connect to the unix socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        if sys.platform != "linux":
            self.sock.connect(str(self._directory / self._name))
            return
        descriptor = os.open(self._directory, os.O_PATH | os.O_DIRECTORY)
        try:
            self.sock.connect(f"/proc/self/fd/{descriptor}/{self._name}")
        finally:
            os.close(descriptor)
