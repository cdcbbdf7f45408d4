"""Small disks that can be filled to the last byte: file systems in memory, mounted where a server keeps its data."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_BLOCKS = (1024 * 1024, 4096, 1)


class Disk:
    """A mounted file system of a fixed size."""

    def __init__(self, directory: Path, mebibytes: int) -> None:
        self.directory = directory
        command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0700", "tmpfs", str(directory)]
        subprocess.run(command, check=True, capture_output=True)

    @property
    def left(self) -> int:
        usage = os.statvfs(self.directory)
        return usage.f_bavail * usage.f_frsize

    def fill(self, leave: int = 0) -> None:
        """Use every byte but so many."""
        self.use_up()
        assert self.left == 0
        os.truncate(self._filling, self._filling.stat().st_size - leave)

    def use_up(self) -> None:
        """Use every byte that there is at this moment, such as those that servers have freed since."""
        with self._filling.open("ab", buffering=0) as file:
            for block in _BLOCKS:
                self._write(file.fileno(), b"\0" * block)

    def make_room(self) -> None:
        self._filling.unlink()

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.directory)], check=True, capture_output=True)

    @property
    def _filling(self) -> Path:
        return self.directory / "filling"

    def _write(self, descriptor: int, block: bytes) -> None:
        try:
            while True:
                os.write(descriptor, block)
        except OSError:
            return


@contextmanager
def mounted(directory: Path, mebibytes: int) -> Iterator[Disk]:
    """Mount a disk for the block; skips the test, and says so, where that is not permitted."""
    try:
        disk = Disk(directory, mebibytes)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", b"").decode().strip() or str(error)
        pytest.skip(f"a disk that can be filled needs the right to mount, which is missing here: {reason}")
    try:
        yield disk
    finally:
        disk.unmount()


def folder() -> Path:
    """A directory with a path short enough for sockets."""
    return Path(tempfile.mkdtemp(prefix="myfull"))
