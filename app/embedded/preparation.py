"""Schema, first project and token: done by a process of its own, so that the supervisor stays small."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from app.embedded.application import UNUSABLE_SETTINGS
from app.embedded.errors import ServerFailed
from app.embedded.plan import ROOT, Plan
from app.embedded.processes import log_files
from app.embedded.processes.process import launch_command
from app.embedded.state import write_private

_OTHER_STEPS = b"the bucket has a mark"
"""What ``installation.migrate`` does beside migrations; changed with it, so that the next start runs it."""


class PreparationKilled(ServerFailed):
    """What a signal has ended has not failed, and can be done again."""


@dataclass(frozen=True)
class FirstProject:
    """What a new installation offers to its first user."""

    admin_username: str
    project_path: str
    project_id: int
    token: str

    def as_json(self) -> dict[str, str | int]:
        """The form in which ``state.json`` keeps it."""
        return asdict(self)

    @classmethod
    def recall(cls, kept: dict[str, Any] | None) -> Self | None:
        """From ``state.json``; None if there is nothing, or another release kept something else."""
        names = {field.name for field in fields(cls)}
        return cls(**kept) if kept and set(kept) == names else None


@dataclass(frozen=True)
class Prepared:
    """What the preparation found or made; ``sign_in_secret`` is of a one-time link, and is kept nowhere."""

    project: FirstProject
    sign_in_secret: str | None


class Preparation:
    """``app.cli prepare`` while it runs: migrates, then makes sure that there is an admin, a project and a token."""

    def __init__(self, plan: Plan, environment: Mapping[str, str], previous: FirstProject | None) -> None:
        self._log = plan.data_dir / "log" / "prepare.log"
        self._log.unlink(missing_ok=True)
        output = log_files.open_for_append(self._log)
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - our own command line
                launch_command(plan.command("prepare"), signal.SIGKILL),
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
                start_new_session=True,
            )
        finally:
            os.close(output)
        self._hand_over(previous.token if previous else None)

    def result(self) -> Prepared | None:
        """What it found or made, or None while it works.

        Raises:
            ServerFailed: a migration or the bootstrap failed; the message has the end of its log.
            PreparationKilled: a signal has ended it.
        """
        code = self._popen.poll()
        if code is None:
            return None
        if code < 0:
            raise PreparationKilled(f"The preparation of the database was ended by signal {-code}.")
        answer = self._popen.stdout.read() if self._popen.stdout else ""
        if code == UNUSABLE_SETTINGS:
            raise ServerFailed(log_files.tail(self._log))
        if code != 0:
            raise ServerFailed(
                f"The database could not be prepared; {self._log} ends with:\n{log_files.tail(self._log)}"
            )
        values = json.loads(answer)
        secret = values.pop("sign_in_secret")
        return Prepared(FirstProject(**values), secret)

    def wait(self, meanwhile: Callable[[], object]) -> Prepared:
        """Return when it is done; calls ``meanwhile`` every few milliseconds."""
        while (prepared := self.result()) is None:
            meanwhile()
            time.sleep(0.02)
        return prepared

    def kill(self) -> None:
        """End it; every step it takes is one transaction."""
        self._popen.kill()
        self._popen.wait()

    def _hand_over(self, token: str | None) -> None:
        """By standard input, because other users can read a command line."""
        if self._popen.stdin:
            self._popen.stdin.write(json.dumps({"token": token}))
            self._popen.stdin.close()


def fingerprint() -> str:
    """Identifies what ``installation.migrate`` does; while it is the same, a start need not look whether it is done."""
    digest = hashlib.sha256(_OTHER_STEPS)
    for path in sorted((ROOT / "migrations" / "versions").glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def write_connection(path: Path, url: str, project: FirstProject) -> None:
    """Write ``connection.env``, readable by its owner alone."""
    write_private(path, connection_lines(url, project))


def write_settings(path: Path, environment: dict[str, str]) -> None:
    """Write the settings of API and worker for commands that work on the servers themselves, like `modelyard gc`."""
    settings = {name: value for name, value in environment.items() if name.startswith("MODELYARD_")}
    write_private(path, _exports(settings))


def connection_lines(url: str, project: FirstProject) -> str:
    """Lines for ``source``, after which every client finds this installation."""
    values = {
        "MODELYARD_URL": url,
        "MODELYARD_TOKEN": project.token,
        "MODELYARD_PROJECT": project.project_path,
        "MLFLOW_TRACKING_URI": tracking_uri(url, project),
        "MLFLOW_TRACKING_TOKEN": project.token,
    }
    return _exports(values)


def _exports(values: dict[str, str]) -> str:
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())


def tracking_uri(url: str, project: FirstProject) -> str:
    """The address for ``MLFLOW_TRACKING_URI``."""
    return f"{url}/api/v4/projects/{project.project_id}/ml/mlflow"
