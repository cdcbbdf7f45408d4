"""Artifacts as they are listed and found; their bytes are the business of uploads and downloads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
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
from app.artifacts.owners import HAS_OWNER
from app.artifacts.tables import Artifact, Blob
from app.artifacts.visibility import View, Visibility
from app.db.database import Database, Snapshot, Tx
from app.db.statements import Fragment, Statement, columns
from app.errors import NotFound
from app.pagination import Keyset

__all__ = ["Artifact", "ArtifactDetails", "FileTarget", "LockOwner", "Root"]


_HAS_OWNER = text(HAS_OWNER)


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
        owner = self.candidate_id or self.logged_model_id
        assert owner is not None, "a root is one of the two"
        return owner


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


async def get(db: Database, root: Root, path: str, view: View) -> ArtifactDetails:
    """As :func:`find`, for callers who need nothing else of the database; ``view`` says what they may see.

    Raises:
        ArtifactNotFound: there is none.
    """
    async with db.direct() as connection:
        file = await _AT_PATH[view.kind].fetch_one(
            connection, project=root.project_id, root=root.id, path=path, **view.values
        )
    if file is None:
        raise ArtifactNotFound(f"No such artifact: '{path}'.", field="path")
    return file


async def by_id(db: Database, project_id: int, artifact_id: UUID, view: View) -> ArtifactDetails | None:
    """The file with that id; None when there is none among those that may be seen."""
    async with db.direct() as connection:
        return await _BY_ID[view.kind].fetch_one(connection, project=project_id, artifact=artifact_id, **view.values)


async def by_digest(
    db: Database, project_id: int, sha256: bytes, view: View, root: Root | None = None, folder: str = ""
) -> ArtifactDetails:
    """A file with these bytes, of the project or below a folder of a root; one that is not in quarantine, if there is.

    Raises:
        ArtifactNotFound: there is none that may be seen.
    """
    async with db.direct() as connection:
        if root is None:
            file = await _BY_DIGEST[view.kind].fetch_one(connection, project=project_id, sha256=sha256, **view.values)
        else:
            below = f"{folder}/" if folder else ""
            file = await _BY_DIGEST_OF_ROOT[view.kind].fetch_one(
                connection, project=project_id, sha256=sha256, root=root.id, below=below, **view.values
            )
    if file is None:
        raise ArtifactNotFound(f"No file of this project has the SHA-256 {sha256.hex()}, or you may not see it.")
    return file


_OF_BLOB = {name: f"b.{name}" for name in ("size", "sha256", "object_key", "damage")}
_DETAILS = Fragment(f"""
SELECT {columns(ArtifactDetails, of="artifacts", **_OF_BLOB)}
FROM artifacts JOIN blobs b ON b.project_id = artifacts.project_id AND b.id = artifacts.blob_id WHERE {HAS_OWNER}
""")  # noqa: S608 - put together from constants


def _each(name: str, purpose: str, condition: str) -> dict[Visibility, Statement[ArtifactDetails]]:
    """The same statement for those who see all files, and for those who see the files of versions."""
    return {
        view: Statement(
            f"artifacts.{name}_{view.name.lower()}", purpose, f"{_DETAILS} {condition} {shown}", row=ArtifactDetails
        )
        for view, shown in visibility.shown_sql("artifacts").items()
    }


def _by_digest(name: str, purpose: str, condition: str) -> dict[Visibility, Statement[ArtifactDetails]]:
    """The second part runs only where the first finds nothing; neither sorts, since many files may share the bytes."""
    return {
        view: Statement(
            f"artifacts.{name}_{view.name.lower()}",
            purpose,
            f"""
            ({_DETAILS} {condition} {shown} AND artifacts.state <> 'quarantined' LIMIT 1)
            UNION ALL ({_DETAILS} {condition} {shown} AND artifacts.state = 'quarantined' LIMIT 1) LIMIT 1
            """,
            row=ArtifactDetails,
        )
        for view, shown in visibility.shown_sql("artifacts").items()
    }


_AT_PATH = _each(
    "at_path",
    "The file at a path of a root.",
    "AND artifacts.project_id = :project AND artifacts.root_id = :root AND artifacts.path = :path",
)
_BY_ID = _each("by_id", "The file with that id.", "AND artifacts.project_id = :project AND artifacts.id = :artifact")
_HAS_DIGEST = Fragment(
    "AND artifacts.project_id = :project AND b.project_id = :project AND b.sha256 = :sha256 AND b.state = 'stored'"
)
_BY_DIGEST = _by_digest("by_digest", "A file of a project with these bytes.", _HAS_DIGEST)
_BY_DIGEST_OF_ROOT = _by_digest(
    "by_digest_of_root",
    "A file below a folder of a root with these bytes.",
    f"{_HAS_DIGEST} AND artifacts.root_id = :root AND starts_with(artifacts.path, :below)",
)


ORDER: Keyset[ArtifactDetails] = Keyset("artifacts", (Artifact.path, Artifact.id), lambda owner: (owner.path, owner.id))


def details() -> Select[*tuple[Any, ...]]:
    """The columns of :class:`ArtifactDetails`, in the order of its fields."""
    names = [field.name for field in fields(ArtifactDetails)]
    every = [getattr(Blob if name in _OF_BLOB else Artifact, name) for name in names]
    return select(*every).join(Blob, _blob_of()).where(_HAS_OWNER)


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
    token_id: int | None = None
    """The token that it is stored with, if that has a limit of bytes."""


LockOwner = Callable[[Tx], Awaitable[object]]
"""Locks the owner of the files against deletion for the rest of the transaction; raises when it is not alive."""
