"""Candidates together with what was logged to them: a fixed number of statements for any number of candidates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, bindparam, select, text

from app.db.database import Snapshot
from app.tracking.tables import (
    Candidate,
    CandidateDataset,
    CandidateModel,
    CandidateParam,
    CandidateTag,
    Dataset,
    LatestMetric,
)


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """A data set that a candidate read, with the tags of that use."""

    dataset: Dataset
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class CandidateDetails:
    """A candidate and the latest state of its logs; metrics by key."""

    candidate: Candidate
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: list[LatestMetric] = field(default_factory=list)
    inputs: list[DatasetInput] = field(default_factory=list)
    models: list[CandidateModel] = field(default_factory=list)

    @property
    def id(self) -> UUID:
        return self.candidate.id


async def of(snap: Snapshot, project_id: int, rows: Sequence[Candidate]) -> list[CandidateDetails]:
    """Read step: the details of these candidates, in their order. Five statements, or none without rows."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    params = await _pairs(snap, CandidateParam, project_id, ids)
    tags = await _pairs(snap, CandidateTag, project_id, ids)
    metrics = await _grouped(snap, LatestMetric, project_id, ids, LatestMetric.key)
    models = await _grouped(snap, CandidateModel, project_id, ids, CandidateModel.step)
    inputs = await _inputs(snap, project_id, ids)
    return [
        CandidateDetails(row, params[row.id], tags[row.id], metrics[row.id], inputs[row.id], models[row.id])
        for row in rows
    ]


async def is_needed(snap: Snapshot, project_id: int, candidate_id: UUID) -> bool:
    """Read step: whether a living model version was made from the candidate or from a model that it logged.

    Versions belong to a feature above this one; only the names of two columns are known here.
    """
    statement = text(
        "SELECT EXISTS (SELECT FROM model_versions v WHERE v.project_id = :project AND v.deleted_at IS NULL"
        " AND v.candidate_id = :candidate) OR EXISTS (SELECT FROM model_versions v JOIN logged_models m"
        " ON m.project_id = v.project_id AND m.id = v.logged_model_id WHERE v.project_id = :project"
        " AND v.deleted_at IS NULL AND m.source_candidate_id = :candidate)"
    )
    return bool(await snap.scalar(statement, {"project": project_id, "candidate": candidate_id}))


async def has_model(snap: Snapshot, project_id: int, experiment_number: int) -> bool:
    """Read step: whether a living model has the experiment as its own; the name alone says nothing."""
    key = (project_id, experiment_number)
    return key in await with_models(snap, [key])


async def with_models(snap: Snapshot, keys: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Read step: those of the experiments, by project and number, that a living model has as its own.

    Models belong to a feature above this one; only the names of a few columns are known here.
    """
    places, numbers = [key[0] for key in keys], [key[1] for key in keys]
    rows = await snap.execute(_WITH_MODELS, {"projects": places, "numbers": numbers})
    return {(row.project_id, row.experiment_number) for row in rows}


_WITH_MODELS = text("""
    SELECT m.project_id, m.experiment_number
    FROM unnest(:projects, :numbers) AS given(project_id, experiment_number)
    JOIN models AS m USING (project_id, experiment_number) WHERE m.deleted_at IS NULL
""").bindparams(bindparam("projects", type_=ARRAY(BigInteger)), bindparam("numbers", type_=ARRAY(BigInteger)))


async def _pairs(
    snap: Snapshot, rows: type[CandidateParam | CandidateTag], project_id: int, ids: Sequence[UUID]
) -> dict[UUID, dict[str, str]]:
    statement = select(rows.candidate_id, rows.key, rows.value).where(
        rows.project_id == project_id, rows.candidate_id.in_(ids)
    )
    found: dict[UUID, dict[str, str]] = defaultdict(dict)
    for candidate_id, key, value in await snap.execute(statement.order_by(rows.key)):
        found[candidate_id][key] = value
    return found


async def _grouped(
    snap: Snapshot, rows: Any, project_id: int, ids: Sequence[UUID], order: Any
) -> dict[UUID, list[Any]]:
    statement = select(rows).where(rows.project_id == project_id, rows.candidate_id.in_(ids)).order_by(order)
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in await snap.scalars(statement):
        found[row.candidate_id].append(row)
    return found


async def _inputs(snap: Snapshot, project_id: int, ids: Sequence[UUID]) -> dict[UUID, list[DatasetInput]]:
    statement = (
        select(CandidateDataset, Dataset)
        .join(
            Dataset,
            (Dataset.project_id == CandidateDataset.project_id) & (Dataset.id == CandidateDataset.dataset_id),
        )
        .where(CandidateDataset.project_id == project_id, CandidateDataset.candidate_id.in_(ids))
        .order_by(Dataset.id)
    )
    found: dict[UUID, list[DatasetInput]] = defaultdict(list)
    for link, dataset in await snap.execute(statement):
        found[link.candidate_id].append(DatasetInput(dataset, link.tags))
    return found
