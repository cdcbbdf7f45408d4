"""What the supervisor says: on the terminal and in ``log/up.log``."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from app.embedded.processes import log_files

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status


class UpLog:
    """Plain lines where output goes to a file or a pipe; colours, a spinner and a table on a terminal."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._started = time.monotonic()
        self._console: Console | None = None
        self._status: Status | None = None

    @property
    def is_private(self) -> bool:
        """Whether what is said is for its reader alone: no file that other users of the machine may read."""
        try:
            mode = os.fstat(sys.stdout.fileno()).st_mode
        except (OSError, ValueError):  # closed, or replaced by something that is no file
            return False
        return not (stat.S_ISREG(mode) and mode & 0o044)

    def note(self, text: str) -> None:
        """One thing that happened."""
        self.write(text)
        with suppress(OSError):  # what it is written to may be a file on a full disk, or a terminal that is gone
            if self._console:
                self._console.print(f"{self._elapsed():>6}  {text}", highlight=False, markup=False, soft_wrap=True)
            else:
                print(f"{self._elapsed():>6}  {text}", flush=True)  # noqa: T201 - the terminal's end of the program

    def write(self, text: str) -> None:
        """Into the log only, if there is room for it: nothing ends because a line cannot be kept."""
        with suppress(OSError):
            log_files.cap(self._path)
            with self._path.open("a") as file:
                file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {text}\n")

    def busy(self, text: str) -> None:
        """What is being waited for; shown on terminals only."""
        if not sys.stdout.isatty():
            return
        if self._status is None:
            self._open_terminal()
        if self._status:
            self._status.update(text)

    def idle(self) -> None:
        """End of waiting."""
        if self._status:
            self._status.stop()
            self._status = None

    def table(self, title: str, rows: Mapping[str, str]) -> None:
        """A list of names and what they are; values are kept whole, to be copied."""
        self.idle()
        width = max(map(len, rows))
        if self._console:
            from rich.text import Text  # noqa: PLC0415 - see _open_terminal

            # Not a table: rich cuts what is wider than the terminal, and half a link opens nothing.
            self._console.print(Text(title, "bold green"), soft_wrap=True)
            for name, value in rows.items():
                self._console.print(Text.assemble("  ", (f"{name:<{width}}", "bold"), "  ", value), soft_wrap=True)
            return
        lines = [title, *(f"  {name:<{width}}  {value}" for name, value in rows.items())]
        with suppress(OSError):
            print("\n".join(lines), flush=True)  # noqa: T201 - this is the terminal's end of the program

    def _open_terminal(self) -> None:
        # Imported after the servers were started: 0.1 s that they need anyway, and never without a terminal.
        from rich.console import Console  # noqa: PLC0415

        self._console = Console()
        self._status = self._console.status("")
        self._status.start()

    def _elapsed(self) -> str:
        return f"{time.monotonic() - self._started:.1f}s"
