"""Which installation of this user runs, for `make demo` and its like: ``eval "$(python -m app.embedded.running)"``.

`up` notes its data directory below ``$XDG_STATE_HOME/modelyard``. The address there says whether it runs.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from app.embedded.state import make_private, write_private

DEFAULT = ".modelyard"
PATIENCE = 3.0
"""Seconds in which a running installation must answer."""


class NotFound(Exception):
    """None runs, or it is not clear which is meant; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Installation:
    """One that answers."""

    data_dir: Path
    connection: Mapping[str, str]

    @property
    def url(self) -> str:
        """The address of its API."""
        return self.connection["MODELYARD_URL"]


def remember(data_dir: Path, environment: Mapping[str, str]) -> None:
    """Note that an installation has its data there; where no note can be written, none is."""
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    with suppress(OSError):
        directory = make_private(_notes(environment))
        for note in directory.iterdir():
            if not _read(note).is_dir():
                note.unlink(missing_ok=True)
        write_private(directory / name, f"{data_dir.resolve()}\n")


def find(environment: Mapping[str, str], folder: Path) -> Installation:
    """The installation that is meant: that of ``MODELYARD_DATA_DIR``, else that of the folder, else the only one.

    ``MODELYARD_PORT`` leaves only those at that port.

    Raises:
        NotFound: none runs, or several do.
    """
    named, port = environment.get("MODELYARD_DATA_DIR"), environment.get("MODELYARD_PORT")
    if named:
        return _that_one(Path(named).absolute(), port)
    here = (folder / DEFAULT).resolve()
    candidates = dict.fromkeys([here, *_noted(environment)])
    running = [one for one in map(_running, candidates) if one and _is_at(one, port)]
    if not running:
        at_port = f" at port {port}" if port else ""
        raise NotFound(f"No installation of yours runs{at_port}. Start 'make up' in another terminal first.")
    if len(running) > 1 and running[0].data_dir != here:
        told = "".join(f"\n  MODELYARD_DATA_DIR={shlex.quote(str(one.data_dir))}  {one.url}" for one in running)
        raise NotFound(f"Several installations run. Say which one is meant, for example as an argument of make:{told}")
    return running[0]


def _that_one(data_dir: Path, port: str | None) -> Installation:
    installation = _running(data_dir)
    if installation is None:
        raise NotFound(
            f"The installation in {data_dir} does not run. "
            f"Start it in another terminal first: MODELYARD_DATA_DIR={shlex.quote(str(data_dir))} make up"
        )
    if not _is_at(installation, port):
        raise NotFound(
            f"The installation in {data_dir} runs at {installation.url}, not at port {port} (MODELYARD_PORT)."
        )
    return installation


def _is_at(installation: Installation, port: str | None) -> bool:
    return not port or str(urlsplit(installation.url).port) == port


def _running(data_dir: Path) -> Installation | None:
    try:
        lines = (data_dir / "connection.env").read_text(encoding="utf-8").splitlines()
        settings = dict(word.split("=", 1) for line in lines for word in shlex.split(line) if "=" in word)
        # No proxy: the address is one of this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{settings['MODELYARD_URL']}/health/live", timeout=PATIENCE):
            return Installation(data_dir, settings)
    except (OSError, ValueError, KeyError):
        return None  # there is none, or it has stopped


def _noted(environment: Mapping[str, str]) -> list[Path]:
    with suppress(OSError):
        return [_read(note) for note in sorted(_notes(environment).iterdir())]
    return []


def _read(note: Path) -> Path:
    """What a note says; names of directories are bytes, of any kind."""
    return Path(os.fsdecode(note.read_bytes().strip()))


def _notes(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_STATE_HOME") or Path(environment.get("HOME") or "~").expanduser() / ".local" / "state"
    return Path(base) / "modelyard" / "installations"


def main() -> None:
    """Print the variables of the running installation, and its data directory, as lines for a shell."""
    try:
        installation = find(os.environ, Path.cwd())
    except NotFound as error:
        raise SystemExit(str(error)) from None
    variables = {**installation.connection, "MODELYARD_DATA_DIR": str(installation.data_dir)}
    sys.stdout.write("".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()))


if __name__ == "__main__":
    main()
