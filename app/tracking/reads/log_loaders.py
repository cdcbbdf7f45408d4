"""What was logged to many candidates and logged models, one kind at a time: only what is requested is read.

Keys are project and candidate (or logged model); answers come in the order of the keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database
from app.pagination import Keyset, Page, Window
from app.tracking.reads.datasets import CONTEXT_TAG, MAX_SUMMARIES, Summary
from app.tracking.reads.details import DatasetInput, LatestPoint
from app.tracking.reads.loaders import CandidateKey, ExperimentKey
from app.tracking.tables import (
    CandidateDataset,
    CandidateModel,
    CandidateParam,
    CandidateTag,
    Dataset,
    Experiment,
    LatestMetric,
    LoggedModel,
    LoggedModelMetric,
)

__all__ = ["CandidateModel", "LatestPoint", "LoggedModelMetric"]

_LISTS = GuardedReads(Permission.CANDIDATE_READ)
_LOGGED: Keyset[LoggedModel] = Keyset(
    "logged models", (LoggedModel.created_at, LoggedModel.id), lambda row: (row.created_at, row.id), descending=True
)


async def params(db: Database, actor: Actor, keys: Sequence[CandidateKey]) -> Results[list[tuple[str, str]]]:
    """The hyper-parameters of each candidate, by key."""
    return await _pairs(db, actor, keys, CandidateParam)


async def tags(db: Database, actor: Actor, keys: Sequence[CandidateKey]) -> Results[list[tuple[str, str]]]:
    """The tags of each candidate, by key."""
    return await _pairs(db, actor, keys, CandidateTag)


async def metrics(db: Database, actor: Actor, keys: Sequence[CandidateKey]) -> Results[list[LatestPoint]]:
    """The latest point of every metric of each candidate, by key."""
    columns = [getattr(LatestMetric, name) for name in LatestPoint._fields]
    return await _LISTS.groups(
        db,
        actor,
        keys,
        statement=select(*columns).order_by(LatestMetric.key),
        parent=(LatestMetric.project_id, LatestMetric.candidate_id),
        convert=lambda row: LatestPoint._make(row[: len(columns)]),
    )


async def inputs(db: Database, actor: Actor, keys: Sequence[CandidateKey]) -> Results[list[DatasetInput]]:
    """The data sets that each candidate read."""
    same = (Dataset.project_id == CandidateDataset.project_id) & (Dataset.id == CandidateDataset.dataset_id)
    return await _LISTS.groups(
        db,
        actor,
        keys,
        statement=select(CandidateDataset, Dataset).join(Dataset, same).order_by(Dataset.id),
        parent=(CandidateDataset.project_id, CandidateDataset.candidate_id),
        convert=lambda row: DatasetInput(row[1], row[0].tags),
    )


async def uses(db: Database, actor: Actor, keys: Sequence[CandidateKey]) -> Results[list[CandidateModel]]:
    """The logged models that each candidate read or wrote, by step."""
    statement = select(CandidateModel).order_by(CandidateModel.step, CandidateModel.logged_model_id)
    return await _LISTS.groups(
        db, actor, keys, statement=statement, parent=(CandidateModel.project_id, CandidateModel.candidate_id)
    )


async def logged_models(db: Database, actor: Actor, keys: Sequence[CandidateKey]) -> Results[LoggedModel | None]:
    """Logged models by id, also from the trash; None where there is none."""
    statement = select(LoggedModel).where(LoggedModel.purge_at.is_(None))
    return await _LISTS.singles(db, actor, keys, statement=statement, parent=(LoggedModel.project_id, LoggedModel.id))


async def logged_by_candidates(
    db: Database, actor: Actor, keys: Sequence[CandidateKey], window: Window
) -> Results[Page[LoggedModel]]:
    """The living logged models of each candidate, newest first."""
    parent = (LoggedModel.project_id, LoggedModel.source_candidate_id)
    return await _logged(db, actor, keys, window, parent)


async def logged_in_experiments(
    db: Database, actor: Actor, keys: Sequence[ExperimentKey], window: Window
) -> Results[Page[LoggedModel]]:
    """The living logged models of each experiment, newest first."""
    parent = (LoggedModel.project_id, LoggedModel.experiment_number)
    return await _logged(db, actor, keys, window, parent)


async def metrics_of_models(
    db: Database, actor: Actor, keys: Sequence[CandidateKey]
) -> Results[list[LoggedModelMetric]]:
    """The latest value per metric and data set of each logged model, by key."""
    row = LoggedModelMetric
    statement = select(row).order_by(row.key, row.dataset_name, row.dataset_digest)
    return await _LISTS.groups(db, actor, keys, statement=statement, parent=(row.project_id, row.logged_model_id))


async def datasets(db: Database, actor: Actor, keys: Sequence[ExperimentKey]) -> Results[list[Summary]]:
    """Each data set and context that candidates of an experiment read, once; 1,000 at most of each."""
    context = CandidateDataset.tags.op("->>")(CONTEXT_TAG).label("context")
    named = (Dataset.name, Dataset.digest, context)
    used = (CandidateDataset.project_id == Dataset.project_id) & (CandidateDataset.dataset_id == Dataset.id)
    of = (Experiment.project_id == Dataset.project_id) & (Experiment.number == Dataset.experiment_number)
    statement = (
        select(Dataset.experiment_number, *named)
        .join(CandidateDataset, used)
        .join(Experiment, of)
        .where(Experiment.purge_at.is_(None))
        .distinct()
        .order_by(*named)
    )
    groups = await _LISTS.groups(
        db,
        actor,
        keys,
        statement=statement,
        parent=(Dataset.project_id, Dataset.experiment_number),
        convert=lambda row: Summary(row.experiment_number, row.name, row.digest, row.context),
    )
    return [one[:MAX_SUMMARIES] if isinstance(one, list) else one for one in groups]


async def _pairs(
    db: Database, actor: Actor, keys: Sequence[CandidateKey], row: type[CandidateParam | CandidateTag]
) -> Results[list[tuple[str, str]]]:
    return await _LISTS.groups(
        db,
        actor,
        keys,
        statement=select(row.key, row.value).order_by(row.key),
        parent=(row.project_id, row.candidate_id),
        convert=lambda row: (row.key, row.value),
    )


async def _logged(
    db: Database, actor: Actor, keys: Sequence[Any], window: Window, parent: Sequence[Any]
) -> Results[Page[LoggedModel]]:
    statement = select(LoggedModel).where(LoggedModel.purge_at.is_(None), LoggedModel.deleted_at.is_(None))
    return await _LISTS.pages(
        db, actor, keys, window, statement=statement, order=_LOGGED, row=LoggedModel, parent=parent
    )
