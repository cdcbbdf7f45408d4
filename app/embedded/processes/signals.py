"""Waiting for whatever comes first: a request to stop, the death of a child, or a moment in time."""

from __future__ import annotations

import os
import select
import signal
from types import FrameType, TracebackType
from typing import Self

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """While entered, an ending signal raises ``SystemExit(0)`` wherever the main thread is, but only once.

    A second Ctrl-C must not interrupt the cleaning up.
    """

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._previous_descriptor = signal.set_wakeup_fd(self._writer)
        self._previous = {number: signal.signal(number, _end) for number in _ENDING}
        self._previous[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _wake)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._previous_descriptor)
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        os.close(self._reader)
        os.close(self._writer)

    def wait(self, seconds: float, *descriptors: int) -> None:
        """Return after so long, or earlier when a child has ended or a descriptor has something to read."""
        timeout = None if seconds == float("inf") else max(0.0, seconds)
        if self._reader in select.select([self._reader, *descriptors], [], [], timeout)[0]:
            os.read(self._reader, 4096)


def _end(_number: int, _frame: FrameType | None) -> None:
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise SystemExit(0)


def _wake(_number: int, _frame: FrameType | None) -> None:
    """The wake-up descriptor has what matters."""
