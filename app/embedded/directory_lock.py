"""One supervisor per data directory.

Valkey and SeaweedFS do not guard their own files against a second server, so
this lock is what keeps them whole.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from app.embedded.errors import AlreadyRunning


class DirectoryLock:
    """A flock on ``<data directory>/lock``, held until :meth:`release` or the end of the process.

    The descriptor is close-on-exec, so no child keeps the directory locked after its supervisor is gone.
    """

    def __init__(self, data_dir: Path) -> None:
        """Take the lock at once.

        Raises:
            AlreadyRunning: another process holds it; the message names its PID.
        """
        path = data_dir / "lock"
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._descriptor, 32, 0).decode().strip() or "unknown"
            os.close(self._descriptor)
            raise AlreadyRunning(
                f"{data_dir} is in use: already running as PID {owner}. "
                "Stop that one, or choose another directory with MODELYARD_DATA_DIR."
            ) from None
        self.was_killed = bool(os.pread(self._descriptor, 32, 0).strip())
        """Whether the owner before this one ended without a clean stop."""
        self._write(f"{os.getpid()}\n")

    def release(self) -> None:
        """Give the directory back and note that it was left in order."""
        self._write("")
        os.close(self._descriptor)

    def _write(self, text: str) -> None:
        """The lock is what counts, and needs no room on the disk; the note in it may be missing."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text.encode(), 0)
