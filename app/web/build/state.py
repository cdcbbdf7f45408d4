"""How far a build is, in a small file that the server reads; and the lock that only one build has at a time."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path("web", ".build")
"""Where builds keep what is theirs, below the folder of the source; it may be deleted whenever none runs."""
LOG = (FOLDER / "build.log").as_posix()
_STATE, _LOCK = "state.json", "lock"


@dataclass(frozen=True, slots=True)
class Build:
    """How far a build is, or how it ended."""

    step: str = ""
    """What it does, or failed at: `node`, `packages` or `compile`."""
    is_running: bool = False
    has_failed: bool = False


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Be the one build of this folder; waits for another one."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write(root: Path, build: Build) -> None:
    """Say how far the build is, for callers that read it now or later."""
    path = root / FOLDER / _STATE
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(asdict(build)), encoding="utf-8")
    new.replace(path)


def read(root: Path) -> Build:
    """How far the build is; one that was killed neither runs nor has failed."""
    try:
        kept = json.loads((root / FOLDER / _STATE).read_bytes())
        build = Build(**kept)
    except (OSError, ValueError, TypeError):
        return Build()
    return build if not build.is_running or _is_locked(root) else Build()


def _is_locked(root: Path) -> bool:
    try:
        with (root / FOLDER / _LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
