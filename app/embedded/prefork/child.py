"""A child that shares what this process has already loaded."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from app.embedded.processes import launch, log_files

_PATIENCE = 5.0
"""Seconds from SIGTERM to SIGKILL; every child may be killed at any moment without loss."""


@dataclass(frozen=True)
class Role:
    """What a child does: its name, where its output goes, and the function that is its life."""

    name: str
    log: Path
    live: Callable[[], None]


class Forked:
    """A running child with the face of :class:`app.embedded.processes.process.Process`.

    It ends with this process. Fork before there is any thread, event loop or connection.
    """

    def __init__(self, role: Role) -> None:
        self.name = role.name
        self._exit_code: int | None = None
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            _become(role, parent)

    def exit_code(self) -> int | None:
        """The exit code (negative: the signal that ended it), or None while it runs."""
        if self._exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._exit_code = os.waitstatus_to_exitcode(status) if pid else None
        return self._exit_code

    def ask_to_stop(self) -> None:
        """Send SIGTERM; does not wait."""
        if self.exit_code() is None:
            os.kill(self.pid, signal.SIGTERM)

    def wait_or_kill(self) -> bool:
        """Wait for the end, kill after the patience is over; whether it ended by itself."""
        deadline = time.monotonic() + _PATIENCE
        while self.exit_code() is None:
            if time.monotonic() > deadline:
                self.kill()
                return False
            time.sleep(0.01)
        return True

    def kill(self) -> None:
        """End it at once."""
        if self.exit_code() is None:
            os.kill(self.pid, signal.SIGKILL)
            _, status = os.waitpid(self.pid, 0)
            self._exit_code = os.waitstatus_to_exitcode(status)


def _become(role: Role, parent: int) -> NoReturn:
    """Live the child's life and end, without ever returning into the parent's code."""
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        launch.end_with(parent, signal.SIGTERM)
        launch.show_as(role.name)
        output = log_files.open_for_append(role.log)
        os.dup2(output, 1)
        os.dup2(output, 2)
        gc.enable()
        role.live()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - the last frame of a process: whatever it was, the log must have it
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
