"""Batches of experiments and candidates."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader

from app.access.lists import Answers
from app.access.policy import Actor
from app.db.database import Database
from app.errors import ModelyardError
from app.graphql.batches import per_arguments
from app.pagination import Page, Window
from app.tracking import candidates, datasets, pages, samples
from app.tracking.candidates import Candidate, CandidateDetails
from app.tracking.datasets import Summary
from app.tracking.experiments import Experiment
from app.tracking.metrics import Point
from app.tracking.pages import CandidateKey, ExperimentKey, MetricPoint

T = TypeVar("T")
ExperimentList = tuple[Window, str, bool]
"""Page, text, and whether it is the trash that is listed."""


SampleWish = tuple[str, int, int | None, int | None]
"""Metric, size, first and last step."""


class TrackingLoaders:
    """What concerns experiments and candidates; keys begin with the project."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        self.experiments: DataLoader[ExperimentKey, Experiment | None] = DataLoader(self._experiments)
        self.candidates: DataLoader[CandidateKey, Candidate | None] = DataLoader(self._candidates)
        self.details: DataLoader[CandidateKey, CandidateDetails | None] = DataLoader(self._details)
        self.candidate_counts: DataLoader[ExperimentKey, int] = DataLoader(self._candidate_counts)
        self.child_counts: DataLoader[CandidateKey, int] = DataLoader(self._child_counts)
        self.experiment_pages: DataLoader[tuple[tuple[int], ExperimentList], Page[Experiment]] = per_arguments(
            self._experiment_pages
        )
        self.experiment_counts: DataLoader[tuple[tuple[int], tuple[str, bool]], int] = per_arguments(
            self._experiment_counts
        )
        self.candidate_pages: DataLoader[tuple[ExperimentKey, Window], Page[Candidate]] = per_arguments(
            self._candidate_pages
        )
        self.child_pages: DataLoader[tuple[CandidateKey, Window], Page[Candidate]] = per_arguments(self._child_pages)
        self.datasets: DataLoader[ExperimentKey, list[Summary]] = DataLoader(self._datasets)
        self.samples: DataLoader[tuple[CandidateKey, SampleWish], list[Point]] = per_arguments(self._samples)
        self.histories: DataLoader[tuple[CandidateKey, tuple[Window, str]], Page[MetricPoint]] = per_arguments(
            self._histories
        )

    async def _experiments(self, keys: list[ExperimentKey]) -> Answers[Experiment | None]:
        return await pages.experiments_by_keys(self._db, self._actor, keys)

    async def _candidates(self, keys: list[CandidateKey]) -> Answers[Candidate | None]:
        return await pages.candidates_by_keys(self._db, self._actor, keys)

    async def _details(self, keys: list[CandidateKey]) -> Sequence[CandidateDetails | ModelyardError | None]:
        ids = _by_project(keys)
        wishes = (candidates.by_ids(self._db, self._actor, project_id, wanted) for project_id, wanted in ids.items())
        found = {
            (project_id, candidate_id): one
            for (project_id, wanted), answers in zip(ids.items(), await asyncio.gather(*wishes), strict=True)
            for candidate_id, one in zip(wanted, answers, strict=True)
        }
        return [found[key] for key in keys]

    async def _datasets(self, keys: list[ExperimentKey]) -> Sequence[list[Summary]]:
        found: dict[ExperimentKey, list[Summary]] = {}
        for project_id, numbers in _by_project(keys).items():
            answers = await datasets.of_experiments(self._db, self._actor, project_id, numbers)
            found |= {(project_id, number): one for number, one in zip(numbers, answers, strict=True)}
        return [found[key] for key in keys]

    async def _samples(self, keys: list[CandidateKey], wish: SampleWish) -> Sequence[list[Point]]:
        metric, size, first, last = wish
        steps = samples.check_steps(first, last)
        found: dict[CandidateKey, list[Point]] = {key: [] for key in keys}
        for project_id, wanted in _by_project(keys).items():
            points = await samples.thinned(self._db, self._actor, project_id, wanted, metric, size=size, steps=steps)
            for one in points:
                found[project_id, one.candidate_id].append(one.point)
        return [found[key] for key in keys]

    async def _experiment_pages(self, keys: list[tuple[int]], wish: ExperimentList) -> Answers[Page[Experiment]]:
        window, text, in_trash = wish
        return await pages.experiments_of_projects(self._db, self._actor, keys, window, text=text, in_trash=in_trash)

    async def _experiment_counts(self, keys: list[tuple[int]], wish: tuple[str, bool]) -> Answers[int]:
        text, in_trash = wish
        return await pages.count_experiments_of_projects(self._db, self._actor, keys, text=text, in_trash=in_trash)

    async def _candidate_pages(self, keys: list[ExperimentKey], window: Window) -> Answers[Page[Candidate]]:
        return await pages.candidates_of_experiments(self._db, self._actor, keys, window)

    async def _candidate_counts(self, keys: list[ExperimentKey]) -> Answers[int]:
        return await pages.count_candidates_of_experiments(self._db, self._actor, keys)

    async def _child_pages(self, keys: list[CandidateKey], window: Window) -> Answers[Page[Candidate]]:
        return await pages.children_of_candidates(self._db, self._actor, keys, window)

    async def _child_counts(self, keys: list[CandidateKey]) -> Answers[int]:
        return await pages.count_children_of_candidates(self._db, self._actor, keys)

    async def _histories(self, keys: list[CandidateKey], wish: tuple[Window, str]) -> Answers[Page[MetricPoint]]:
        window, metric = wish
        return await pages.histories_of_candidates(self._db, self._actor, keys, window, metric)


def _by_project(keys: Sequence[tuple[int, T]]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = {}
    for project_id, key in keys:
        found.setdefault(project_id, []).append(key)
    return found
