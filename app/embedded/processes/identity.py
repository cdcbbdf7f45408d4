"""PostgreSQL refuses to run as root; this finds out as whom it can run."""

from __future__ import annotations

import os
import pwd
import signal
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from app.embedded.errors import EmbeddedError
from app.embedded.processes.process import bare_environment, launch_command

_ACCOUNTS = ("postgres", "nobody")
"""Must have a passwd entry: initdb looks its own name up."""


@dataclass(frozen=True)
class Identity:
    """How the launcher changes before it becomes PostgreSQL."""

    launch: str = "same"
    owner: tuple[int, int] | None = None
    """uid and gid that must own PostgreSQL's directory, where it is another account."""


def choose(program: Path, data_dir: Path) -> Identity:
    """An ordinary user stays as is; root hides in a user namespace, or else lends it to another account.

    Raises:
        EmbeddedError: neither is possible; the message says why and what to do.
    """
    if os.geteuid() != 0:
        return Identity()
    if _runs_in_namespace(program):
        return Identity("namespace")
    for name in _ACCOUNTS:
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        _require_reachable(program, data_dir, account)
        return Identity(f"{account.pw_uid}:{account.pw_gid}", (account.pw_uid, account.pw_gid))
    raise EmbeddedError("PostgreSQL does not run as root: start as an ordinary user or set MODELYARD_DATABASE_URL.")


def _runs_in_namespace(program: Path) -> bool:
    command = launch_command([os.fspath(program), "--version"], signal.SIGKILL, "namespace")
    probe = subprocess.run(command, env=bare_environment(), capture_output=True, check=False, timeout=30)  # noqa: S603
    return probe.returncode == 0


def _require_reachable(program: Path, data_dir: Path, account: pwd.struct_passwd) -> None:
    for directory in {*program.resolve().parents, *data_dir.resolve().parents}:
        status = directory.stat()
        shift = 6 if status.st_uid == account.pw_uid else 3 if status.st_gid == account.pw_gid else 0
        if not status.st_mode >> shift & stat.S_IXOTH:
            raise EmbeddedError(
                f"PostgreSQL does not run as root, user namespaces are not allowed here, and the account "
                f"{account.pw_name} cannot enter {directory}. Start as an ordinary user, or set MODELYARD_DATABASE_URL."
            )
