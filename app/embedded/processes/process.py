"""One child process: started so that it dies with us, stopped so that it may finish, its output kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from app.embedded.processes import log_files

_LAUNCHER = str(Path(__file__).with_name("launch.py"))
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")


class Child(Protocol):
    """A running child, whatever made it."""

    name: str

    @property
    def pid(self) -> int:
        """Its process id."""

    def exit_code(self) -> int | None:
        """The exit code (negative: the signal that ended it), or None while it runs."""

    def ask_to_stop(self) -> None:
        """Send the stop signal; does not wait."""

    def wait_or_kill(self) -> bool:
        """Wait for the end, kill after the patience is over; whether it ended by itself."""


@dataclass(frozen=True)
class Program:
    """How a child is started and stopped."""

    name: str
    command: Sequence[str]
    log: Path
    directory: Path
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 4.0
    """Seconds between the stop signal and SIGKILL."""
    identity: str = "same"
    descriptors: Sequence[int] = field(default=())


class Process:
    """A running child.

    Start it from the main thread only: the kernel ends the child with the *thread* that started it.
    It gets a session of its own, so that Ctrl-C on the terminal reaches the supervisor alone.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.name = program.name
        log_files.cap(program.log)
        output = log_files.open_for_append(program.log)
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - our own command line
                launch_command(program.command, program.stop_signal, program.identity),
                cwd=program.directory,
                env=dict(program.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=tuple(program.descriptors),
                start_new_session=True,
            )
        finally:
            os.close(output)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    def exit_code(self) -> int | None:
        """The exit code (negative: the signal that ended it), or None while it runs."""
        return self._popen.poll()

    def ask_to_stop(self) -> None:
        """Send the stop signal; does not wait."""
        if self.exit_code() is None:
            self._popen.send_signal(self.program.stop_signal)

    def wait_or_kill(self) -> bool:
        """Wait for the end, kill after the patience is over; whether it ended by itself."""
        try:
            self._popen.wait(self.program.patience)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
            return False
        return True

    def kill(self) -> None:
        """End it at once."""
        self._popen.kill()
        self._popen.wait()


def launch_command(command: Sequence[str], death_signal: signal.Signals, identity: str = "same") -> list[str]:
    """The command line that makes ``command`` die with this process."""
    return [sys.executable, "-I", "-S", _LAUNCHER, str(os.getpid()), str(int(death_signal)), identity, *command]


def bare_environment(**extra: str) -> dict[str, str]:
    """For third-party servers: nothing of ours leaks in, in particular no PG* variable."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed | {"LC_ALL": "C"} | extra


def stop_all(children: Iterable[Child]) -> list[str]:
    """Ask all at once, then wait for each; the names of those that had to be killed."""
    running = list(children)
    for child in running:
        child.ask_to_stop()
    return [child.name for child in running if not child.wait_or_kill()]
