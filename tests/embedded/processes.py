"""What the kernel knows about processes and their sockets."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

LISTENING, ESTABLISHED = "0A", "01"


def is_alive(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(pid: int) -> dict[int, str]:
    """Names (``ps -o comm``) of children and their children by PID."""
    found = {}
    for child in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        try:
            found |= {child: Path(f"/proc/{child}/comm").read_text().strip()} | descendants(child)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def await_end(pids: Iterable[int], seconds: float = 10) -> None:
    """Return when none of them runs; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    waiting = list(pids)
    while waiting := [pid for pid in waiting if is_alive(pid)]:
        assert time.monotonic() < deadline, f"still running: {waiting}"
        time.sleep(0.02)


def listening_addresses(pid: int) -> set[str]:
    """IP addresses on which a process accepts TCP connections."""
    return {_address(local.split(":")[0]) for local in _sockets(pid, LISTENING)}


def connections(pid: int, port: int) -> int:
    """How many clients of this local port a process has accepted."""
    return sum(int(local.split(":")[1], 16) == port for local in _sockets(pid, ESTABLISHED))


def _sockets(pid: int, state: str) -> list[str]:
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            inodes.add(str(descriptor.readlink()))
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return [row[1] for row in rows if row[3] == state and f"socket:[{row[9]}]" in inodes]


def _address(text: str) -> str:
    words = [bytes.fromhex(text[i : i + 8])[::-1] for i in range(0, len(text), 8)]
    return str(ipaddress.ip_address(b"".join(words)))
