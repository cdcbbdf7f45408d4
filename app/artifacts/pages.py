"""Files of many candidates and logged models at once: statements do not grow with the roots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import select

from app.access.lists import Answers, ProjectLists
from app.access.policy import Actor, Permission
from app.artifacts.artifacts import ORDER, ArtifactDetails, below, details
from app.artifacts.tables import Artifact, MultipartUpload
from app.db.database import Database
from app.pagination import Page, Window

RootKey: TypeAlias = tuple[int, UUID]
"""Project and root."""
ArtifactKey: TypeAlias = tuple[int, UUID]
"""Project and artifact."""
_LISTS = ProjectLists(Permission.REGISTRY_READ)
_PARENT = (Artifact.project_id, Artifact.root_id)


class Findings(NamedTuple):
    """What looking into a file has told; None where there was nothing to tell."""

    facts: Mapping[str, Any] | None
    scan: Mapping[str, Any] | None


async def of_roots(
    db: Database, actor: Actor, keys: Sequence[RootKey], window: Window, folder: str = ""
) -> Answers[Page[ArtifactDetails]]:
    """All files below a folder of each root, by path, in whatever depth; in the order of the keys."""
    return await _LISTS.pages(
        db,
        actor,
        keys,
        window,
        statement=details().where(*below(folder)),
        order=ORDER,
        parent=_PARENT,
        convert=lambda row: ArtifactDetails(*row[:-1]),
    )


async def counts_of_roots(db: Database, actor: Actor, keys: Sequence[RootKey], folder: str = "") -> Answers[int]:
    """How many files are below a folder of each root; in the order of the keys."""
    return await _LISTS.counts(db, actor, keys, statement=details().where(*below(folder)), parent=_PARENT)


async def by_paths(
    db: Database, actor: Actor, keys: Sequence[tuple[int, UUID, str]]
) -> Answers[ArtifactDetails | None]:
    """Files by project, root and path; None where there is none."""
    return await _LISTS.singles(
        db,
        actor,
        keys,
        statement=details(),
        parent=(Artifact.project_id, Artifact.root_id, Artifact.path),
        convert=lambda row: ArtifactDetails(*row[:-1]),
    )


async def findings(db: Database, actor: Actor, keys: Sequence[ArtifactKey]) -> Answers[Findings | None]:
    """What is known of files, by project and artifact; apart from the lists, since it may be large."""
    return await _LISTS.singles(
        db,
        actor,
        keys,
        statement=select(Artifact.facts, Artifact.scan),
        parent=(Artifact.project_id, Artifact.id),
        convert=lambda row: Findings(row[0], row[1]),
    )


async def by_ids(db: Database, actor: Actor, keys: Sequence[ArtifactKey]) -> Answers[ArtifactDetails | None]:
    """Files by project and id; None where there is none."""
    return await _LISTS.singles(
        db,
        actor,
        keys,
        statement=details(),
        parent=(Artifact.project_id, Artifact.id),
        convert=lambda row: ArtifactDetails(*row[:-1]),
    )


async def uploads_by_keys(db: Database, actor: Actor, keys: Sequence[ArtifactKey]) -> Answers[MultipartUpload | None]:
    """Announced uploads by project and id; None where there is none."""
    return await _LISTS.singles(
        db,
        actor,
        keys,
        statement=select(MultipartUpload).where(MultipartUpload.size.is_not(None)),
        parent=(MultipartUpload.project_id, MultipartUpload.id),
    )
