"""Experiments and candidates of many parents at once: statements do not grow with the parents.

Keys begin with the project; answers come in the order of the keys, a failure stands where its answer would be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Exists, Select, exists, select
from sqlalchemy.orm import aliased

from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database, Snapshot
from app.pagination import Keyset, Page, Window
from app.search import sql
from app.tracking import experiments, version_references
from app.tracking.search.planner import View
from app.tracking.tables import Candidate, Experiment
from app.tracking.tables import MetricPoint as MetricPoint

ExperimentKey: TypeAlias = tuple[int, int]
CandidateKey: TypeAlias = tuple[int, UUID]

_LISTS = GuardedReads(Permission.CANDIDATE_READ)
_PROJECT = (Experiment.project_id,)
_NUMBER = (Experiment.project_id, Experiment.number)
_IN_EXPERIMENT = (Candidate.project_id, Candidate.experiment_number)
_ID = (Candidate.project_id, Candidate.id)
_PARENT = (Candidate.project_id, Candidate.parent_id)
_POINT = (MetricPoint.project_id, MetricPoint.candidate_id)

CANDIDATES: Keyset[Candidate] = Keyset(
    "candidates", (Candidate.created_at, Candidate.id), lambda row: (row.created_at, row.id), descending=True
)
HISTORY: Keyset[MetricPoint] = Keyset(
    "history",
    (MetricPoint.timestamp, MetricPoint.step, MetricPoint.id),
    lambda point: (point.timestamp, point.step, point.id),
)


async def experiments_of_projects(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], window: Window, *, text: str = "", view: View = View.ACTIVE
) -> Results[Page[Experiment]]:
    """Experiments of each project, newest first."""
    statement = _experiments(text, view)
    return await _LISTS.pages(
        db, actor, keys, window, statement=statement, order=experiments.ORDER, row=Experiment, parent=_PROJECT
    )


async def count_experiments_of_projects(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], *, text: str = "", view: View = View.ACTIVE
) -> Results[int]:
    """How many of them each project has."""
    statement = _experiments(text, view)
    return await _LISTS.counts(db, actor, keys, statement=statement, parent=_PROJECT)


async def experiments_by_keys(db: Database, actor: Actor, keys: Sequence[ExperimentKey]) -> Results[Experiment | None]:
    """Experiments by number, also from the trash; None where there is none."""
    statement = select(Experiment).where(Experiment.purge_at.is_(None))
    return await _LISTS.singles(db, actor, keys, statement=statement, parent=_NUMBER)


async def are_of_models(db: Database, actor: Actor, keys: Sequence[ExperimentKey]) -> Results[bool]:
    """Whether a living model has each experiment as its own, whether the actor may see that model or not."""

    async def fetch(snap: Snapshot, allowed: list[ExperimentKey]) -> list[bool]:
        owned = await version_references.with_models(snap, allowed)
        return [key in owned for key in allowed]

    return await _LISTS.read(db, actor, keys, fetch)


async def candidates_of_experiments(
    db: Database, actor: Actor, keys: Sequence[ExperimentKey], window: Window
) -> Results[Page[Candidate]]:
    """Candidates of each experiment, newest first."""
    return await _LISTS.pages(
        db, actor, keys, window, statement=_candidates(), order=CANDIDATES, row=Candidate, parent=_IN_EXPERIMENT
    )


async def count_candidates_of_experiments(db: Database, actor: Actor, keys: Sequence[ExperimentKey]) -> Results[int]:
    """How many candidates each experiment has."""
    return await _LISTS.counts(db, actor, keys, statement=_candidates(), parent=_IN_EXPERIMENT)


async def candidates_by_keys(db: Database, actor: Actor, keys: Sequence[CandidateKey]) -> Results[Candidate | None]:
    """Candidates by id, also from the trash; None where there is none."""
    statement = select(Candidate).where(Candidate.purge_at.is_(None))
    return await _LISTS.singles(db, actor, keys, statement=statement, parent=_ID)


async def children_of_candidates(
    db: Database, actor: Actor, keys: Sequence[CandidateKey], window: Window
) -> Results[Page[Candidate]]:
    """Candidates nested in each candidate, newest first."""
    return await _LISTS.pages(
        db, actor, keys, window, statement=_candidates(), order=CANDIDATES, row=Candidate, parent=_PARENT
    )


async def count_children_of_candidates(db: Database, actor: Actor, keys: Sequence[CandidateKey]) -> Results[int]:
    """How many candidates are nested in each candidate."""
    return await _LISTS.counts(db, actor, keys, statement=_candidates(), parent=_PARENT)


async def histories_of_candidates(
    db: Database, actor: Actor, keys: Sequence[CandidateKey], window: Window, metric: str
) -> Results[Page[MetricPoint]]:
    """The points of one metric of each candidate, in the order of time, step and storage; equal ones once."""
    statement = select(MetricPoint).where(MetricPoint.key == metric, ~_stored_before())
    return await _LISTS.pages(
        db, actor, keys, window, statement=statement, order=HISTORY, row=MetricPoint, parent=_POINT
    )


def _experiments(text: str, view: View) -> Select[Experiment]:
    statement = select(Experiment).where(Experiment.purge_at.is_(None))
    if view is not View.ALL:
        is_active = Experiment.deleted_at.is_(None)
        statement = statement.where(is_active if view is View.ACTIVE else ~is_active)
    return statement.where(sql.contains(Experiment.name, text)) if text else statement


def _stored_before() -> Exists:
    """Whether a repeated request has stored the same point before."""
    other = aliased(MetricPoint)
    same = (
        getattr(other, name) == getattr(MetricPoint, name)
        for name in ("project_id", "candidate_id", "key", "timestamp", "step", "value")
    )
    return exists().where(*same, other.id < MetricPoint.id)


def _candidates() -> Select[Candidate]:
    return select(Candidate).where(Candidate.purge_at.is_(None), Candidate.deleted_at.is_(None))
