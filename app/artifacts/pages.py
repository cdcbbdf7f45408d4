"""Files of many candidates and logged models at once: statements do not grow with the roots."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.access import pages
from app.access.policy import Actor, Permission
from app.artifacts.artifacts import ORDER, ArtifactDetails, below, details
from app.artifacts.tables import Artifact
from app.db import batching
from app.db.database import Database
from app.errors import ModelyardError
from app.pagination import Page, Window

RootKey = tuple[int, UUID]
"""Project and root."""
_PARENT = (Artifact.project_id, Artifact.root_id)


async def of_roots(
    db: Database, actor: Actor, keys: Sequence[RootKey], window: Window, folder: str = ""
) -> list[Page[ArtifactDetails] | ModelyardError]:
    """All files below a folder of each root, by path, in whatever depth; in the order of the keys."""
    statement = details().where(*below(folder))
    async with db.read() as snap:

        async def fetch(allowed: list[RootKey]) -> list[Page[ArtifactDetails]]:
            return await batching.pages(
                snap, statement, ORDER, window, parent=_PARENT, keys=allowed,
                convert=lambda row: ArtifactDetails(*row[:-1]),
            )  # fmt: skip

        return await pages.permitted(snap, actor, Permission.REGISTRY_READ, keys, fetch)


async def counts_of_roots(
    db: Database, actor: Actor, keys: Sequence[RootKey], folder: str = ""
) -> list[int | ModelyardError]:
    """How many files are below a folder of each root; in the order of the keys."""
    statement = details().where(*below(folder))
    async with db.read() as snap:

        async def fetch(allowed: list[RootKey]) -> list[int]:
            return await batching.counts(snap, statement, parent=_PARENT, keys=allowed)

        return await pages.permitted(snap, actor, Permission.REGISTRY_READ, keys, fetch)
