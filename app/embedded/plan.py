"""The few settings that the supervisor acts on itself.

API and worker read and check all of them (``app.settings``). Doing that here as
well would cost the supervisor 0.26 s before it starts anything, and 25 MB for
as long as it runs.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.embedded.errors import EmbeddedError, PortTaken
from app.embedded.servers import NAMES

ROOT = Path(__file__).resolve().parents[2]
"""Where ``app`` and ``workers`` are importable from, installed or not."""
_URLS = {"postgres": "MODELYARD_DATABASE_URL", "redis": "MODELYARD_REDIS_URL", "s3": "MODELYARD_S3_URL"}


@dataclass(frozen=True)
class Plan:
    """What ``up`` is to start, and where."""

    data_dir: Path
    host: str
    port: int
    processes: int
    embedded: tuple[str, ...]
    """The servers to start here: those whose URL the environment does not give."""
    environment: Mapping[str, str]
    """For API and worker, without the embedded servers' addresses."""

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Plan:
        """Read the environment; a missing or empty variable takes its default.

        Raises:
            EmbeddedError: a number is none, or outside of its range.
        """
        dropped = {"PYTHONDONTWRITEBYTECODE"}  # later starts are twice as fast with compiled modules
        return cls(
            data_dir=Path(environment.get("MODELYARD_DATA_DIR") or ".modelyard").absolute(),
            host=environment.get("MODELYARD_HOST") or "127.0.0.1",
            port=_number(environment, "MODELYARD_PORT", 8080, 0, 65535),
            processes=_number(environment, "MODELYARD_WEB_CONCURRENCY", 2, 1, 64),
            embedded=tuple(name for name in NAMES if not environment.get(_URLS[name])),
            environment={k: v for k, v in environment.items() if k not in dropped and not k.startswith("PG")},
        )

    def listen(self) -> socket.socket:
        """Bind the API's address here, so that its processes can come and go without refusing a client.

        Raises:
            PortTaken: the address is in use or not ours.
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            return socket.create_server((self.host, self.port), family=family, backlog=2048)
        except OSError as error:
            reason = error.strerror or str(error)
            raise PortTaken(
                f"Cannot listen on {self.host}:{self.port} ({reason}). Choose another port with MODELYARD_PORT, "
                "or another address with MODELYARD_HOST."
            ) from None

    def child_environment(self, embedded: Mapping[str, str], url: str) -> dict[str, str]:
        """Settings for API and worker; what the user set wins, except where it would contradict an embedded server."""
        secret = self.environment.get("MODELYARD_SECRET_KEY") or embedded["MODELYARD_SECRET_KEY"]
        public = self.environment.get("MODELYARD_URL") or url
        settled = {"MODELYARD_SECRET_KEY": secret, "MODELYARD_URL": public, "MODELYARD_DATA_DIR": str(self.data_dir)}
        settled["MODELYARD_EMBEDDED"] = ",".join(self.embedded)
        return {**self.environment, **embedded, **settled}

    def command(self, *arguments: str) -> list[str]:
        """The command line of one of our own processes."""
        return [sys.executable, "-m", "app.cli", *arguments]


def local_url(host: str, port: int) -> str:
    """The address under which this machine reaches a listener; a wildcard is not one."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _number(environment: Mapping[str, str], name: str, default: int, lowest: int, highest: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not lowest <= int(text) <= highest:
        raise EmbeddedError(f"{name} is {text!r}; it must be a whole number from {lowest} to {highest}.")
    return int(text)
