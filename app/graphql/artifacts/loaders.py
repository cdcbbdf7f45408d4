"""Batches of files."""

from __future__ import annotations

from strawberry.dataloader import DataLoader

from app.access.policy import Actor, Permission
from app.access.reads.guarded import Results
from app.artifacts.artifacts import ArtifactDetails
from app.artifacts.reads import loaders
from app.artifacts.reads.loaders import ArtifactKey, Findings, FolderKey, ListedFiles, RootKey
from app.artifacts.uploads.announced import MultipartUpload
from app.db.database import Database
from app.graphql.types.page_loaders import per_arguments
from app.pagination import Page, Window


class ArtifactLoaders:
    """What concerns files; keys are project and root."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        self.pages: DataLoader[tuple[RootKey, tuple[Window, str, Permission]], Page[ArtifactDetails]] = per_arguments(
            self._pages
        )
        self.artifacts: DataLoader[ArtifactKey, ArtifactDetails | None] = DataLoader(self._artifacts)
        self.uploads: DataLoader[ArtifactKey, MultipartUpload | None] = DataLoader(self._uploads)
        self.listed: DataLoader[tuple[FolderKey, Permission], ListedFiles] = per_arguments(self._listed)
        self.findings: DataLoader[ArtifactKey, Findings | None] = DataLoader(self._findings)
        self.counts: DataLoader[tuple[RootKey, tuple[str, Permission]], int] = per_arguments(self._counts)
        self.parts_requested = 0
        """Parts of uploads that the request has named so far."""

    async def _pages(
        self, keys: list[RootKey], request: tuple[Window, str, Permission]
    ) -> Results[Page[ArtifactDetails]]:
        return await loaders.of_roots(self._db, self._actor, keys, *request)

    async def _artifacts(self, keys: list[ArtifactKey]) -> list[ArtifactDetails | None]:
        return await loaders.by_ids(self._db, self._actor, keys)

    async def _uploads(self, keys: list[ArtifactKey]) -> list[MultipartUpload | None]:
        return await loaders.uploads_by_keys(self._db, self._actor, keys)

    async def _findings(self, keys: list[ArtifactKey]) -> list[Findings | None]:
        return await loaders.findings(self._db, self._actor, keys)

    async def _counts(self, keys: list[RootKey], request: tuple[str, Permission]) -> Results[int]:
        return await loaders.counts_of_roots(self._db, self._actor, keys, *request)

    async def _listed(self, keys: list[FolderKey], permission: Permission) -> Results[ListedFiles]:
        return await loaders.listed(self._db, self._actor, keys, permission)
