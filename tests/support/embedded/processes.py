"""What the kernel knows about processes and their sockets."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

LISTENING, ESTABLISHED = "0A", "01"
ACCEPTING = "00010000"
"""``__SO_ACCEPTCON`` of the kernel, as /proc/net/unix shows it."""


def is_alive(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(pid: int) -> dict[int, str]:
    """Names (``ps -o comm``) of children and their children by PID."""
    names = {}
    for child in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        try:
            names |= {child: Path(f"/proc/{child}/comm").read_text().strip()} | descendants(child)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return names


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


def tcp_ports(pid: int) -> set[int]:
    """Ports on which a process listens, in its own network if it has one; none once it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return {int(local.split(":")[1], 16) for local in _sockets(pid, LISTENING)}
    return set()


def unix_sockets(pid: int) -> set[str]:
    """Paths on which a process listens; an abstract name begins with a NUL, and is left out if of another network."""
    with suppress(FileNotFoundError, ProcessLookupError):
        inodes = _inodes(pid)
        rows = [row.split() for row in Path(f"/proc/{pid}/net/unix").read_text().splitlines()[1:]]
        bound = {row[7] for row in rows if len(row) > 7 and row[3] == ACCEPTING and f"socket:[{row[6]}]" in inodes}
        shares_network = Path(f"/proc/{pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink()
        directory = Path(f"/proc/{pid}/cwd").readlink()
        paths = {str(directory / path) for path in bound if not path.startswith("@")}
        return paths | {"\0" + name[1:] for name in bound if name.startswith("@") and shares_network}
    return set()


def connections(pid: int, port: int) -> int:
    """How many clients of this local port a process has accepted."""
    return sum(int(local.split(":")[1], 16) == port for local in _sockets(pid, ESTABLISHED))


def _inodes(pid: int) -> set[str]:
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            inodes.add(str(descriptor.readlink()))
    return inodes


def _sockets(pid: int, state: str) -> list[str]:
    inodes = _inodes(pid)
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return [row[1] for row in rows if row[3] == state and f"socket:[{row[9]}]" in inodes]


def _address(text: str) -> str:
    words = [bytes.fromhex(text[i : i + 8])[::-1] for i in range(0, len(text), 8)]
    return str(ipaddress.ip_address(b"".join(words)))
