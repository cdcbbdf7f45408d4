"""Experiments and candidates of many parents at once: statements do not grow with the parents.

Keys begin with the project; answers come in the order of the keys, failures stand in the place of what they concern.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import Select, func, select

from app.access import pages
from app.access.policy import Actor, Permission
from app.db import batching
from app.db.database import Database
from app.errors import ModelyardError
from app.pagination import Keyset, Page, Window
from app.tracking import experiments
from app.tracking.tables import Candidate, Experiment, MetricPoint

T = TypeVar("T")
Answers: TypeAlias = list[T | ModelyardError]
ExperimentKey: TypeAlias = tuple[int, int]
CandidateKey: TypeAlias = tuple[int, UUID]

_PROJECT = (Experiment.project_id,)
_NUMBER = (Experiment.project_id, Experiment.number)
_IN_EXPERIMENT = (Candidate.project_id, Candidate.experiment_number)
_ID = (Candidate.project_id, Candidate.id)
_PARENT = (Candidate.project_id, Candidate.parent_id)
_POINT = (MetricPoint.project_id, MetricPoint.candidate_id)

CANDIDATE_ORDER: Keyset[Candidate] = Keyset(
    "candidates", (Candidate.created_at, Candidate.id), lambda row: (row.created_at, row.id), descending=True
)
HISTORY_ORDER: Keyset[MetricPoint] = Keyset(
    "history",
    (MetricPoint.timestamp, MetricPoint.step, MetricPoint.id),
    lambda point: (point.timestamp, point.step, point.id),
)


async def experiments_of_projects(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], window: Window, *, text: str = "", in_trash: bool = False
) -> Answers[Page[Experiment]]:
    """Experiments of each project, newest first."""
    statement = _experiments(text, in_trash=in_trash)
    async with db.read() as snap:

        async def fetch(allowed: list[tuple[int]]) -> list[Page[Experiment]]:
            order = experiments.ORDER
            return await batching.pages(snap, statement, order, window, row=Experiment, parent=_PROJECT, keys=allowed)

        return await pages.permitted(snap, actor, Permission.CANDIDATE_READ, keys, fetch)


async def count_experiments_of_projects(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], *, text: str = "", in_trash: bool = False
) -> Answers[int]:
    """How many of them each project has."""
    statement = _experiments(text, in_trash=in_trash)
    async with db.read() as snap:

        async def fetch(allowed: list[tuple[int]]) -> list[int]:
            return await batching.counts(snap, statement, parent=_PROJECT, keys=allowed)

        return await pages.permitted(snap, actor, Permission.CANDIDATE_READ, keys, fetch)


async def experiments_by_keys(db: Database, actor: Actor, keys: Sequence[ExperimentKey]) -> Answers[Experiment | None]:
    """Experiments by number, also from the trash; None where there is none."""
    statement = select(Experiment).where(Experiment.purge_at.is_(None))
    async with db.read() as snap:

        async def fetch(allowed: list[ExperimentKey]) -> list[Experiment | None]:
            return await batching.singles(snap, statement, parent=_NUMBER, keys=allowed)

        return await pages.permitted(snap, actor, Permission.CANDIDATE_READ, keys, fetch)


async def candidates_of_experiments(
    db: Database, actor: Actor, keys: Sequence[ExperimentKey], window: Window
) -> Answers[Page[Candidate]]:
    """Candidates of each experiment, newest first."""
    async with db.read() as snap:

        async def fetch(allowed: list[ExperimentKey]) -> list[Page[Candidate]]:
            return await batching.pages(
                snap, _candidates(), CANDIDATE_ORDER, window, row=Candidate, parent=_IN_EXPERIMENT, keys=allowed
            )

        return await pages.permitted(snap, actor, Permission.CANDIDATE_READ, keys, fetch)


async def count_candidates_of_experiments(db: Database, actor: Actor, keys: Sequence[ExperimentKey]) -> Answers[int]:
    """How many candidates each experiment has."""
    async with db.read() as snap:

        async def fetch(allowed: list[ExperimentKey]) -> list[int]:
            return await batching.counts(snap, _candidates(), parent=_IN_EXPERIMENT, keys=allowed)

        return await pages.permitted(snap, actor, Permission.CANDIDATE_READ, keys, fetch)


async def candidates_by_keys(db: Database, actor: Actor, keys: Sequence[CandidateKey]) -> Answers[Candidate | None]:
    """Candidates by id, also from the trash; None where there is none."""
    statement = select(Candidate).where(Candidate.purge_at.is_(None))
    async with db.read() as snap:

        async def fetch(allowed: list[CandidateKey]) -> list[Candidate | None]:
            return await batching.singles(snap, statement, parent=_ID, keys=allowed)

        return await pages.permitted(snap, actor, Permission.CANDIDATE_READ, keys, fetch)


async def children_of_candidates(
    db: Database, actor: Actor, keys: Sequence[CandidateKey], window: Window
) -> Answers[Page[Candidate]]:
    """Candidates nested in each candidate, newest first."""
    async with db.read() as snap:

        async def fetch(allowed: list[CandidateKey]) -> list[Page[Candidate]]:
            return await batching.pages(
                snap, _candidates(), CANDIDATE_ORDER, window, row=Candidate, parent=_PARENT, keys=allowed
            )

        return await pages.permitted(snap, actor, Permission.CANDIDATE_READ, keys, fetch)


async def count_children_of_candidates(db: Database, actor: Actor, keys: Sequence[CandidateKey]) -> Answers[int]:
    """How many candidates are nested in each candidate."""
    async with db.read() as snap:

        async def fetch(allowed: list[CandidateKey]) -> list[int]:
            return await batching.counts(snap, _candidates(), parent=_PARENT, keys=allowed)

        return await pages.permitted(snap, actor, Permission.CANDIDATE_READ, keys, fetch)


async def histories_of_candidates(
    db: Database, actor: Actor, keys: Sequence[CandidateKey], window: Window, metric: str
) -> Answers[Page[MetricPoint]]:
    """The points of one metric of each candidate, in the order of time, step and storage."""
    statement = select(MetricPoint).where(MetricPoint.key == metric)
    async with db.read() as snap:

        async def fetch(allowed: list[CandidateKey]) -> list[Page[MetricPoint]]:
            return await batching.pages(
                snap, statement, HISTORY_ORDER, window, row=MetricPoint, parent=_POINT, keys=allowed
            )

        return await pages.permitted(snap, actor, Permission.CANDIDATE_READ, keys, fetch)


def _experiments(text: str, *, in_trash: bool) -> Select[Experiment]:
    trash = Experiment.deleted_at.is_not(None) if in_trash else Experiment.deleted_at.is_(None)
    statement = select(Experiment).where(Experiment.purge_at.is_(None), trash)
    return statement.where(func.lower(Experiment.name).contains(text.lower(), autoescape=True)) if text else statement


def _candidates() -> Select[Candidate]:
    return select(Candidate).where(Candidate.purge_at.is_(None), Candidate.deleted_at.is_(None))
