"""The Redis that carries the queue."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from urllib.parse import quote

from app.embedded.processes import binaries, leftovers, ports
from app.embedded.processes.process import Process, Program, bare_environment
from app.embedded.state import State, make_private, write_private


class RedisServer:
    """Valkey with an append-only file, reached by a unix socket that only we may open."""

    name = "redis"

    def __init__(self, data_dir: Path, state: State) -> None:
        self._binary = binaries.redis_server()
        self._directory = make_private(data_dir / "redis")
        self._socket = data_dir / "run" / "redis.sock"
        self._log = data_dir / "log" / "redis.log"
        self._state = state
        self._password = state.secret("redis_password")
        self._port = 0

    @property
    def environment(self) -> dict[str, str]:
        """The settings with which API and worker reach it."""
        address = f"{self._socket}?db=0" if self._by_socket else f"127.0.0.1:{self._port}/0"
        scheme = "unix" if self._by_socket else "redis"
        return {"MODELYARD_REDIS_URL": f"{scheme}://:{self._password}@{address}"}

    def prepare(self) -> None:
        """Write the configuration; the password stays out of the process list."""
        leftovers.await_end(self._binary, self._directory, patience=2.0)
        listen = f'port 0\nunixsocket "{self._socket}"\nunixsocketperm 700'
        if not self._by_socket:
            self._port = self._port or self._choose_port()
            listen = f"bind 127.0.0.1\nport {self._port}"
        lines = [
            listen,
            f"requirepass {self._password}",
            "appendonly yes",
            "appendfsync everysec",
            # A full queue must refuse, never forget.
            "maxmemory-policy noeviction",
            'save ""',
            "databases 16",
        ]
        write_private(self._directory / "server.conf", "\n".join(lines) + "\n")

    def start(self) -> Process:
        """Start the server; returns before it is ready."""
        return Process(
            Program(
                name=self.name,
                command=[str(self._binary), "server.conf"],
                log=self._log,
                directory=self._directory,
                environment=bare_environment(),
            )
        )

    def is_ready(self) -> bool:
        """Whether it answers PING with our password; while it loads its file it answers -LOADING."""
        family = socket.AF_UNIX if self._by_socket else socket.AF_INET
        address = str(self._socket) if self._by_socket else ("127.0.0.1", self._port)
        try:
            with socket.socket(family, socket.SOCK_STREAM) as connection:
                connection.settimeout(2)
                connection.connect(address)
                connection.sendall(f"AUTH {self._password}\r\nPING\r\nQUIT\r\n".encode())
                answer = b"".join(iter(lambda: connection.recv(4096), b""))
        except OSError:
            return False
        return b"+PONG" in answer

    def clean_up(self) -> None:
        """All of it is in the data directory."""

    @property
    def _by_socket(self) -> bool:
        """Not where the path is too long, or would need quoting that Redis clients do not undo."""
        path = str(self._socket)
        return len(os.fsencode(path)) <= ports.LONGEST_SOCKET_PATH and quote(path) == path

    def _choose_port(self) -> int:
        saved = self._state.get("redis_port")
        port = saved if saved and ports.is_free(saved) else ports.choose_block(1)
        self._state.remember(redis_port=port)
        return int(port)
