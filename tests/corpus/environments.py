"""The environments in which makers run, one for each group of libraries that resolve together."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCKS = ROOT / "requirements/corpus"
MAKERS = Path(__file__).with_name("makers")


@dataclass(frozen=True)
class Group:
    """Libraries of one environment, and the scripts that write with them."""

    name: str
    """Also of its ``.in`` and ``.txt`` in ``requirements/corpus``."""
    python: str
    scripts: tuple[str, ...]


GROUPS = (
    Group("classic", "3.11", ("classic", "formats", "flavours", "byvalue")),
    Group("torch", "3.11", ("torches",)),
    Group("language", "3.11", ("language",)),
    Group("jax", "3.11", ("arrays",)),
    Group("tensorflow", "3.11", ("graphs",)),
    Group("py312", "3.12", ("byvalue",)),
    Group("py313", "3.13", ("byvalue",)),
    Group("py314", "3.14", ("byvalue",)),
)


class Unavailable(Exception):
    """A group cannot be prepared on this machine; the text says why."""


def fill(group: Group, folder: Path, pythons: Mapping[str, str]) -> None:
    """Prepare the environment of a group below ``folder`` and run its makers.

    ``pythons`` names interpreters by version, where they are not on the path.

    Raises:
        Unavailable: there is no such Python, or its libraries cannot be installed.
    """
    python = _prepared(group, folder, pythons)
    for script in group.scripts:
        suffix = f"-py{group.python.replace('.', '')}" if script == "byvalue" else ""
        log = folder / "logs" / f"{script}{suffix}.log"
        if _failed([python, MAKERS / f"{script}.py", folder, f"--suffix={suffix}"], log, _surroundings(folder)):
            raise Unavailable(f"{script} ended early; {log} tells why.")


def _failed(command: list[str | Path], log: Path, env: Mapping[str, str] | None = None) -> bool:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as told:
        return subprocess.run(command, env=env, stdout=told, stderr=told, check=False).returncode != 0


def _surroundings(folder: Path) -> dict[str, str]:
    """No settings of the caller: neither trackers, nor accounts, nor caches of hubs."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}
    return kept | {
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HF_HUB_OFFLINE": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "MPLBACKEND": "agg",
    }


def _prepared(group: Group, folder: Path, pythons: Mapping[str, str]) -> Path:
    lock = LOCKS / f"{group.name}.txt"
    environment = folder / "venvs" / group.name
    python, stamp = environment / "bin/python", environment / "corpus.txt"
    if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
        return python
    interpreter = pythons.get(group.python) or _interpreter(group.python)
    uv = ROOT / ".venv-uv/bin"
    # pip comes in where uv cannot: it knows the indexes of pip's own configuration, and builds that lie on disk.
    ways = (
        [uv / "uv", "pip", "sync", "-q", "--python", python, lock],
        [uv / "python", "-m", "pip", "--python", python, "install", "-q", "--no-compile", "--no-deps", "-r", lock],
    )
    log = folder / "logs" / f"{group.name}.install.log"
    if _failed([uv / "uv", "venv", "-q", "--clear", "--python", interpreter, environment], log) or all(
        _failed(way, log) for way in ways
    ):
        raise Unavailable(
            f"The libraries of {lock.name} cannot be installed for Python {group.python}; {log} tells why."
        )
    stamp.write_bytes(lock.read_bytes())
    return python


def _interpreter(version: str) -> str:
    on_path = shutil.which(f"python{version}")
    managed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    if on_path is None and not managed:
        raise Unavailable(f"There is no python{version}; name one by --python {version}=/path/to/python{version}.")
    return str(managed[-1]) if managed else str(on_path)
