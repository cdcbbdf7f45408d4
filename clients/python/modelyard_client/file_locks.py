"""Locks that end with the process that holds them, where the system has them."""

from __future__ import annotations

try:
    import fcntl
except ImportError:
    _HAS_LOCKS = False  # Windows
else:
    _HAS_LOCKS = True


def try_exclusive(descriptor: int) -> bool:
    """Whether an open file or folder is now this process' own; always true where there are no such locks."""
    if not _HAS_LOCKS:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def exclusive(descriptor: int) -> None:
    """Wait until an open file is this process' own."""
    if _HAS_LOCKS:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
