"""One thing that must run: restarted when it dies, more and more slowly when it dies at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from app.embedded.errors import EmbeddedError
from app.embedded.processes.process import Child

_FIRST_DELAY, _LONGEST_DELAY = 0.1, 30.0
_SETTLED = 10.0
"""Seconds after which a child counts as having started well, so that its next death is the first one again."""


class Supervised:
    """A child by name, and how to start it anew."""

    def __init__(self, name: str, start: Callable[[], Child], note: Callable[[str], None]) -> None:
        self.name = name
        self._start = start
        self._note = note
        self._delay = _FIRST_DELAY
        self._born = time.monotonic()
        self._due: float | None = None
        self.process: Child | None = start()
        self.last_exit: int | None = None
        """Exit code of the child before this one."""

    def tend(self) -> float | None:
        """Notice a death, restart when the time has come; the moment to be called again, or None for "when it dies"."""
        if self.process and (code := self.process.exit_code()) is not None:
            self._mourn(self.process, code)
        if self._due is not None and time.monotonic() >= self._due:
            self._revive()
        return self._due

    def hurry(self) -> None:
        """Restart at the next look what waits to be restarted: the reason why it failed is gone."""
        if self._due is not None:
            self._due, self._delay = time.monotonic(), _FIRST_DELAY

    def _mourn(self, process: Child, code: int) -> None:
        now = time.monotonic()
        if now - self._born > _SETTLED:
            self._delay = _FIRST_DELAY
        self._due = now + self._delay
        self._note(f"{self.name} (PID {process.pid}) {describe(code)}; restarting it in {self._delay:g} s.")
        self._delay = min(self._delay * 2, _LONGEST_DELAY)
        self.process = None
        self.last_exit = code

    def _revive(self) -> None:
        self._due = None
        self._born = time.monotonic()
        try:
            self.process = self._start()
        except (EmbeddedError, OSError) as error:
            self._due = self._born + self._delay
            self._note(f"{self.name} cannot be restarted ({error}); next attempt in {self._delay:g} s.")
            self._delay = min(self._delay * 2, _LONGEST_DELAY)
        else:
            self._note(f"{self.name} is running again (PID {self.process.pid}).")


def describe(code: int) -> str:
    """An exit code in words."""
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
