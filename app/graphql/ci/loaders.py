"""Batches of CI jobs and settings."""

from __future__ import annotations

from collections.abc import Sequence

from strawberry.dataloader import DataLoader

from app.access.policy import Actor
from app.access.reads.guarded import Results
from app.ci import loaders
from app.ci.configuration import CiSettings
from app.ci.jobs import VisibleJob
from app.ci.loaders import CandidateKey, CiJobKey, LinkedRows, VersionKey
from app.db.database import Database
from app.registry import ci_links
from app.tracking import ci_jobs

_LIVING = LinkedRows(ci_jobs.living_sql, ci_links.living_sql)


class CiLoaders:
    """What concerns CI; keys begin with the project."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        self.jobs: DataLoader[CiJobKey, VisibleJob | None] = DataLoader(self._jobs)
        self.of_candidates: DataLoader[CandidateKey, list[VisibleJob]] = DataLoader(self._of_candidates)
        self.of_versions: DataLoader[VersionKey, list[VisibleJob]] = DataLoader(self._of_versions)
        self.settings: DataLoader[tuple[int], CiSettings | None] = DataLoader(self._settings)

    async def _jobs(self, keys: list[CiJobKey]) -> Sequence[VisibleJob | None]:
        return await loaders.by_keys(self._db, self._actor, keys, _LIVING)

    async def _of_candidates(self, keys: list[CandidateKey]) -> Results[list[VisibleJob]]:
        return await loaders.of_candidates(self._db, self._actor, keys)

    async def _of_versions(self, keys: list[VersionKey]) -> Results[list[VisibleJob]]:
        return await loaders.of_versions(self._db, self._actor, keys)

    async def _settings(self, keys: list[tuple[int]]) -> Results[CiSettings | None]:
        return await loaders.settings_of_projects(self._db, self._actor, keys)
