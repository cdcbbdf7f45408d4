"""Our own processes as the supervisor sees them: one family, and the questions it answers."""

from __future__ import annotations

import http.client
import os
import signal
from collections.abc import Mapping
from urllib.parse import urlsplit

from app.embedded.plan import ROOT, Plan
from app.embedded.postgres_server import OWNER_URL
from app.embedded.processes.process import Process, Program

UNUSABLE_SETTINGS = 2
"""Exit code of our own commands when the environment is wrong: starting again would not help."""
_PATIENCE = 5.5
"""Seconds from SIGTERM to SIGKILL; its children get less."""


class Application:
    """The API processes and the worker, and the line on which their parent reports."""

    def __init__(self, plan: Plan, listener: int, environment: Mapping[str, str]) -> None:
        self.reports, writer = os.pipe()
        os.set_blocking(self.reports, False)
        options = ["--fd", str(listener), "--processes", str(plan.processes), "--reports", str(writer)]
        self.program = Program(
            name="API and worker",
            command=plan.command("serve", *options),
            log=plan.data_dir / "log" / "serve.log",
            directory=ROOT,
            environment={name: value for name, value in environment.items() if name != OWNER_URL},
            stop_signal=signal.SIGTERM,
            patience=_PATIENCE,
            descriptors=(listener, writer),
        )

    def start(self) -> Process:
        """Start the family; its members may be restarted by themselves, it by the supervisor."""
        return Process(self.program)

    def read_reports(self) -> list[str]:
        """The lines that came since the last call."""
        try:
            return os.read(self.reports, 65_536).decode(errors="replace").splitlines()
        except BlockingIOError:
            return []


def answers_ready(url: str) -> bool:
    """Whether ``/health/ready`` says 200: database, queue and store are all in reach of the API."""
    return _status(f"{url}/health/ready") == http.client.OK


def accepts_token(tracking_uri: str, token: str) -> bool:
    """Whether the token still opens its project: everyone has the experiment 0."""
    return _status(f"{tracking_uri}/api/2.0/mlflow/experiments/get?experiment_id=0", token) == http.client.OK


def _status(url: str, token: str | None = None) -> int:
    parts = urlsplit(url)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=5)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
