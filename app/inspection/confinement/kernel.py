"""Calls of the Linux kernel for which Python has no function."""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWUSER = 0x10000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWNET = 0x40000000
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x20080522


class Unsupported(Exception):
    """Not on this system, processor or kernel; the text says which and why."""


def machine() -> str:
    """The processor of a Linux system, as the kernel names it.

    Raises:
        Unsupported: this is no Linux.
    """
    if sys.platform != "linux":
        raise Unsupported(f"there is none on {sys.platform}")
    return os.uname().machine


def call(number: int, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """Do a system call by its number.

    Raises:
        OSError: the kernel's answer.
    """
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return _checked(_libc().syscall(ctypes.c_long(number), *wide))


def prctl(option: int, *arguments: int | bytes | None) -> None:
    """Change an attribute of this process, as the call of that name does.

    Raises:
        OSError: the kernel's answer.
    """
    wide = [ctypes.c_ulong(one) if isinstance(one, int) else one for one in (*arguments, 0, 0, 0, 0)[:4]]
    _checked(_libc().prctl(ctypes.c_int(option), *wide))


def unshare(flags: int) -> None:
    """Leave the namespaces that the flags name, as the call of that name does; Python has it from 3.12 on.

    Raises:
        OSError: the kernel's answer.
    """
    _checked(_libc().unshare(ctypes.c_int(flags)))


def drop_capabilities() -> None:
    """Give up every capability that the process has: capset(2).

    Raises:
        Unsupported: the number of the call is not known for this processor.
        OSError: the kernel's answer.
    """
    number = _CAPSET.get(machine())
    if number is None:
        raise Unsupported(f"the call's number is not known for {machine()}")
    header = _CAPABILITY_VERSION_3.to_bytes(4, sys.byteorder) + bytes(4)
    call(number, header, bytes(24))


def _libc() -> ctypes.CDLL:
    machine()
    return ctypes.CDLL(None, use_errno=True)


def _checked(answer: int) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer
