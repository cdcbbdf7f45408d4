"""What a data directory must remember between starts: ports and secrets."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from app.embedded.errors import EmbeddedError

FORMAT = 1
"""Of the state; raised when an older release could not work with what this one writes."""


class State:
    """``state.json`` (mode 0600) of a data directory; every change is written at once and atomically."""

    def __init__(self, path: Path) -> None:
        """Read what the last start left.

        Raises:
            EmbeddedError: it cannot be read, or a newer release has written it in another form.
        """
        self._path = path
        self._values: dict[str, Any] = _read(path) if path.exists() else {"format": FORMAT}
        written = self._values.get("format", 1)
        if not isinstance(written, int) or written > FORMAT:
            raise EmbeddedError(
                f"{path} has the format {written!r} and this release knows {FORMAT}: a newer release has used this "
                "data directory. Run that one, or choose another directory with MODELYARD_DATA_DIR."
            )

    def get(self, key: str) -> Any:
        """The remembered value, or None."""
        return self._values.get(key)

    def remember(self, **values: Any) -> None:
        """Keep values; does not touch the disk when nothing is new."""
        if any(self._values.get(key) != value for key, value in values.items()):
            self._values.update(values)
            write_private(self._path, json.dumps(self._values, indent=2, sort_keys=True) + "\n")

    def secret(self, key: str) -> str:
        """A password of 256 random bits in hexadecimal, made on first use."""
        if key not in self._values:
            self.remember(**{key: secrets.token_hex(32)})
        return str(self._values[key])


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text())
    except ValueError as error:
        raise EmbeddedError(f"{path} is damaged ({error}): restore it from a backup; it has passwords.") from None
    if not isinstance(values, dict):
        raise EmbeddedError(f"{path} is damaged (no object): restore it from a backup; it has passwords.")
    return values


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; only the owner may read it, and it survives a power cut.

    A file that has the text already is left alone: what is started again on a full disk needs no room for it.

    Raises:
        OSError: it cannot be written; the old file is still there, and nothing else.
    """
    if _has(path, text):
        path.chmod(0o600)
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _has(path: Path, text: str) -> bool:
    try:
        return path.read_text() == text
    except (OSError, ValueError):  # not there, or not even text
        return False


def make_private(directory: Path) -> Path:
    """Create a directory that only its owner may enter; an existing one is narrowed to that."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    return directory
