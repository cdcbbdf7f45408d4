"""Batches of evaluations, online experiments, facts and metrics of versions."""

from __future__ import annotations

from strawberry.dataloader import DataLoader

from app.access.policy import Actor
from app.access.reads.guarded import Results
from app.db.database import Database
from app.graphql.types.page_loaders import per_arguments
from app.lifecycle.evaluations import reads
from app.lifecycle.evaluations.metrics import MetricValue
from app.lifecycle.evaluations.reads import (
    ArmKey,
    Evaluation,
    EvaluationMetric,
    Key,
    OnlineArm,
    OnlineExperiment,
    OnlinePoint,
    OnlineShare,
    SixFacts,
)
from app.pagination import Page, Window
from app.registry.reads.loaders import VersionKey


class EvaluationLoaders:
    """Keys begin with the project."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        self.evaluations: DataLoader[Key, Evaluation | None] = DataLoader(self._evaluations)
        self.evaluation_pages: DataLoader[tuple[VersionKey, Window], Page[Evaluation]] = per_arguments(self._pages)
        self.evaluation_counts: DataLoader[VersionKey, int] = DataLoader(self._counts)
        self.metrics: DataLoader[Key, list[EvaluationMetric]] = DataLoader(self._metrics)
        self.corrections: DataLoader[Key, Evaluation | None] = DataLoader(self._corrections)
        self.facts: DataLoader[VersionKey, SixFacts | None] = DataLoader(self._facts)
        self.values: DataLoader[VersionKey, list[MetricValue] | None] = DataLoader(self._values)
        self.experiments: DataLoader[Key, OnlineExperiment | None] = DataLoader(self._experiments)
        self.experiments_of_projects: DataLoader[tuple[tuple[int], Window], Page[OnlineExperiment]] = per_arguments(
            self._of_projects
        )
        self.experiments_of_versions: DataLoader[tuple[VersionKey, Window], Page[OnlineExperiment]] = per_arguments(
            self._of_versions
        )
        self.arms: DataLoader[Key, list[OnlineArm]] = DataLoader(self._arms)
        self.shares: DataLoader[ArmKey, list[OnlineShare]] = DataLoader(self._shares)
        self.latest_points: DataLoader[ArmKey, list[OnlinePoint]] = DataLoader(self._latest_points)
        self.points: DataLoader[tuple[ArmKey, tuple[Window, str]], Page[OnlinePoint]] = per_arguments(self._points)

    async def _evaluations(self, keys: list[Key]) -> Results[Evaluation | None]:
        return await reads.evaluations_by_keys(self._db, self._actor, keys)

    async def _pages(self, keys: list[VersionKey], window: Window) -> Results[Page[Evaluation]]:
        return await reads.evaluations_of_versions(self._db, self._actor, keys, window)

    async def _counts(self, keys: list[VersionKey]) -> Results[int]:
        return await reads.count_evaluations_of_versions(self._db, self._actor, keys)

    async def _metrics(self, keys: list[Key]) -> Results[list[EvaluationMetric]]:
        return await reads.metrics_of_evaluations(self._db, self._actor, keys)

    async def _corrections(self, keys: list[Key]) -> Results[Evaluation | None]:
        return await reads.corrections_of_evaluations(self._db, self._actor, keys)

    async def _facts(self, keys: list[VersionKey]) -> Results[SixFacts | None]:
        return await reads.facts_of_versions(self._db, self._actor, keys)

    async def _values(self, keys: list[VersionKey]) -> Results[list[MetricValue] | None]:
        return await reads.metrics_of_versions(self._db, self._actor, keys)

    async def _experiments(self, keys: list[Key]) -> Results[OnlineExperiment | None]:
        return await reads.experiments_by_keys(self._db, self._actor, keys)

    async def _of_projects(self, keys: list[tuple[int]], window: Window) -> Results[Page[OnlineExperiment]]:
        return await reads.experiments_of_projects(self._db, self._actor, keys, window)

    async def _of_versions(self, keys: list[VersionKey], window: Window) -> Results[Page[OnlineExperiment]]:
        return await reads.experiments_of_versions(self._db, self._actor, keys, window)

    async def _arms(self, keys: list[Key]) -> Results[list[OnlineArm]]:
        return await reads.arms_of_experiments(self._db, self._actor, keys)

    async def _shares(self, keys: list[ArmKey]) -> Results[list[OnlineShare]]:
        return await reads.shares_of_arms(self._db, self._actor, keys)

    async def _latest_points(self, keys: list[ArmKey]) -> Results[list[OnlinePoint]]:
        return await reads.latest_points_of_arms(self._db, self._actor, keys)

    async def _points(self, keys: list[ArmKey], arguments: tuple[Window, str]) -> Results[Page[OnlinePoint]]:
        window, metric = arguments
        return await reads.points_of_arms(self._db, self._actor, keys, window, metric=metric)
