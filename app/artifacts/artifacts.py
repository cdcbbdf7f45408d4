"""Artifacts as they are listed and found; their bytes are the business of uploads and downloads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    select,
    text,
)

from app.artifacts import visibility
from app.artifacts.tables import Artifact, Blob
from app.artifacts.visibility import Visibility
from app.db.database import Database, Snapshot, Tx
from app.errors import NotFound
from app.pagination import Keyset

__all__ = ["Artifact", "ArtifactDetails", "FileTarget", "LockOwner", "Root"]


# What waits for its removal has no files any more, except where a living model version still needs them. Owners and
# versions belong to features above this one; only the names of a few columns are known here.
OWNED = (
    "(EXISTS (SELECT FROM candidates c WHERE c.project_id = artifacts.project_id AND c.id = artifacts.candidate_id"
    " AND c.purge_at IS NULL) OR EXISTS (SELECT FROM logged_models l WHERE l.project_id = artifacts.project_id"
    " AND l.id = artifacts.logged_model_id AND l.purge_at IS NULL) OR EXISTS (SELECT FROM model_versions v"
    " JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id WHERE v.project_id = artifacts.project_id"
    " AND (v.candidate_id = artifacts.candidate_id OR v.logged_model_id = artifacts.logged_model_id)"
    " AND v.deleted_at IS NULL AND m.deleted_at IS NULL))"
)
_OWNED = text(OWNED)
DETAILS = f"""
SELECT artifacts.project_id, artifacts.id, root_id, candidate_id, logged_model_id, path, media_type, created_by,
  artifacts.created_at, b.size, b.sha256, b.object_key, b.damage, artifacts.state, state_reason, format, inspected_at,
  released_at
FROM artifacts JOIN blobs b ON b.project_id = artifacts.project_id AND b.id = artifacts.blob_id WHERE {OWNED}
"""  # noqa: S608 - put together from constants
"""For constants of this feature: the columns of :class:`ArtifactDetails`, up to its conditions."""


class ArtifactNotFound(NotFound):
    """There is no such artifact, or it may not be seen."""


@dataclass(frozen=True, slots=True)
class Root:
    """Whose files they are: those of a candidate or of a logged model (exactly one of the two)."""

    project_id: int
    candidate_id: UUID | None = None
    logged_model_id: UUID | None = None

    @property
    def id(self) -> UUID:
        found = self.candidate_id or self.logged_model_id
        assert found is not None, "a root is one of the two"
        return found


@dataclass(frozen=True, slots=True)
class ArtifactDetails:
    """A file: where it is, how large (bytes), and its SHA-256."""

    project_id: int
    id: UUID
    root_id: UUID
    candidate_id: UUID | None
    logged_model_id: UUID | None
    path: str
    media_type: str
    created_by: int | None
    created_at: datetime
    size: int
    sha256: bytes
    object_key: str
    damage: str | None
    """What is wrong with the stored bytes, as far as is known: `missing`, `size` or `hash`."""
    state: str
    """``ready``, ``failed`` (not what it claims to be; it can be downloaded) or ``quarantined`` (it cannot)."""
    state_reason: str | None
    format: str | None
    inspected_at: datetime | None
    released_at: datetime | None


async def find(snap: Snapshot, root: Root, path: str) -> ArtifactDetails:
    """Read step: the file at that path; the caller has checked who asks.

    Raises:
        ArtifactNotFound: there is none.
    """
    statement = details().where(
        Artifact.project_id == root.project_id, Artifact.root_id == root.id, Artifact.path == path
    )
    row = (await snap.execute(statement)).one_or_none()
    if row is None:
        raise ArtifactNotFound(f"No such artifact: '{path}'.", field="path")
    return ArtifactDetails(*row)


async def get(db: Database, root: Root, path: str, seen: Visibility) -> ArtifactDetails:
    """As :func:`search`, for callers who need nothing else of the database; ``seen`` says what they may see.

    Raises:
        ArtifactNotFound: there is none.
    """
    async with db.direct() as connection:
        row = await connection.fetchrow(_AT_PATH[seen], root.project_id, root.id, path)
    if row is None:
        raise ArtifactNotFound(f"No such artifact: '{path}'.", field="path")
    return ArtifactDetails(*row)


async def by_id(db: Database, project_id: int, artifact_id: UUID, seen: Visibility) -> ArtifactDetails | None:
    """The file with that id; None when there is none among those that may be seen."""
    async with db.direct() as connection:
        row = await connection.fetchrow(_BY_ID[seen], project_id, artifact_id)
    return None if row is None else ArtifactDetails(*row)


def _each(statement: str, file: str = "artifacts") -> dict[Visibility, str]:
    """The same statement for those who see all files, and for those who see the files of versions."""
    return {Visibility.ALL: statement, Visibility.OF_VERSIONS: f"{statement} AND {visibility.of_version(file)}"}


_AT_PATH = _each(f"{DETAILS} AND artifacts.project_id = $1 AND root_id = $2 AND path = $3")
_BY_ID = _each(f"{DETAILS} AND artifacts.project_id = $1 AND artifacts.id = $2")


ORDER: Keyset[ArtifactDetails] = Keyset("artifacts", (Artifact.path, Artifact.id), lambda found: (found.path, found.id))


def details() -> Select[*tuple[Any, ...]]:
    """The columns of :class:`ArtifactDetails`, in its order."""
    columns = (
        Artifact.project_id, Artifact.id, Artifact.root_id, Artifact.candidate_id, Artifact.logged_model_id,
        Artifact.path, Artifact.media_type, Artifact.created_by, Artifact.created_at,
        Blob.size, Blob.sha256, Blob.object_key, Blob.damage,
        Artifact.state, Artifact.state_reason, Artifact.format, Artifact.inspected_at, Artifact.released_at,
    )  # fmt: skip
    return select(*columns).join(Blob, _blob_of()).where(_OWNED)


def _blob_of() -> ColumnElement[bool]:
    return and_(Blob.project_id == Artifact.project_id, Blob.id == Artifact.blob_id)


def below(folder: str) -> tuple[ColumnElement[bool], ...]:
    """Paths in a folder, as a range that the index serves: after `/` comes `0`."""
    return (Artifact.path >= f"{folder}/", Artifact.path < f"{folder}0") if folder else ()


@dataclass(frozen=True, slots=True)
class FileTarget:
    """Where a file is going to be, what it is, and who has sent it; the path has been checked."""

    root: Root
    path: str
    media_type: str
    created_by: int | None


LockOwner = Callable[[Tx], Awaitable[object]]
"""Locks the owner of the files against deletion for the rest of the transaction; raises when it is not alive."""
