"""Batches of files."""

from __future__ import annotations

from strawberry.dataloader import DataLoader

from app.access.lists import Answers
from app.access.policy import Actor
from app.artifacts import pages
from app.artifacts.artifacts import ArtifactDetails
from app.artifacts.pages import RootKey
from app.db.database import Database
from app.graphql.batches import per_arguments
from app.pagination import Page, Window


class ArtifactLoaders:
    """What concerns files; keys are project and root."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        self.pages: DataLoader[tuple[RootKey, tuple[Window, str]], Page[ArtifactDetails]] = per_arguments(self._pages)
        self.counts: DataLoader[tuple[RootKey, str], int] = per_arguments(self._counts)

    async def _pages(self, keys: list[RootKey], wish: tuple[Window, str]) -> Answers[Page[ArtifactDetails]]:
        window, folder = wish
        return await pages.of_roots(self._db, self._actor, keys, window, folder)

    async def _counts(self, keys: list[RootKey], folder: str) -> Answers[int]:
        return await pages.counts_of_roots(self._db, self._actor, keys, folder)
