"""Become another program that cannot outlive the one that started it.

Runs as a script in a bare interpreter (``python -I -S``), so it imports nothing
of the project: ``launch.py PARENT SIGNAL IDENTITY PROGRAM ARGUMENT...``

PARENT is the PID that must still be the parent; SIGNAL is what the kernel sends
when that parent's starting thread ends (Linux, ``prctl(2)`` PR_SET_PDEATHSIG);
IDENTITY is ``same``, ``namespace`` (a user namespace in which root appears as
an ordinary user, while files on disk stay root's), ``network`` (a network
namespace with a loopback interface that is unreachable from outside; unix
sockets in the file system stay reachable) or ``uid:gid``.

What the program creates, files and sockets alike, is its owner's alone.
"""

from __future__ import annotations

import ctypes
import os
import sys

CLONE_NEWUSER = 0x1000_0000
CLONE_NEWNET = 0x4000_0000
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
NOBODY = 65_534
AF_INET, SOCK_DGRAM = 2, 2
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def main(arguments: list[str]) -> None:
    """Set the identity first, because changing it clears the death signal (``prctl(2)``)."""
    parent, signal_number, identity, program, *rest = arguments
    os.umask(0o077)
    _assume(identity)
    end_with(int(parent), int(signal_number))
    os.execv(program, [program, *rest])  # noqa: S606 - the arguments come from our own supervisor


def end_with(parent: int, signal_number: int) -> None:
    """Have the kernel send this process the signal when its parent ends; without Linux, do nothing.

    Raises:
        SystemExit: the parent is gone already.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
        if os.getppid() != parent:
            raise SystemExit("the process that asked for this one is gone")


def show_as(name: str) -> None:
    """Have ``ps -o comm`` and ``top`` show this process under a name (Linux; 15 characters at most)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def _assume(identity: str) -> None:
    if identity == "namespace":
        _enter_user_namespace(CLONE_NEWUSER, NOBODY, NOBODY)
    elif identity == "network":
        _enter_network_namespace()
    elif identity != "same":
        uid, gid = (int(part) for part in identity.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def _enter_user_namespace(flags: int, shown_uid: int, shown_gid: int) -> None:
    uid, gid = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "namespaces are not allowed here")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{shown_uid} {uid} 1")
    _write("/proc/self/gid_map", f"{shown_gid} {gid} 1")


def _enter_network_namespace() -> None:
    """Root needs no user namespace for it, and keeps its rights on files of others."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        _enter_user_namespace(CLONE_NEWUSER | CLONE_NEWNET, os.geteuid(), os.getegid())
    # By the C library: importing socket would double the start time of this script. netdevice(7), struct ifreq.
    request = ctypes.create_string_buffer(b"lo".ljust(16, b"\0") + IFF_UP.to_bytes(2, sys.byteorder), 40)
    descriptor = libc.socket(AF_INET, SOCK_DGRAM, 0)
    if descriptor < 0 or libc.ioctl(descriptor, SIOCSIFFLAGS, request) != 0:
        raise OSError(ctypes.get_errno(), "the loopback interface of the namespace cannot be switched on")
    os.close(descriptor)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:  # noqa: PTH123 - pathlib would double the start time of this script
        file.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
