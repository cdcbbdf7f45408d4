"""Files of many candidates and logged models at once: statements do not grow with the roots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import and_, case, or_, select

from app.access import projects
from app.access.policy import Actor, Permission
from app.access.reads.guarded import AnySelect, GuardedReads, Results
from app.artifacts import visibility
from app.artifacts.artifacts import ORDER, ArtifactDetails, below, details
from app.artifacts.tables import Artifact, MultipartUpload
from app.artifacts.uploads import announced as uploads_announced
from app.artifacts.visibility import View, Visibility
from app.db import batch_reads
from app.db.database import Database, Snapshot
from app.pagination import Page, Window

T = TypeVar("T")
RootKey: TypeAlias = tuple[int, UUID]
"""Project and root."""
ArtifactKey: TypeAlias = tuple[int, UUID]
"""Project and artifact."""
_PARENT = (Artifact.project_id, Artifact.root_id)


FolderKey: TypeAlias = tuple[int, UUID, str]
"""Project, root and folder."""
MAX_LISTED = 5_000


class ListedFile(NamedTuple):
    """A file by its path within a folder; ``facts`` are those of an MLmodel, and None for all others."""

    path: str
    size: int
    sha256: bytes
    facts: Mapping[str, Any] | None


class ListedFiles(NamedTuple):
    """The files below a folder, and whether they are all of them: no more than 5,000 of a root are read."""

    files: list[ListedFile]
    is_whole: bool


class Findings(NamedTuple):
    """What looking into a file has told; None where there was nothing to tell."""

    facts: Mapping[str, Any] | None
    scan: Mapping[str, Any] | None


async def of_roots(
    db: Database, actor: Actor, keys: Sequence[RootKey], window: Window, folder: str, permission: Permission
) -> Results[Page[ArtifactDetails]]:
    """All files below a folder of each root, by path, in whatever depth; in the order of the keys.

    ``permission`` says as whose files they are read: those of candidates or of versions, which show no others.
    """
    return await GuardedReads(permission, of_models=True).pages(
        db,
        actor,
        keys,
        window,
        statement=_read_as(actor, permission).where(*below(folder)),
        order=ORDER,
        parent=_PARENT,
        convert=lambda row: ArtifactDetails(*row[:-1]),
    )


async def counts_of_roots(
    db: Database, actor: Actor, keys: Sequence[RootKey], folder: str, permission: Permission
) -> Results[int]:
    """How many files are below a folder of each root; in the order of the keys."""
    lists = GuardedReads(permission, of_models=True)
    return await lists.counts(
        db, actor, keys, statement=_read_as(actor, permission).where(*below(folder)), parent=_PARENT
    )


async def listed(db: Database, actor: Actor, keys: Sequence[FolderKey], permission: Permission) -> Results[ListedFiles]:
    """The first 5,000 files below each folder, by path within the folder: for comparisons."""

    async def fetch(snap: Snapshot, allowed: list[FolderKey]) -> Sequence[ListedFiles]:
        wanted = or_(*(and_(Artifact.root_id == root, *below(folder)) for _, root, folder in allowed))
        facts = case((or_(Artifact.path == "MLmodel", Artifact.path.endswith("/MLmodel")), Artifact.facts))
        names = ("project_id", "root_id", "path", "size", "sha256")
        every = _read_as(actor, permission).where(wanted)
        columns = [column for column in every.selected_columns if column.name in names]
        rows = await batch_reads.firsts(
            snap,
            every.with_only_columns(*columns, facts.label("facts")).order_by(Artifact.path),
            limit=MAX_LISTED + 1,
            parent=_PARENT,
            keys=[(project_id, root) for project_id, root, _ in allowed],
        )
        return [_within(folder, rows_of_root) for (_, _, folder), rows_of_root in zip(allowed, rows, strict=True)]

    return await GuardedReads(permission, of_models=True).read(db, actor, keys, fetch)


def _read_as(actor: Actor, permission: Permission) -> AnySelect:
    """The files that the permission shows; whose keys they are is asked by who uses it."""
    view = visibility.ALL_FILES
    if permission is Permission.REGISTRY_READ:
        view = View(Visibility.OF_VERSIONS, actor.model_patterns)
    return details().where(*visibility.conditions(Artifact, view))


def _within(folder: str, rows: Sequence[Any]) -> ListedFiles:
    start = len(folder) + 1 if folder else 0
    mine = (row for row in rows[:MAX_LISTED] if not folder or row.path.startswith(f"{folder}/"))
    files = [ListedFile(row.path[start:], row.size, row.sha256, row.facts) for row in mine]
    return ListedFiles(files, len(rows) <= MAX_LISTED)


async def findings(db: Database, actor: Actor, keys: Sequence[ArtifactKey]) -> list[Findings | None]:
    """What is known of files, by project and artifact; apart from the lists, since it may be large."""
    return await _seen(db, actor, keys, select(Artifact.facts, Artifact.scan), lambda row: Findings(row[0], row[1]))


async def by_ids(db: Database, actor: Actor, keys: Sequence[ArtifactKey]) -> list[ArtifactDetails | None]:
    """Files by project and id; None where there is none that may be seen."""
    return await _seen(db, actor, keys, details(), lambda row: ArtifactDetails(*row[:-1]))


async def _seen(
    db: Database, actor: Actor, keys: Sequence[ArtifactKey], statement: AnySelect, convert: Callable[[Any], T]
) -> list[T | None]:
    """Files that may be seen as those of a candidate or of a version."""
    async with db.read() as snap:
        shown = await visibility.visible_files(snap, actor, {project_id for project_id, _ in keys})
        return await batch_reads.singles(
            snap,
            statement.where(shown),
            parent=(Artifact.project_id, Artifact.id),
            keys=keys,
            convert=convert,
        )


async def uploads_by_keys(db: Database, actor: Actor, keys: Sequence[ArtifactKey]) -> list[MultipartUpload | None]:
    """Announced uploads by project and id; None where there is none, and for visitors those of others."""
    async with db.read() as snap:
        ids = {project_id for project_id, _ in keys}
        joined = [
            id for id, access in (await projects.visible_by_ids(snap, actor, ids)).items() if access.role is not None
        ]
        announced = select(MultipartUpload).where(
            MultipartUpload.size.is_not(None),
            await visibility.visible_uploads(snap, actor, ids),
            or_(MultipartUpload.project_id.in_(joined), uploads_announced.is_own(actor)),
        )
        parent = (MultipartUpload.project_id, MultipartUpload.id)
        return await batch_reads.singles(snap, announced, parent=parent, keys=keys)
