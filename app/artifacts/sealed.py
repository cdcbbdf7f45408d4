"""Sealed versions, as far as files are concerned: theirs do not change any more, by whichever door they come."""

from __future__ import annotations

from app.db import refusals
from app.db.statements import Fragment
from app.errors import Conflict
from app.text import quoted


class VersionSealed(Conflict):
    """The version is sealed: its files, facts and description do not change any more."""

    code = "VERSION_SEALED"

    def __init__(self, message: str, *, field: str | None = None, version: str = "") -> None:
        self.version = version
        super().__init__(message, field=field)


def file_refusal(path: str, version: str, field: str | None = "path") -> VersionSealed:
    """The error for a file that belongs to a sealed version of this text, or would."""
    return VersionSealed(
        f"`{path}` cannot change: it belongs to the version {quoted(version)}, which is sealed. "
        "Make a new version for other files.",
        field=field,
        version=version,
    )


def is_damaged_sql(project: str, root: str, path: str) -> Fragment:
    """SQL: whether the bytes of the file at a path are known to be damaged; the same bytes heal it."""
    return Fragment(f"""
        EXISTS (SELECT FROM artifacts a JOIN blobs b ON b.project_id = a.project_id AND b.id = a.blob_id
          WHERE a.project_id = {project} AND a.root_id = {root} AND a.path = {path} AND b.damage IS NOT NULL)
    """)


def _file(detail: list[str]) -> VersionSealed:
    path, version = (*detail, "")[:2]
    return file_refusal(path, version)


refusals.register("sealed_file", _file)
