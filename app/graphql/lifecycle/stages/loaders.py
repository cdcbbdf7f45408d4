"""Batches of stages, rules for names, and what stood where and when."""

from __future__ import annotations

from datetime import datetime

from strawberry.dataloader import DataLoader

from app.access.policy import Actor
from app.access.reads.guarded import Results
from app.db.database import Database
from app.graphql.types.page_loaders import per_arguments
from app.pagination import Page, Window
from app.registry.reads import stages as reads
from app.registry.reads.loaders import Alias, ModelKey, VersionKey
from app.registry.reads.stages import StageInterval
from app.registry.stages.definitions import Stage
from app.registry.stages.protections import NameProtection


class StageLoaders:
    """Keys begin with the project."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        self.rules_of_projects: DataLoader[tuple[int], list[NameProtection]] = DataLoader(self._rules_of_projects)
        self.stage_holders: DataLoader[tuple[ModelKey, datetime | None], list[StageInterval]] = per_arguments(
            self._stage_holders
        )
        self.stage_histories: DataLoader[tuple[ModelKey, tuple[Window, str | None]], Page[StageInterval]] = (
            per_arguments(self._stage_histories)
        )
        self.version_stage_histories: DataLoader[tuple[VersionKey, Window], Page[StageInterval]] = per_arguments(
            self._version_stage_histories
        )
        self.version_stages: DataLoader[tuple[VersionKey, datetime], StageInterval | None] = per_arguments(
            self._version_stages
        )
        self.past_aliases_of_models: DataLoader[tuple[ModelKey, datetime], list[Alias]] = per_arguments(
            self._past_aliases_of_models
        )
        self.past_aliases_of_versions: DataLoader[tuple[VersionKey, datetime], list[Alias]] = per_arguments(
            self._past_aliases_of_versions
        )
        self.stages_of_projects: DataLoader[tuple[int], list[Stage]] = DataLoader(self._stages_of_projects)

    async def _rules_of_projects(self, keys: list[tuple[int]]) -> Results[list[NameProtection]]:
        return await reads.rules_of_projects(self._db, self._actor, keys)

    async def _stage_holders(self, keys: list[ModelKey], at: datetime | None) -> Results[list[StageInterval]]:
        return await reads.holders_of_models(self._db, self._actor, keys, at)

    async def _stage_histories(
        self, keys: list[ModelKey], request: tuple[Window, str | None]
    ) -> Results[Page[StageInterval]]:
        window, stage = request
        return await reads.history_of_models(self._db, self._actor, keys, window, stage=stage)

    async def _version_stage_histories(self, keys: list[VersionKey], window: Window) -> Results[Page[StageInterval]]:
        return await reads.history_of_versions(self._db, self._actor, keys, window)

    async def _version_stages(self, keys: list[VersionKey], at: datetime) -> Results[StageInterval | None]:
        return await reads.stages_of_versions(self._db, self._actor, keys, at)

    async def _past_aliases_of_models(self, keys: list[ModelKey], at: datetime) -> Results[list[Alias]]:
        return await reads.aliases_of_models(self._db, self._actor, keys, at)

    async def _past_aliases_of_versions(self, keys: list[VersionKey], at: datetime) -> Results[list[Alias]]:
        return await reads.aliases_of_versions(self._db, self._actor, keys, at)

    async def _stages_of_projects(self, keys: list[tuple[int]]) -> Results[list[Stage]]:
        return await reads.stages_of_projects(self._db, self._actor, keys)
