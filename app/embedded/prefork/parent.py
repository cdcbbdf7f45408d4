"""API and worker as one family: the parent loads the code once, the children share it.

Loading takes more than a second of CPU and 100 MB. A process of its own for
each would pay that three times at every start; forked children share it until
they change it. Each child is restarted on its own when it dies. If the parent
dies, the kernel ends the children and the supervisor starts a new family.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Sequence
from functools import partial

from app.embedded.prefork.child import Forked, Role
from app.embedded.processes.process import stop_all
from app.embedded.processes.signals import Signals
from app.embedded.processes.supervised import Supervised


def run(roles: Sequence[Role], reports: int | None) -> None:
    """Keep one child for every role until SIGTERM; says what happens on the descriptor ``reports``.

    Raises:
        SystemExit: it was asked to stop, and all children have ended.
    """
    # What is loaded now is never garbage: without this the collector would touch, and so copy, all of it.
    gc.collect()
    gc.freeze()
    with Signals() as signals:
        members = [Supervised(role.name, partial(Forked, role), partial(_report, reports)) for role in roles]
        try:
            while True:
                due = [moment for member in members if (moment := member.tend()) is not None]
                signals.wait(min(due, default=float("inf")) - time.monotonic())
        finally:
            stop_all(member.process for member in members if member.process)


def _report(descriptor: int | None, text: str) -> None:
    """One line, short enough for the pipe to keep it whole (``pipe(7)`` PIPE_BUF)."""
    if descriptor is not None:
        os.write(descriptor, f"{text}\n".encode()[:4096])
