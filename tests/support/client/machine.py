"""A machine with nothing on it but the client's wheel: no environment variables, an empty home."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.source import ROOT

PACKAGE = ROOT / "clients" / "python"
UV = ROOT / ".venv-uv" / "bin" / "uv"
OLDEST = (3, 9)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Machine:
    """A home of its own; ``program`` is the command with its first words."""

    home: Path
    program: tuple[str, ...] = (sys.executable, "-m", "modelyard_client")
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """The environment of its commands."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(PACKAGE),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PYTHONWARNINGS": "error",
            **self.environment,
        }

    @property
    def profiles(self) -> Path:
        """The file in which sign-ins are kept."""
        return self.home / ".config" / "modelyard" / "profiles.json"

    async def begin(self, *words: str, **variables: str) -> asyncio.subprocess.Process:
        """The command as a process that runs."""
        return await asyncio.create_subprocess_exec(
            *self.program,
            *words,
            cwd=self.home,
            env=self.variables | variables,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *words: str, given: str = "", **variables: str) -> Ended:
        """The command, ended."""
        process = await self.begin(*words, **variables)
        out, err = await asyncio.wait_for(process.communicate(given.encode()), 300)
        return Ended(process.returncode or 0, out.decode(), err.decode())


def oldest_python() -> str | None:
    """An interpreter of the oldest release that the client supports, if this machine has one."""
    name = f"python{OLDEST[0]}.{OLDEST[1]}"
    kept = sorted(Path.home().glob(f".pyenv/versions/{OLDEST[0]}.{OLDEST[1]}.*/bin/{name}"))
    for candidate in (os.environ.get("MODELYARD_TEST_OLDEST_PYTHON"), *map(str, kept), shutil.which(name)):
        if candidate and _runs(candidate):
            return candidate
    return None


def build_wheel(folder: Path, into: Path) -> Path:
    """The wheel of a project.

    Raises:
        subprocess.CalledProcessError: it could not be built.
    """
    subprocess.run([UV, "build", "-q", "--wheel", "-o", into, folder], check=True, capture_output=True, text=True)
    return max(into.glob("*.whl"), key=lambda path: path.stat().st_mtime)


def install(python: str, venv: Path, *wheels: Path | str) -> Path:
    """A new virtual environment with these wheels and what they need; the folder of its scripts."""
    subprocess.run([UV, "venv", "-q", "--python", python, venv], check=True, capture_output=True)
    command = [UV, "pip", "install", "-q", "--compile-bytecode", "--python", venv / "bin" / "python", *wheels]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return venv / "bin"


def _runs(python: str) -> bool:
    return subprocess.run([python, "-c", "import venv"], capture_output=True, check=False).returncode == 0
