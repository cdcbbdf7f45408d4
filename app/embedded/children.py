"""Our own processes: the API, as often as wanted, and the worker."""

from __future__ import annotations

import http.client
import signal
from collections.abc import Mapping
from urllib.parse import urlsplit

from app.embedded.plan import ROOT, Plan
from app.embedded.process import Program

UNUSABLE_SETTINGS = 2
"""Exit code of our own commands when the environment is wrong: starting again would not help."""
_PATIENCE = 4.0
"""Seconds from SIGTERM to SIGKILL; both may be killed at any moment without loss."""


def api(plan: Plan, number: int, descriptor: int, environment: Mapping[str, str]) -> Program:
    """One API process; all of them accept from the same listening socket."""
    return _program(plan, f"api {number}", environment, "api", "--fd", str(descriptor), descriptors=(descriptor,))


def worker(plan: Plan, environment: Mapping[str, str]) -> Program:
    """The worker."""
    return _program(plan, "worker", environment, "worker")


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


def _program(
    plan: Plan, name: str, environment: Mapping[str, str], *command: str, descriptors: tuple[int, ...] = ()
) -> Program:
    return Program(
        name=name,
        command=plan.command(*command),
        log=plan.data_dir / "log" / f"{command[0]}.log",
        directory=ROOT,
        environment=environment,
        stop_signal=signal.SIGTERM,
        patience=_PATIENCE,
        descriptors=descriptors,
    )
