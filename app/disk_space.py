"""Whether the disk of a server has space for more.

Of the servers that ``up`` has started the disk can be looked at. An upload is refused while there is less than a
reserve, because a disk without a single free block is worse than one that takes no more files: the store could not even
note a deletion, and PostgreSQL would stop when it needs the next piece of its log. Any other server tells by itself
that its disk is full, and that is believed for half a minute.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from app.errors import StorageFull

BELIEVED_SECONDS = 30.0
"""For how long a server that refused a write for want of room is taken to be full, if no write succeeds before."""
_MIB = 1024 * 1024


class DiskSpace:
    """The disk space of one server, as far as this process can tell."""

    def __init__(self, what: str, *, directory: Path | None = None, reserve: int = 0, share: float = 0.0) -> None:
        """``what`` is its name in a sentence; ``directory``, where it is on this machine, is on its disk.

        ``reserve`` is the number of bytes that stay free; 0 looks at the disk only to explain a failure. ``share`` is
        the part of the disk below which the server itself takes nothing more.
        """
        self._what = what
        self._directory = directory
        self._reserve = reserve
        self._share = share
        self._refused_at: float | None = None

    def look(self) -> tuple[int, int] | None:
        """Free bytes of the disk and those that are kept free; None where the disk is not on this machine."""
        if self._directory is None:
            return None
        try:
            disk = os.statvfs(self._directory)
        except OSError:
            return None
        own = int(disk.f_blocks * self._share) * disk.f_frsize
        return disk.f_bavail * disk.f_frsize, max(self._reserve, own)

    @property
    def is_full(self) -> bool:
        """Whether a write would be refused now, as far as that can be told without trying."""
        return self.explains() or self._was_refused()

    def require(self, size: int = 0) -> None:
        """Refuse what would use up the reserve; ``size`` is in bytes.

        Raises:
            StorageFull: it would.
        """
        if self._is_short(size):
            raise StorageFull(self.explain())

    def accepted(self) -> None:
        """Note that a write has succeeded."""
        self._refused_at = None

    def full(self) -> StorageFull:
        """Note that the server has said that its disk is full; the error for the caller."""
        self._refused_at = time.monotonic()
        return StorageFull(self.explain())

    def explains(self) -> bool:
        """Whether a failed write is explained by a disk that has next to nothing left."""
        space = self.look()
        return space is not None and space[0] < max(space[1], _MIB)

    def explain(self) -> str:
        """The sentence for clients and probes."""
        space = self.look()
        left = "" if space is None else f" ({space[0] // _MIB} MiB left, and {space[1] // _MIB} MiB are kept free)"
        return (
            f"The disk of {self._what} is full{left}; nothing was stored. "
            "Delete what is not needed, or have the operator make room, then try again."
        )

    def _is_short(self, size: int) -> bool:
        if not self._reserve:
            return False
        space = self.look()
        return space is not None and space[0] < space[1] + size

    def _was_refused(self) -> bool:
        return self._refused_at is not None and time.monotonic() - self._refused_at < BELIEVED_SECONDS
