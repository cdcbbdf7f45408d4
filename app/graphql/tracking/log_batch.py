"""The input of `candidateLog` as the batch of the core."""

from __future__ import annotations

from uuid import UUID

from app.graphql.tracking.inputs import CandidateLogInput, DatasetInput, MetricPointInput
from app.graphql.types import ids
from app.graphql.types.tags_and_params import mapping
from app.text import normalized
from app.tracking.logging.inputs import DatasetUse
from app.tracking.logging.log import LogBatch
from app.tracking.logging.point_batch import MetricInput


def of(project_id: int, candidate_id: UUID, input: CandidateLogInput) -> LogBatch:
    """The batch for a candidate of that project.

    Raises:
        NotFound: an id means no logged model of the project.
        Invalid: a key stands twice.
    """
    return LogBatch(
        candidate_id,
        metrics=[_metric(project_id, point) for point in input.metrics],
        params=mapping(input.params, "params"),
        tags=mapping(input.tags, "tags"),
        datasets=[_dataset(one) for one in input.datasets],
        read=[logged_model(project_id, id, "loggedModelInputIds") for id in input.logged_model_input_ids],
        written=[
            (logged_model(project_id, one.logged_model_id, "loggedModelOutputs"), one.step)
            for one in input.logged_model_outputs
        ],
    )


def logged_model(project_id: int, id: str, field: str) -> UUID:
    """The key of a logged model; its project must be that one, since keys mean nothing elsewhere.

    Raises:
        NotFound: the id means none of the project.
    """
    key = ids.in_project(id, "LoggedModel")
    if key is None or key[0] != project_id:
        raise ids.missing("logged model in this project", id, field)
    return key[1]


def _metric(project_id: int, point: MetricPointInput) -> MetricInput:
    model = point.logged_model_id
    return MetricInput(
        key=point.key,
        value=point.value,
        timestamp=point.timestamp,
        step=point.step,
        logged_model_id=logged_model(project_id, model, "metrics") if model else None,
        dataset_name=normalized(point.dataset_name or "") or None,
        dataset_digest=point.dataset_digest,
    )


def _dataset(use: DatasetInput) -> DatasetUse:
    return DatasetUse(
        name=use.name,
        digest=use.digest,
        source_type=use.source_type,
        source=use.source,
        schema=use.schema,
        profile=use.profile,
        tags=mapping(use.tags, "tags"),
    )
