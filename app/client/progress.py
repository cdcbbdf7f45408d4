"""What a command shows while it works: a bar on a terminal, lines elsewhere, nothing for programs."""

from __future__ import annotations

import re
import sys
import time
from types import TracebackType
from typing import Protocol, Self, TextIO

_PAUSE = 5.0
"""Seconds between two lines."""
_UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but the line feed, what turns the direction of writing, and what has no bytes."""


class Reporter(Protocol):
    """Tells of one stage after the other; a stage counts bytes."""

    def say(self, text: str) -> None:
        """Tell something once."""

    def begin(self, title: str, total: int) -> None:
        """Begin a stage of so many bytes; the one before is over."""

    def advance(self, count: int) -> None:
        """So many bytes more; less when something is done again."""

    def close(self) -> None:
        """The last stage is over."""


class Reporting:
    """Gives the reporter that fits, and closes it."""

    def __init__(self, *, silent: bool) -> None:
        self._reporter = (
            NoProgress() if silent else (ProgressBar() if sys.stderr.isatty() else PlainProgress(sys.stderr))
        )

    def __enter__(self) -> Reporter:
        return self._reporter

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reporter.close()


class NoProgress:
    """For programs."""

    def say(self, text: str) -> None:
        """Nothing."""

    def begin(self, title: str, total: int) -> None:
        """Nothing."""

    def advance(self, count: int) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class PlainProgress:
    """For logs: a line when a stage begins, and one every few seconds."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._title, self._total, self._done, self._told = "", 0, 0, 0.0

    def say(self, text: str) -> None:
        """Write a line."""
        self._stream.write(f"{legible(text)}\n")
        self._stream.flush()

    def begin(self, title: str, total: int) -> None:
        """Write a line for the stage and its size in bytes."""
        self._title, self._total, self._done, self._told = title, total, 0, time.monotonic()
        self.say(f"{title}: {format_size(total)}")

    def advance(self, count: int) -> None:
        """Count bytes; write a line if the last one is some seconds old."""
        self._done += count
        if self._total and time.monotonic() - self._told >= _PAUSE:
            self._told = time.monotonic()
            self.say(f"{self._title}: {100 * self._done // self._total} %, {format_size(self._done)}")

    def close(self) -> None:
        """Nothing is open."""


class ProgressBar:
    """For people at a terminal."""

    def __init__(self) -> None:
        # Only here, because loading it takes longer than all the rest of a command without a terminal.
        from rich import progress  # noqa: PLC0415
        from rich.console import Console  # noqa: PLC0415

        self._progress = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.DownloadColumn(binary_units=True),
            progress.TransferSpeedColumn(),
            progress.TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._progress.start()
        self._task: progress.TaskID | None = None

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self._progress.console.print(legible(text), markup=False, highlight=False)

    def begin(self, title: str, total: int) -> None:
        """Show a bar for a stage of ``total`` bytes."""
        self._task = self._progress.add_task(title, total=total)

    def advance(self, count: int) -> None:
        """Move the bar by ``count`` bytes."""
        if self._task is not None:
            self._progress.advance(self._task, count)

    def close(self) -> None:
        """Leave the bar as it stands."""
        self._progress.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def legible(text: str) -> str:
    """A text as a terminal may get it: what a service says must not move the cursor or rewrite what was told."""
    return _UNPRINTABLE.sub("\ufffd", text)


def format_size(size: float) -> str:
    """Bytes as people read them: `1.4 GiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def counted(number: int, noun: str) -> str:
    """`1 file`, `2,000 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
