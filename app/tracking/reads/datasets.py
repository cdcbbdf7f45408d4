"""Data sets that the candidates of experiments read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database
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
