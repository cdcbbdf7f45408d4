"""Become another program that cannot outlive the one that started it.

Runs as a script in a bare interpreter (``python -I -S``), so it imports nothing
of the project: ``launch.py PARENT SIGNAL IDENTITY PROGRAM ARGUMENT...``

PARENT is the PID that must still be the parent; SIGNAL is what the kernel sends
when that parent's starting thread ends (Linux, ``prctl(2)`` PR_SET_PDEATHSIG);
IDENTITY is ``same``, ``namespace`` (a user namespace in which root appears as
an ordinary user, while files on disk stay root's) or ``uid:gid``.
"""

from __future__ import annotations

import ctypes
import os
import sys

CLONE_NEWUSER = 0x1000_0000
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
NOBODY = 65_534


def main(arguments: list[str]) -> None:
    """Set the identity first, because changing it clears the death signal (``prctl(2)``)."""
    parent, signal_number, identity, program, *rest = arguments
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
        uid, gid = os.geteuid(), os.getegid()
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "user namespaces are not allowed here")
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{NOBODY} {uid} 1")
        _write("/proc/self/gid_map", f"{NOBODY} {gid} 1")
    elif identity != "same":
        uid, gid = (int(part) for part in identity.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:  # noqa: PTH123 - pathlib would double the start time of this script
        file.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
