"""Whether this system lets a server have a network of its own, which no other program reaches."""

from __future__ import annotations

import signal
import subprocess
import sys
from functools import cache

from app.embedded.processes.process import bare_environment, launch_command


@cache
def is_possible() -> bool:
    """Tried once, with the very launcher that is to do it: containers and some distributions forbid it."""
    if sys.platform != "linux":
        return False
    command = launch_command(["/bin/sh", "-c", ":"], signal.SIGKILL, "network")
    probe = subprocess.run(command, env=bare_environment(), capture_output=True, check=False, timeout=30)  # noqa: S603
    return probe.returncode == 0
