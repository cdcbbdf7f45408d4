"""What a process that inspects files gives up before it sees the first byte, and what of that the system allowed.

Every measure stands by itself: a kernel, a container or another system may refuse some, and the others hold.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.inspection.confinement import kernel, landlock, seccomp
from app.inspection.limits import Limits

NOBODY = 65_534
"""User and group without any right, by the convention of Linux and the BSDs."""


ESSENTIAL = frozenset({"privileges", "limits", "landlock", "descriptors", "seccomp"})
"""Measures that a Linux of today allows everywhere, in containers as well; the others are more than is needed."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One of the things that keep a process in: whether it is in force, and in words how, or why not."""

    name: str
    in_force: bool
    detail: str

    @property
    def is_missed(self) -> bool:
        """Whether an operator should do something about it."""
        return not self.in_force and self.name in ESSENTIAL


def stand_apart() -> list[Measure]:
    """Leave network, root directory and user; for the process from which scanners are forked, before it forks any."""
    user = os.geteuid()
    return [
        _tried("namespaces", lambda: _own_namespaces(inside=user != 0)),
        _tried("root directory", _empty_root),
        _tried("user", _nobody if user == 0 else lambda: _own_user(user)),
    ]


def confine(limits: Limits) -> list[Measure]:
    """For good: no files, network, processes or new rights, and no more memory and time than allowed.

    For a process with one thread and no descriptor but its socket, 0. What it needs must be loaded before.
    """
    return [
        _tried("privileges", _no_new_privileges),
        _tried("limits", lambda: _limit(limits)),
        _tried("landlock", landlock.deny_all),  # needs a descriptor, and seccomp would refuse what comes before it
        _tried("descriptors", _no_more_descriptors),
        _tried("seccomp", seccomp.refuse_the_rest),
    ]


def _tried(name: str, step: Callable[[], str]) -> Measure:
    try:
        return Measure(name, True, step())
    except kernel.Unsupported as error:
        return Measure(name, False, str(error))
    except OSError as error:
        return Measure(name, False, f"refused: {error}")


def _own_namespaces(*, inside: bool) -> str:
    """A user who is not root may have them inside a namespace of users of his own, where the system lets him."""
    kernel.machine()
    kernel.unshare(kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | (kernel.CLONE_NEWUSER if inside else 0))
    return "network and IPC of its own" + (", as another user" if inside else "")


def _empty_root() -> str:
    """A directory that has been removed: it is empty, and nothing can be made in it."""
    kernel.machine()
    directory = tempfile.mkdtemp(prefix="modelyard-scanners-")
    try:
        os.chdir(directory)
    finally:
        Path(directory).rmdir()
    try:
        os.chroot(".")
    except OSError:
        os.chdir("/")
        raise
    return "an empty one"


def _nobody() -> str:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    return f"nobody ({NOBODY})"


def _own_user(user: int) -> str:
    """Rights inside of own namespaces end here, too: with them one could leave the empty root."""
    if sys.platform == "linux":
        kernel.drop_capabilities()
    raise kernel.Unsupported(f"the same as the worker's ({user}), which only root can change")


def _no_new_privileges() -> str:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    return "none can be gained, and no other process of the user can look inside"


def _limit(limits: Limits) -> str:
    most = {"CORE": 0, "FSIZE": 0, "NPROC": 0, "CPU": limits.cpu_seconds, "AS": limits.memory_bytes}
    refused = [name for name, value in most.items() if not _limited(name, value)]
    if refused:
        raise kernel.Unsupported(f"this system does not limit {', '.join(refused)}")
    return f"memory {limits.memory_bytes:,} bytes, processor {limits.cpu_seconds} s, no children, no dump"


def _no_more_descriptors() -> str:
    """What is open stays open; where no other can be had there is neither a file nor a connection, on any system."""
    if not _limited("NOFILE", 0):
        raise kernel.Unsupported("this system does not limit them")
    return "none but its socket"


def _limited(name: str, most: int) -> bool:
    try:
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
    except (ValueError, OSError, AttributeError):
        return False  # some systems know no limit of this kind, or have a lower one already
    return True
