"""A path is a file or a folder, never both: what stands in the way of a new file.

A trigger of the table enforces it between concurrent transactions. What stands here looks earlier, so that no client
sends large files in vain, and says which file is in the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy.exc import IntegrityError

from app.artifacts.artifacts import Root
from app.db.database import Snapshot
from app.db.statements import Statement
from app.errors import Conflict

_CONSTRAINT = "file_or_folder"


class PathOccupied(Conflict):
    """A file stands where a folder would have to be, or files are in what would have to be a file."""


def refusal(path: str, other: str, field: str | None = "path") -> PathOccupied:
    """The error for a path that another one excludes: one of the two lies below the other."""
    if path.startswith(f"{other}/"):
        return PathOccupied(
            f"`{path}` cannot be stored: `{other}` is a file, so that no file can be below it. "
            "Delete that file first, or choose another path.",
            field=field,
        )
    return PathOccupied(
        f"`{path}` cannot be stored: it is a folder, in which there is the file `{other}`. "
        "Delete the folder first, or choose another path.",
        field=field,
    )


async def require_free(snap: Snapshot, root: Root, path: str, field: str | None = "path") -> None:
    """Read step: refuse a new file that would make its path, or one above it, a file and a folder.

    Raises:
        PathOccupied: with the name of the file that is there.
    """
    excluding = await conflicts(snap, root, [path])
    if excluding:
        raise refusal(path, excluding[path], field)


async def conflicts(snap: Snapshot, root: Root, paths: Sequence[str]) -> dict[str, str]:
    """Read step: which of the paths a file that is there excludes, and which file that is.

    A path that is a file already can be replaced, whatever an older release has let in beside it.
    """
    rows = await FIND_CONFLICTS.fetch(snap, project=root.project_id, root=root.id, paths=list(paths))
    return {row.path: row.other for row in rows}


def conflict_within(paths: Sequence[str]) -> tuple[str, str] | None:
    """Two of these paths that exclude each other, the one that lies below first; None where there are none."""
    every = set(paths)
    for path in paths:
        for folder in folders(path):
            if folder in every:
                return path, folder
    return None


def folders(path: str) -> Iterator[str]:
    """All folders that a file is in: `a` and `a/b` of `a/b/c`."""
    end = path.find("/")
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)


@contextmanager
def translated_errors(field: str | None = "path") -> Iterator[None]:
    """What the trigger refuses in this block becomes an error that says why.

    Raises:
        PathOccupied: another transaction was faster; this one has to end.
    """
    try:
        yield
    except IntegrityError as error:
        cause = getattr(error.orig, "__cause__", None)
        if getattr(cause, "constraint_name", None) != _CONSTRAINT:
            raise
        path, _, other = str(getattr(cause, "detail", "")).partition("\n")
        raise refusal(path, other, field) from error


class _Conflict(NamedTuple):
    path: str
    other: str


FIND_CONFLICTS = Statement(
    "artifacts.find_path_conflicts",
    "Which of these paths of a root a file excludes that is there, and which file that is.",
    """
    SELECT given.path, other.path AS other FROM unnest(:paths::text[]) AS given(path), LATERAL (
      (SELECT file.path FROM folders_of(given.path COLLATE "C") AS folder, LATERAL (SELECT a.path FROM artifacts a
        WHERE a.project_id = :project AND a.root_id = :root AND a.path = folder LIMIT 1) AS file)
      UNION ALL
      (SELECT a.path FROM artifacts a WHERE a.project_id = :project AND a.root_id = :root
        AND a.path >= (given.path || '/') COLLATE "C" AND a.path < (given.path || '0') COLLATE "C"
        ORDER BY a.path LIMIT 1)
      LIMIT 1
    ) AS other
    WHERE NOT EXISTS (SELECT FROM artifacts a
      WHERE a.project_id = :project AND a.root_id = :root AND a.path = given.path COLLATE "C")
    """,
    row=_Conflict,
)
