"""Batches of deployments, and of the versions that they follow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from strawberry.dataloader import DataLoader

from app.access.policy import Actor
from app.access.reads.guarded import Columns, Results
from app.db.database import Database
from app.graphql.types.page_loaders import per_arguments
from app.lifecycle.deployments import reads
from app.lifecycle.deployments.reads import Filter, Key, Shown
from app.lifecycle.pulls import reads as pulls
from app.lifecycle.pulls.reads import Pull, VersionKey
from app.pagination import Page, Window
from app.registry.reads import reach
from app.registry.reads.loaders import ModelKey
from app.registry.references.parse import parse_reference
from app.registry.versions.lookup import ModelVersion

DeploymentList = tuple[Window, Filter]
Pages = DataLoader[tuple[Key, DeploymentList], Page[Shown]]
Counts = DataLoader[tuple[Key, Filter], int]


class DeploymentLoaders:
    """What concerns deployments; keys begin with the project."""

    def __init__(self, db: Database, actor: Actor, silent_after: timedelta) -> None:
        """``silent_after``: without heartbeat for so long a deployment is silent."""
        self._db, self._actor, self.silent_after = db, actor, silent_after
        self.deployments: DataLoader[tuple[int, int], Shown | None] = DataLoader(self._by_keys)
        self.followed: DataLoader[tuple[ModelKey, str], ModelVersion | None] = per_arguments(self._followed)
        self.pulls: DataLoader[tuple[VersionKey, Window], Page[Pull]] = per_arguments(self._pulls)
        self.of_projects: Pages = per_arguments(self._pages(reads.PROJECT))
        self.of_models: Pages = per_arguments(self._pages(reads.MODEL))
        self.of_versions: Pages = per_arguments(self._pages(reads.VERSION))
        self.counts_of_projects: Counts = per_arguments(self._counts(reads.PROJECT))
        self.counts_of_models: Counts = per_arguments(self._counts(reads.MODEL))
        self.counts_of_versions: Counts = per_arguments(self._counts(reads.VERSION))

    async def _by_keys(self, keys: list[tuple[int, int]]) -> Results[Shown | None]:
        return await reads.by_keys(self._db, self._actor, keys, self.silent_after)

    async def _followed(self, keys: list[ModelKey], reference: str) -> Results[ModelVersion | None]:
        return await reach.resolved(self._db, self._actor, keys, parse_reference(reference))

    async def _pulls(self, keys: list[VersionKey], window: Window) -> Results[Page[Pull]]:
        return await pulls.of_versions(self._db, self._actor, keys, window)

    def _pages(self, parent: Columns) -> Callable[[list[Key], DeploymentList], Awaitable[Results[Page[Shown]]]]:
        async def fetch(keys: list[Key], arguments: DeploymentList) -> Results[Page[Shown]]:
            return await reads.pages(self._db, self._actor, keys, *arguments, parent=parent)

        return fetch

    def _counts(self, parent: Columns) -> Callable[[list[Key], Filter], Awaitable[Results[int]]]:
        async def fetch(keys: list[Key], wanted: Filter) -> Results[int]:
            return await reads.counts(self._db, self._actor, keys, wanted, parent=parent)

        return fetch
