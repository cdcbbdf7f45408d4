"""Data sets that the candidates of experiments read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database, Snapshot
from app.db.statements import Fragment, Statement
from app.tracking.tables import CandidateDataset, Dataset, Experiment

MAX_SUMMARIES = 1_000
CONTEXT_TAG = "mlflow.data.context"


@dataclass(frozen=True, slots=True)
class Summary:
    """A data set, and as what candidates used it (``training``, ``validation`` …), where they said so."""

    experiment_number: int
    name: str
    digest: str
    context: str | None


class UsedDataset(NamedTuple):
    """A data set that a candidate read."""

    project_id: int
    candidate_id: UUID
    name: str
    digest: str


# Experiment by experiment, as the index of data sets has them.
USERS_OF_DATASET = Fragment("""
    SELECT DISTINCT u.candidate_id FROM experiments e
    JOIN datasets d ON d.project_id = e.project_id AND d.experiment_number = e.number AND d.name = :name
    JOIN candidate_datasets u ON u.project_id = d.project_id AND u.dataset_id = d.id
    WHERE e.project_id = :project AND e.purge_at IS NULL AND (:digest::text IS NULL OR d.digest = :digest)
""")
"""SQL: the candidates of a ``:project`` that read the data set ``:name``, of any digest where ``:digest`` is NULL."""
_OF_CANDIDATES = Statement(
    "tracking.datasets_of_candidates",
    "The data sets that candidates read, each once, by name.",
    """
    SELECT DISTINCT u.project_id, u.candidate_id, d.name, d.digest
    FROM unnest(:projects::bigint[], :candidates::uuid[]) AS one (project_id, candidate_id)
    JOIN candidate_datasets u ON u.project_id = one.project_id AND u.candidate_id = one.candidate_id
    JOIN datasets d ON d.project_id = u.project_id AND d.id = u.dataset_id
    ORDER BY u.project_id, u.candidate_id, d.name, d.digest LIMIT :limit
    """,
    row=UsedDataset,
)


async def of_candidates(snap: Snapshot, keys: Sequence[tuple[int, UUID]], limit: int) -> list[UsedDataset]:
    """Read step: the data sets that candidates read, for a caller who may see these."""
    projects_of = [project_id for project_id, _ in keys]
    return await _OF_CANDIDATES.fetch(snap, projects=projects_of, candidates=[id for _, id in keys], limit=limit)


async def summaries(db: Database, actor: Actor, project: int | str, experiment_numbers: Sequence[int]) -> list[Summary]:
    """Each data set and context once, by experiment, name, digest and context; 1,000 at most.

    (MLflow REST: experiments/search-datasets.)
    """
    numbers = [number for number in experiment_numbers if 0 <= number < 2**63]
    context = CandidateDataset.tags.op("->>")(CONTEXT_TAG).label("context")
    columns = (Dataset.experiment_number, Dataset.name, Dataset.digest, context)
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_READ)
        statement = (
            select(*columns)
            .join(
                CandidateDataset,
                (CandidateDataset.project_id == Dataset.project_id) & (CandidateDataset.dataset_id == Dataset.id),
            )
            .join(
                Experiment,
                (Experiment.project_id == Dataset.project_id) & (Experiment.number == Dataset.experiment_number),
            )
            .where(
                Dataset.project_id == access.id,
                Dataset.experiment_number.in_(numbers),
                Experiment.purge_at.is_(None),
            )
            .distinct()
            .order_by(*columns)
            .limit(MAX_SUMMARIES)
        )
        rows = (await snap.execute(statement)).all()
    return [Summary(row.experiment_number, row.name, row.digest, row.context) for row in rows]
