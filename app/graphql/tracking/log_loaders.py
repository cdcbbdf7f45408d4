"""Batches of what was logged to candidates and logged models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

from app.access.lists import Answers
from app.access.policy import Actor
from app.db.database import Database
from app.graphql.batches import per_arguments
from app.pagination import Page, Window
from app.tracking import charts, logs, pages, samples
from app.tracking.charts import Series
from app.tracking.datasets import Summary
from app.tracking.details import DatasetInput
from app.tracking.logged_models import LoggedModel
from app.tracking.logs import CandidateModel, Logged, LoggedModelMetric
from app.tracking.metrics import Point
from app.tracking.pages import CandidateKey, ExperimentKey, MetricPoint

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Pairs = list[tuple[str, str]]
SampleWish = tuple[str, int, int | None, int | None]
"""Metric, size, first and last step."""
SeriesWish = tuple[tuple[str, ...], int, int | None, int | None]
"""Metrics, size, first and last step."""
ProjectKey = tuple[int]
Found = tuple[list[V], str | None]
"""A page of a search, and the token of the next one."""


class LogLoaders:
    """Keys are project and candidate, logged model or experiment."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        one = self._plain
        self.logged_models: DataLoader[CandidateKey, LoggedModel | None] = one(logs.logged_models)
        self.params: DataLoader[CandidateKey, Pairs] = one(logs.params)
        self.tags: DataLoader[CandidateKey, Pairs] = one(logs.tags)
        self.metrics: DataLoader[CandidateKey, list[Logged]] = one(logs.metrics)
        self.inputs: DataLoader[CandidateKey, list[DatasetInput]] = one(logs.inputs)
        self.uses: DataLoader[CandidateKey, list[CandidateModel]] = one(logs.uses)
        self.metrics_of_models: DataLoader[CandidateKey, list[LoggedModelMetric]] = one(logs.metrics_of_models)
        self.datasets: DataLoader[ExperimentKey, list[Summary]] = one(logs.datasets)
        self.logged_by_candidates = self._paged(logs.logged_by_candidates)
        self.logged_in_experiments = self._paged(logs.logged_in_experiments)
        self.samples: DataLoader[tuple[CandidateKey, SampleWish], list[Point]] = per_arguments(self._samples)
        self.series: DataLoader[tuple[CandidateKey, SeriesWish], list[Series]] = per_arguments(self._series)
        self.histories: DataLoader[tuple[CandidateKey, tuple[Window, str]], Page[MetricPoint]] = per_arguments(
            self._histories
        )

    def _plain(self, read: Callable[[Database, Actor, list[K]], Awaitable[Answers[V]]]) -> DataLoader[K, V]:
        """A loader over a read of the core that takes keys alone."""

        async def load(keys: list[K]) -> Answers[V]:
            return await read(self._db, self._actor, keys)

        return DataLoader(load)

    def _paged(
        self, read: Callable[[Database, Actor, list[K], Window], Awaitable[Answers[Page[V]]]]
    ) -> DataLoader[tuple[K, Window], Page[V]]:
        """A loader over a read of the core that takes keys and a window."""

        async def load(keys: list[K], window: Window) -> Answers[Page[V]]:
            return await read(self._db, self._actor, keys, window)

        return per_arguments(load)

    def _searched(
        self, search: Callable[[Database, Actor, list[ProjectKey], Any], Awaitable[Answers[Found[V]]]]
    ) -> Callable[[list[ProjectKey], Any], Awaitable[Answers[Found[V]]]]:
        """A search of the core with database and actor filled in."""

        async def load(keys: list[ProjectKey], command: Any) -> Answers[Found[V]]:
            return await search(self._db, self._actor, keys, command)

        return load

    async def _samples(self, keys: list[CandidateKey], wish: SampleWish) -> Answers[list[Point]]:
        metric, size, first, last = wish
        steps = samples.check_steps(first, last)
        return await charts.sampled(self._db, self._actor, keys, metric, size=size, steps=steps)

    async def _series(self, keys: list[CandidateKey], wish: SeriesWish) -> Answers[list[Series]]:
        metrics, size, first, last = wish
        steps = samples.check_steps(first, last)
        return await charts.outlined(self._db, self._actor, keys, metrics, size=size, steps=steps)

    async def _histories(self, keys: list[CandidateKey], wish: tuple[Window, str]) -> Answers[Page[MetricPoint]]:
        window, metric = wish
        return await pages.histories_of_candidates(self._db, self._actor, keys, window, metric)
