"""A scanner that a hostile file has taken over: does what it should not be able to do, and reports how each went.

Started as the real one is, in place of it. The file holds what to aim at, as JSON. Nothing here goes anywhere but to
sockets, files and processes that the test has made.
"""
# ruff: noqa: PTH102, PTH108, PTH116, PTH208

from __future__ import annotations

import ctypes
import json
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from struct import pack
from typing import Any

from app.inspection.confinement import seccomp
from app.inspection.confinement.kernel import Unsupported
from app.inspection.processes import scanner_program
from app.inspection.reports import Report

LIBC = ctypes.CDLL(None, use_errno=True)
MACHINE = os.uname().machine
NUMBERS = {
    "x86_64": {"ptrace": 101, "setrlimit": 160, "add_key": 248, "unshare": 272},
    "aarch64": {"ptrace": 117, "setrlimit": 164, "add_key": 217, "unshare": 97},
}
"""Of system calls, as the kernel's tables have them."""


def syscall(number: int, *arguments: Any) -> int:
    answer = LIBC.syscall(number, *arguments)
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(answer)


def connect(family: int, address: Any, kind: int = socket.SOCK_STREAM) -> None:
    with socket.socket(family, kind) as one:
        one.settimeout(2)
        one.connect(address)


def write(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def run_code() -> None:
    with mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC):
        return


def open_descriptors() -> list[int]:
    """Which descriptors but 0 are open: closing needs no right."""
    opened = []
    for number in range(1, 2048):
        try:
            os.close(number)
            opened.append(number)
        except OSError:
            continue
    return opened


def attacks(aim: dict[str, Any]) -> dict[str, Callable[[], object]]:
    worker, forker, number = aim["worker"], os.getppid(), NUMBERS[MACHINE]
    return {
        "read a file": lambda: os.open(aim["file"], os.O_RDONLY),
        "read a file below the root of processes": lambda: os.open("/proc/self/maps", os.O_RDONLY),
        "list a directory": lambda: os.listdir("/"),
        "see a file": lambda: os.stat(aim["file"]),
        "write a file": lambda: write(aim["new file"]),
        "write into /tmp": lambda: write(f"/tmp/modelyard-attack-{worker}"),
        "make a directory": lambda: os.mkdir(aim["new file"] + ".d"),
        "remove a file": lambda: os.unlink(aim["file to remove"]),
        "read the environment of the worker": lambda: os.open(f"/proc/{worker}/environ", os.O_RDONLY),
        "read the memory of the forker": lambda: os.open(f"/proc/{forker}/mem", os.O_RDONLY),
        "connect by TCP": lambda: connect(socket.AF_INET, ("127.0.0.1", aim["port"])),
        "connect by TCP on IPv6": lambda: connect(socket.AF_INET6, ("::1", aim["port6"])),
        "listen": lambda: socket.create_server(("127.0.0.1", 0)),
        "send by UDP": lambda: connect(socket.AF_INET, ("127.0.0.1", aim["port"]), socket.SOCK_DGRAM),
        "connect to a socket in a file": lambda: connect(socket.AF_UNIX, aim["socket"]),
        "connect to PostgreSQL": lambda: connect(socket.AF_UNIX, aim["postgres"]),
        "connect to Valkey": lambda: connect(socket.AF_UNIX, aim["valkey"]),
        "connect to an abstract socket": lambda: connect(socket.AF_UNIX, "\0" + aim["abstract"]),
        "make a pair of sockets": socket.socketpair,
        "make a pipe": os.pipe,
        "duplicate its socket": lambda: os.dup(0),
        "run a program": lambda: os.execv(sys.executable, ["python", "-c", ""]),
        "start a program": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
        "fork": fork,
        "start a thread": threading.Thread(target=int).start,
        "signal the worker": lambda: os.kill(worker, 0),
        "continue the worker": lambda: os.kill(worker, signal.SIGCONT),
        "signal the forker": lambda: os.kill(forker, signal.SIGCONT),
        "trace the worker": lambda: syscall(number["ptrace"], 0x4206, worker, 0, 0),
        "trace the forker": lambda: syscall(number["ptrace"], 0x4206, forker, 0, 0),
        "set up io_uring": lambda: syscall(425, 8, bytes(120)),
        "get a descriptor of the worker": lambda: syscall(434, worker, 0),
        "make a file in memory": lambda: os.memfd_create("x"),
        "have memory that can be run": run_code,
        "become root": lambda: os.setuid(0),
        "have namespaces": lambda: syscall(number["unshare"], 0x10000000),
        "change the root": lambda: os.chroot("."),
        "raise its limits": lambda: syscall(number["setrlimit"], resource.RLIMIT_NOFILE, pack("@LL", 1024, 1024)),
        "make a key": lambda: syscall(number["add_key"], b"user", b"modelyard", b"x", ctypes.c_long(1), -2),
    }


def attack(_kind: object, _path: str, source: Any, _limits: object) -> Report:
    """In place of ``examine``."""
    aim = json.loads(source.read(0, source.size))
    outcomes: dict[str, Any] = {}
    for name, attempt in attacks(aim).items():
        try:
            attempt()
            outcomes[name] = "done"
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            outcomes[name] = str(error)
    outcomes["environment"] = dict(os.environ)
    outcomes["descriptors"] = open_descriptors()
    return Report(facts=outcomes)


def unsupported() -> str:
    raise Unsupported("switched off by a test")


def main(*, filtered: bool = True) -> None:
    scanner_program.examine = attack
    if not filtered:
        seccomp.refuse_the_rest = unsupported
    scanner_program.main()


if __name__ == "__main__":
    main()
