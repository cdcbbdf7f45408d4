"""Batches of models, versions and aliases."""

from __future__ import annotations

from typing import TypeVar

from strawberry.dataloader import DataLoader

from app.access.policy import Actor
from app.access.reads.guarded import Results
from app.db.database import Database
from app.graphql.types.page_loaders import per_arguments
from app.pagination import Page, Window
from app.registry.models import Model
from app.registry.reads import loaders, search, sizes
from app.registry.reads.loaders import Alias, CandidateKey, ModelKey, ModelOrder, VersionKey, VersionList, View
from app.registry.reads.search import SearchModels, SearchVersions
from app.registry.versions.lookup import ModelVersion

V = TypeVar("V")
SearchPage = tuple[list[V], str | None]
"""A page of a search, and the token of the next one."""
ModelList = tuple[Window, str, ModelOrder, View]
"""Page, text, order, and whether the trash is listed."""


class RegistryLoaders:
    """What concerns models and versions; keys begin with the project."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        self.models: DataLoader[ModelKey, Model | None] = DataLoader(self._models)
        self.models_of_experiments: DataLoader[ModelKey, Model | None] = DataLoader(self._of_experiments)
        self.versions: DataLoader[VersionKey, ModelVersion | None] = DataLoader(self._versions)
        self.latest: DataLoader[ModelKey, ModelVersion | None] = DataLoader(self._latest)
        self.sizes: DataLoader[ModelKey, int] = DataLoader(self._sizes)
        self.versions_of_candidates: DataLoader[CandidateKey, list[ModelVersion]] = DataLoader(self._of_candidates)
        self.versions_of_logged_models: DataLoader[CandidateKey, list[ModelVersion]] = DataLoader(self._of_logged)
        self.searches: DataLoader[tuple[tuple[int], SearchModels], SearchPage[Model]] = per_arguments(self._searches)
        self.version_searches: DataLoader[tuple[tuple[int], SearchVersions], SearchPage[ModelVersion]] = per_arguments(
            self._version_searches
        )
        self.aliases_of_models: DataLoader[ModelKey, list[Alias]] = DataLoader(self._aliases_of_models)
        self.aliases_of_versions: DataLoader[VersionKey, list[Alias]] = DataLoader(self._aliases_of_versions)
        self.alias_histories: DataLoader[tuple[ModelKey, tuple[Window, str]], Page[Alias]] = per_arguments(
            self._alias_histories
        )
        self.model_pages: DataLoader[tuple[tuple[int], ModelList], Page[Model]] = per_arguments(self._model_pages)
        self.model_counts: DataLoader[tuple[tuple[int], tuple[str, View]], int] = per_arguments(self._model_counts)
        self.version_pages: DataLoader[tuple[ModelKey, tuple[Window, VersionList]], Page[ModelVersion]] = per_arguments(
            self._version_pages
        )
        self.version_counts: DataLoader[tuple[ModelKey, VersionList], int] = per_arguments(self._version_counts)

    async def _models(self, keys: list[ModelKey]) -> Results[Model | None]:
        return await loaders.models_by_keys(self._db, self._actor, keys)

    async def _of_experiments(self, keys: list[ModelKey]) -> Results[Model | None]:
        return await loaders.models_of_experiments(self._db, self._actor, keys)

    async def _versions(self, keys: list[VersionKey]) -> Results[ModelVersion | None]:
        return await loaders.versions_by_keys(self._db, self._actor, keys)

    async def _latest(self, keys: list[ModelKey]) -> Results[ModelVersion | None]:
        return await loaders.latest_of_models(self._db, self._actor, keys)

    async def _sizes(self, keys: list[ModelKey]) -> Results[int]:
        return await sizes.of_models(self._db, self._actor, keys)

    async def _of_candidates(self, keys: list[CandidateKey]) -> Results[list[ModelVersion]]:
        return await loaders.versions_of_candidates(self._db, self._actor, keys)

    async def _of_logged(self, keys: list[CandidateKey]) -> Results[list[ModelVersion]]:
        return await loaders.versions_of_logged_models(self._db, self._actor, keys)

    async def _searches(self, keys: list[tuple[int]], command: SearchModels) -> Results[SearchPage[Model]]:
        return await search.models_of_projects(self._db, self._actor, keys, command)

    async def _version_searches(
        self, keys: list[tuple[int]], command: SearchVersions
    ) -> Results[SearchPage[ModelVersion]]:
        return await search.versions_of_projects(self._db, self._actor, keys, command)

    async def _aliases_of_models(self, keys: list[ModelKey]) -> Results[list[Alias]]:
        return await loaders.aliases_of_models(self._db, self._actor, keys)

    async def _aliases_of_versions(self, keys: list[VersionKey]) -> Results[list[Alias]]:
        return await loaders.aliases_of_versions(self._db, self._actor, keys)

    async def _alias_histories(self, keys: list[ModelKey], request: tuple[Window, str]) -> Results[Page[Alias]]:
        window, name = request
        return await loaders.history_of_aliases(self._db, self._actor, keys, window, name=name)

    async def _model_pages(self, keys: list[tuple[int]], request: ModelList) -> Results[Page[Model]]:
        window, text, order, view = request
        return await loaders.models_of_projects(self._db, self._actor, keys, window, text=text, order=order, view=view)

    async def _model_counts(self, keys: list[tuple[int]], request: tuple[str, View]) -> Results[int]:
        text, view = request
        return await loaders.count_models_of_projects(self._db, self._actor, keys, text=text, view=view)

    async def _version_pages(
        self, keys: list[ModelKey], request: tuple[Window, VersionList]
    ) -> Results[Page[ModelVersion]]:
        window, wanted = request
        return await loaders.versions_of_models(self._db, self._actor, keys, window, wanted)

    async def _version_counts(self, keys: list[ModelKey], request: VersionList) -> Results[int]:
        return await loaders.count_versions_of_models(self._db, self._actor, keys, request)
