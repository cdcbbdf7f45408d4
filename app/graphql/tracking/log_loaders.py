"""Batches of what was logged to candidates and logged models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

from app.access.policy import Actor
from app.access.reads.guarded import Results
from app.db.database import Database
from app.graphql.types.page_loaders import per_arguments
from app.pagination import Page, Window
from app.tracking.logged_models import LoggedModel
from app.tracking.logging.metrics import Point
from app.tracking.reads import charts, downsample, loaders, log_loaders
from app.tracking.reads.charts import Series
from app.tracking.reads.datasets import Summary
from app.tracking.reads.details import DatasetInput
from app.tracking.reads.loaders import CandidateKey, ExperimentKey, MetricPoint
from app.tracking.reads.log_loaders import CandidateModel, LatestPoint, LoggedModelMetric

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Pairs = list[tuple[str, str]]
SampleRequest = tuple[str, int, int | None, int | None]
"""Metric, size, first and last step."""
SeriesRequest = tuple[tuple[str, ...], int, int | None, int | None]
"""Metrics, size, first and last step."""
ProjectKey = tuple[int]
SearchPage = tuple[list[V], str | None]
"""A page of a search, and the token of the next one."""


class LogLoaders:
    """Keys are project and candidate, logged model or experiment."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        one = self._plain
        self.logged_models: DataLoader[CandidateKey, LoggedModel | None] = one(log_loaders.logged_models)
        self.params: DataLoader[CandidateKey, Pairs] = one(log_loaders.params)
        self.tags: DataLoader[CandidateKey, Pairs] = one(log_loaders.tags)
        self.metrics: DataLoader[CandidateKey, list[LatestPoint]] = one(log_loaders.metrics)
        self.inputs: DataLoader[CandidateKey, list[DatasetInput]] = one(log_loaders.inputs)
        self.uses: DataLoader[CandidateKey, list[CandidateModel]] = one(log_loaders.uses)
        self.metrics_of_models: DataLoader[CandidateKey, list[LoggedModelMetric]] = one(log_loaders.metrics_of_models)
        self.datasets: DataLoader[ExperimentKey, list[Summary]] = one(log_loaders.datasets)
        self.logged_by_candidates = self._paged(log_loaders.logged_by_candidates)
        self.logged_in_experiments = self._paged(log_loaders.logged_in_experiments)
        self.samples: DataLoader[tuple[CandidateKey, SampleRequest], list[Point]] = per_arguments(self._samples)
        self.series: DataLoader[tuple[CandidateKey, SeriesRequest], list[Series]] = per_arguments(self._series)
        self.histories: DataLoader[tuple[CandidateKey, tuple[Window, str]], Page[MetricPoint]] = per_arguments(
            self._histories
        )

    def _plain(self, read: Callable[[Database, Actor, list[K]], Awaitable[Results[V]]]) -> DataLoader[K, V]:
        """A loader over a read of the core that takes keys alone."""

        async def load(keys: list[K]) -> Results[V]:
            return await read(self._db, self._actor, keys)

        return DataLoader(load)

    def _paged(
        self, read: Callable[[Database, Actor, list[K], Window], Awaitable[Results[Page[V]]]]
    ) -> DataLoader[tuple[K, Window], Page[V]]:
        """A loader over a read of the core that takes keys and a window."""

        async def load(keys: list[K], window: Window) -> Results[Page[V]]:
            return await read(self._db, self._actor, keys, window)

        return per_arguments(load)

    def _searched(
        self, search: Callable[[Database, Actor, list[ProjectKey], Any], Awaitable[Results[SearchPage[V]]]]
    ) -> Callable[[list[ProjectKey], Any], Awaitable[Results[SearchPage[V]]]]:
        """A search of the core with database and actor filled in."""

        async def load(keys: list[ProjectKey], command: Any) -> Results[SearchPage[V]]:
            return await search(self._db, self._actor, keys, command)

        return load

    async def _samples(self, keys: list[CandidateKey], request: SampleRequest) -> Results[list[Point]]:
        metric, size, first, last = request
        steps = downsample.check_steps(first, last)
        return await charts.sampled(self._db, self._actor, keys, metric, size=size, steps=steps)

    async def _series(self, keys: list[CandidateKey], request: SeriesRequest) -> Results[list[Series]]:
        metrics, size, first, last = request
        steps = downsample.check_steps(first, last)
        return await charts.outlined(self._db, self._actor, keys, metrics, size=size, steps=steps)

    async def _histories(self, keys: list[CandidateKey], request: tuple[Window, str]) -> Results[Page[MetricPoint]]:
        window, metric = request
        return await loaders.histories_of_candidates(self._db, self._actor, keys, window, metric)
