"""The folder that a backup is: a dump, the list of the objects that it names, those objects, and a file that says so.

``backup.json`` is written last: a folder without it is no backup.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from app.errors import Invalid

FORMAT = 1


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """An object that the dump names: its key, size in bytes, SHA-256 in hexadecimal, and noted damage."""

    key: str
    size: int
    sha256: str
    damage: str = ""


@dataclass(frozen=True, slots=True)
class BackupSummary:
    """What a complete backup says of itself (``backup.json``)."""

    taken_at: str
    """When the dump's snapshot was made, in ISO 8601: what was acknowledged before is in it."""
    schema: str
    """The newest migration of the dump."""
    objects: int
    bytes: int
    damaged: int
    """Objects that the database had noted as damaged in the store; they are not in the backup."""
    lost: list[str]
    """Keys of objects that could not be copied though the database had noted no damage."""
    has_secret_key: bool
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """Where the parts of one backup are."""

    path: Path

    @classmethod
    def make(cls, path: Path) -> Self:
        """A new folder that only its owner may enter.

        Raises:
            Invalid: there is something in it.
        """
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise Invalid(f"{path} is not empty; a backup needs a folder of its own.")
        path.chmod(0o700)
        return cls(path)

    @property
    def dump(self) -> Path:
        """The dump of the database."""
        return self.path / "database.dump"

    @property
    def secret_key(self) -> Path:
        """The installation's key, if the backup holds it."""
        return self.path / "secret.key"

    @property
    def _list(self) -> Path:
        return self.path / "objects.jsonl"

    def file(self, key: str) -> Path:
        """Where the bytes of an object are.

        Raises:
            Invalid: the key would lead out of the folder.
        """
        if not key.startswith("v1/") or {"", ".", ".."} & set(key.split("/")):
            raise Invalid(f"{self._list} names an object {key!r}, which is none of ours.")
        return self.path / "objects" / key

    def write_entries(self, entries: list[ObjectEntry]) -> None:
        """Add lines to the list of objects."""
        with self._list.open("a") as lines:
            lines.writelines(json.dumps(asdict(entry)) + "\n" for entry in entries)

    def entries(self) -> Iterator[ObjectEntry]:
        """The list of objects, a line at a time."""
        if self._list.exists():
            with self._list.open() as lines:
                for line in lines:
                    yield ObjectEntry(**json.loads(line))

    def keep_secret_key(self, key: str) -> None:
        """Write the installation's key, readable by the owner of the folder alone."""
        with os.fdopen(os.open(self.secret_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(key + "\n")

    def finish(self, summary: BackupSummary) -> None:
        """Write the summary, once everything else is on the disk."""
        os.sync()
        draft = self.path / "backup.json.draft"
        draft.write_text(json.dumps(asdict(summary), indent=2) + "\n")
        draft.rename(self.path / "backup.json")
        os.sync()

    def summary(self) -> BackupSummary:
        """The summary of a complete backup.

        Raises:
            Invalid: the folder has none, or one of another format.
        """
        summary = self.path / "backup.json"
        if not summary.exists():
            raise Invalid(f"{self.path} is no complete backup: it has no backup.json.")
        values = json.loads(summary.read_text())
        if values.get("format") != FORMAT:
            raise Invalid(f"{self.path} has the format {values.get('format')!r}; this release reads {FORMAT}.")
        return BackupSummary(**values)
