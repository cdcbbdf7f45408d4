"""The disk of the data directory: whether it is full, and what has to happen once it no longer is."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

FULL_BYTES = 8 * 1024 * 1024
"""With less than this left, some write of some server has probably failed."""
FULL_SHARE = 0.01
"""Below this part of its disk the store makes its volumes read-only (SeaweedFS: volume.minFreeSpace)."""
_AGAIN = 1.25
"""How many times as much must be free before a disk that was full counts as having room: no flapping."""
_PERIOD = 0.5
"""Seconds between looks at a disk; a look costs one call of the kernel. What is over sooner may go unnoticed."""
_GRACE = 6.0
"""Seconds that a store gets to take objects again by itself, and to start after it has been ended."""
_ERRORS = (errno.ENOSPC, errno.EDQUOT)


def is_full(directory: Path, times: float = 1.0) -> bool:
    """Whether next to nothing can be written below a directory; ``times`` raises what counts as nothing."""
    try:
        usage = os.statvfs(directory)
    except OSError:
        return False
    needed = max(FULL_BYTES, int(usage.f_blocks * usage.f_frsize * FULL_SHARE)) * times
    return usage.f_bavail * usage.f_frsize < needed or (usage.f_files > 0 and usage.f_favail == 0)


def is_about_space(error: OSError) -> bool:
    """Whether something could not be written because the disk, or what its user may have of it, is used up."""
    return error.errno in _ERRORS


class Recovery:
    """Sees full disks become free again, hurries what waits to be restarted, and ends a store that does not notice.

    The store's index of names remembers a write that failed and refuses all later ones until it is opened anew, so
    that a moment without space would end all uploads for good; and its volumes stay read-only for a minute more. So it
    is started anew in any case, and again if it still takes nothing.
    """

    def __init__(
        self,
        directories: Sequence[Path],
        *,
        store: Path | None,
        works: Callable[[], bool],
        restart: Callable[[], None],
        hurry: Callable[[], None],
        note: Callable[[str], None],
    ) -> None:
        """``store`` is that of the directories in which the store has its data, if it is ours.

        ``works`` asks it to take an object; ``restart`` ends it, for its supervisor to start it again.
        ``hurry`` starts at once what has ended and waits for its next attempt.
        """
        self._directories = directories
        self._store = store
        self._is_hit = False
        self._works = works
        self._restart = restart
        self._hurry = hurry
        self._note = note
        self._was_full = False
        self._is_restored = True
        self._next_look = 0.0
        self._next_try = 0.0

    def tend(self) -> float:
        """Look if it is time to; the moment (of the monotonic clock) of the next look."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _PERIOD
            self._look(now)
        return self._next_look

    def _look(self, now: float) -> None:
        full = [directory for directory in self._directories if is_full(directory, _AGAIN if self._was_full else 1.0)]
        if full and not self._was_full:
            self._note(f"The disk of {full[0]} is full: nothing can be stored until there is room.")
        if self._store in full:
            self._is_hit, self._is_restored = True, False
        if full:
            self._was_full = True
        elif self._was_full:
            self._was_full = False
            self._note("The disk has room again.")
            if self._is_hit:
                self._next_try = now + _GRACE
                self._restart()
            self._hurry()
        elif not self._is_restored:
            self._restore(now)

    def _restore(self, now: float) -> None:
        if self._works():
            self._is_hit, self._is_restored = False, True
            self._note("The object store takes files again.")
        elif now >= self._next_try:
            self._next_try = now + 2 * _GRACE
            self._note("The object store takes no files in spite of the room: starting it anew.")
            self._restart()
