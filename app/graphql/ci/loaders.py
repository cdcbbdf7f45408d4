"""Batches of CI jobs and settings."""

from __future__ import annotations

from collections.abc import Sequence

from strawberry.dataloader import DataLoader

from app.access.lists import Answers
from app.access.policy import Actor
from app.ci import pages
from app.ci.configuration import CiSettings
from app.ci.jobs import SeenJob
from app.ci.pages import CandidateKey, CiJobKey, VersionKey
from app.db.database import Database


class CiLoaders:
    """What concerns CI; keys begin with the project."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        self.jobs: DataLoader[CiJobKey, SeenJob | None] = DataLoader(self._jobs)
        self.of_candidates: DataLoader[CandidateKey, list[SeenJob]] = DataLoader(self._of_candidates)
        self.of_versions: DataLoader[VersionKey, list[SeenJob]] = DataLoader(self._of_versions)
        self.settings: DataLoader[tuple[int], CiSettings | None] = DataLoader(self._settings)

    async def _jobs(self, keys: list[CiJobKey]) -> Sequence[SeenJob | None]:
        return await pages.by_keys(self._db, self._actor, keys)

    async def _of_candidates(self, keys: list[CandidateKey]) -> Answers[list[SeenJob]]:
        return await pages.of_candidates(self._db, self._actor, keys)

    async def _of_versions(self, keys: list[VersionKey]) -> Answers[list[SeenJob]]:
        return await pages.of_versions(self._db, self._actor, keys)

    async def _settings(self, keys: list[tuple[int]]) -> Answers[CiSettings | None]:
        return await pages.settings_of_projects(self._db, self._actor, keys)
