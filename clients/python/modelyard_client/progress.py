"""What a command shows while it works: a bar on a terminal, text elsewhere, nothing for programs."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType
from typing import Callable, Protocol, TextIO

from modelyard_client.text import format_size, legible

_PAUSE = 5.0
"""Seconds between two messages in a log."""
_FRAME = 0.1
"""Seconds between two pictures of a bar."""


class Reporter(Protocol):
    """Tells of one stage after the other; a stage counts bytes."""

    def say(self, text: str) -> None:
        """Tell something once."""

    def begin(self, title: str, total: int, shown: Callable[[float], str] = format_size) -> None:
        """Begin a stage of so many bytes, or of what ``shown`` words; the one before is over."""

    def advance(self, count: int) -> None:
        """So many bytes more; less when something is done again."""

    def close(self) -> None:
        """The last stage is over."""


class Reporting:
    """Gives the reporter that fits, and closes it."""

    def __init__(self, *, silent: bool) -> None:
        self._reporter: Reporter = NoProgress()
        if not silent:
            self._reporter = ProgressBar(sys.stderr) if sys.stderr.isatty() else PlainProgress(sys.stderr)

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

    def begin(self, title: str, total: int, shown: Callable[[float], str] = format_size) -> None:
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
        self._shown: Callable[[float], str] = format_size

    def say(self, text: str) -> None:
        """Write a line."""
        self._stream.write(f"{legible(text)}\n")
        self._stream.flush()

    def begin(self, title: str, total: int, shown: Callable[[float], str] = format_size) -> None:
        """Write a line for the stage and its size in bytes."""
        self._title, self._total, self._done, self._told = title, total, 0, time.monotonic()
        self._shown = shown
        self.say(f"{title}: {shown(total)}")

    def advance(self, count: int) -> None:
        """Count bytes; write a line if the last one is some seconds old."""
        self._done += count
        if self._total and time.monotonic() - self._told >= _PAUSE:
            self._told = time.monotonic()
            self.say(f"{self._title}: {100 * self._done // self._total} %, {self._shown(self._done)}")

    def close(self) -> None:
        """Nothing is open."""


class ProgressBar:
    """For people at a terminal: one row that is drawn again and again."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._full, self._empty = ("━", "─") if _can_write(stream, "━─") else ("#", "-")
        self._title, self._total, self._done = "", 0, 0
        self._shown: Callable[[float], str] = format_size
        self._began = self._drawn = 0.0

    def say(self, text: str) -> None:
        """Print it above the bar."""
        self._stream.write(f"\r\x1b[K{legible(text)}\n")
        self._draw()

    def begin(self, title: str, total: int, shown: Callable[[float], str] = format_size) -> None:
        """Show a bar for a stage of ``total`` bytes; the one before stays as it ended."""
        self.close()
        self._shown = shown
        self._title, self._total, self._done, self._began = title, total, 0, time.monotonic()
        self._draw()

    def advance(self, count: int) -> None:
        """Move the bar by ``count`` bytes."""
        self._done += count
        if time.monotonic() - self._drawn >= _FRAME:
            self._draw()

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._title:
            self._draw()
            self._stream.write("\n")
            self._stream.flush()
            self._title = ""

    def _draw(self) -> None:
        if not self._title:
            return
        self._drawn = time.monotonic()
        seconds = max(self._drawn - self._began, 1e-6)
        share = min(max(self._done / self._total, 0.0), 1.0) if self._total else 1.0
        rate = self._done / seconds
        left = f", {(self._total - self._done) / rate:.0f} s left" if 0 < self._done < self._total else ""
        facts = f"{share:4.0%} {self._shown(self._done)} of {self._shown(self._total)}, {self._shown(rate)}/s{left}"
        columns = shutil.get_terminal_size().columns - 1
        width = max(min(40, columns - len(self._title) - len(facts) - 2), 0)
        bar = self._full * round(share * width) + self._empty * (width - round(share * width))
        self._stream.write(f"\r\x1b[K{f'{self._title} {bar} {facts}'[:columns]}")
        self._stream.flush()


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
