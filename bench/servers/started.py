"""Programs that are started for a comparison and end with it, however it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from app.embedded.processes.process import launch_command

_PATIENCE = 120.0
_GRACE = 20.0


@contextmanager
def started(
    command: Sequence[str], folder: Path, log: Path, is_ready: Callable[[], bool], **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """The process, as soon as it is ready; at the end it and all of its process group are gone.

    Nothing of an installation or an MLflow that the environment names leaks in.

    Raises:
        SystemExit: it ended, or was not ready after two minutes; says how its log ends.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MODELYARD_", "MLFLOW_"))}
    folder.mkdir(exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            launch_command(command, signal.SIGTERM),
            env=kept | environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + _PATIENCE
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{Path(command[0]).name} did not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.02)
        yield process
    finally:
        _end(process)


def free_port() -> int:
    """A free port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    """It first: most programs end what they have started; then what is left of its group."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
