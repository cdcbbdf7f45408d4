"""Evaluations of versions, and the values of their metrics, as the client sees them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from app.graphql.access.types import User, maker
from app.graphql.context import Info
from app.graphql.errors import or_none
from app.graphql.types import ids
from app.graphql.types.connections import Connection, connection
from app.graphql.types.fields import enumerated, resolved
from app.graphql.types.node import Node
from app.graphql.types.scalars import Number
from app.lifecycle.evaluations import reads
from app.lifecycle.evaluations.metrics import MetricValue, Source
from app.pagination import Window

enumerated(
    Source,
    "Where a value of a metric comes from.",
    name="MetricSource",
    CANDIDATE="The candidate that the version was made from.",
    LOGGED_MODEL="The logged model that it was made from.",
    EVALUATION="An evaluation of the version.",
    ONLINE="An online experiment that it takes part in.",
)


@strawberry.type(description="A value of an evaluation.")
class EvaluationMetric:
    key: str = strawberry.field(description="What was measured.")
    value: Number = strawberry.field(description="The value.")
    slice: str | None = strawberry.field(description="The part of the data set; null: all of it.")

    @classmethod
    def of(cls, row: reads.EvaluationMetric) -> EvaluationMetric:
        return cls(key=row.key, value=Number(row.value), slice=row.slice or None)


@strawberry.type(description="Results of trying a version on a data set. They never change; another one corrects them.")
class Evaluation(Node):
    row: strawberry.Private[reads.Evaluation]
    name: str = strawberry.field(description="For people to read; may be empty.")
    description: str = strawberry.field(description="Markdown.")
    dataset_name: str = strawberry.field(description="The name of the data set.")
    dataset_digest: str = strawberry.field(description="The digest or version of the data set; may be empty.")
    is_from_mlflow: bool = strawberry.field(description="Whether it was read off a run of `mlflow.models.evaluate`.")
    artifact_folder: str = strawberry.field(description="The folder of the candidate's files that is its own.")
    evaluated_at: datetime = strawberry.field(description="When it was done, as its author says.")
    created_at: datetime = strawberry.field(description="When it was stored here.")

    @classmethod
    def of(cls, row: reads.Evaluation) -> Evaluation:
        return cls(
            id=ids.of("Evaluation", row.project_id, row.id),
            row=row,
            name=row.name,
            description=row.description,
            dataset_name=row.dataset_name,
            dataset_digest=row.dataset_digest,
            is_from_mlflow=row.source == "mlflow",
            artifact_folder=row.artifact_folder,
            evaluated_at=row.evaluated_at,
            created_at=row.created_at,
        )

    @resolved("The version that was evaluated.")
    async def model_version(self, info: Info) -> registry.ModelVersion | None:
        return await registry.version_by_key(info, self.row.project_id, self.row.version_id)

    @resolved("Its values, those of all data first.")
    async def metrics(self, info: Info) -> list[EvaluationMetric]:
        rows = await info.context.loaders.evaluations.metrics.load((self.row.project_id, self.row.id))
        return [EvaluationMetric.of(row) for row in rows]

    @resolved("The candidate that it was done in; its files in `artifactFolder` are those of the evaluation.")
    async def candidate(self, info: Info) -> tracking.Candidate | None:
        if self.row.candidate_id is None:
            return None
        return await tracking.candidate_by_key(info, self.row.project_id, self.row.candidate_id)

    @resolved("The evaluation that corrects it: then it does not count any more.")
    async def replaced_by(self, info: Info) -> Evaluation | None:
        row = await info.context.loaders.evaluations.corrections.load((self.row.project_id, self.row.id))
        return Evaluation.of(row) if row else None

    @resolved("The evaluation that it corrects.")
    async def replaced(self, info: Info) -> Evaluation | None:
        return await evaluation_by_key(info, self.row.project_id, self.row.replaces_id or 0)

    @resolved("Who added it.")
    async def created_by(self, info: Info) -> User | None:
        return await maker(info, self.row.created_by, self.row.project_id)


@strawberry.type(description="A value that a metric of a version has now, and where it comes from.")
class ModelVersionMetric:
    row: strawberry.Private[MetricValue]
    project_id: strawberry.Private[int]
    key: str = strawberry.field(description="What was measured.")
    value: Number = strawberry.field(description="The value.")
    source: Source = strawberry.field(description="Where it comes from.")
    dataset_name: str | None = strawberry.field(description="The data set; null where none was named.")
    dataset_digest: str | None = strawberry.field(description="The digest of that data set.")
    slice: str | None = strawberry.field(description="The part of the data set; null: all of it.")
    measured_at: datetime = strawberry.field(description="When it was measured, as its source says.")

    @classmethod
    def of(cls, project_id: int, row: MetricValue) -> ModelVersionMetric:
        return cls(
            row=row,
            project_id=project_id,
            key=row.key,
            value=Number(row.value),
            source=Source(row.source),
            dataset_name=row.dataset_name,
            dataset_digest=row.dataset_digest,
            slice=row.slice,
            measured_at=row.at,
        )

    @resolved("The evaluation that it is of, if it is of one.")
    async def evaluation(self, info: Info) -> Evaluation | None:
        number = ids.as_integer(self.row.source_id) if self.source is Source.EVALUATION else None
        return await evaluation_by_key(info, self.project_id, number) if number is not None else None

    @resolved("The online experiment that it was measured in, if it was in one.")
    async def online_experiment(self, info: Info) -> online.OnlineExperiment | None:
        number = ids.as_integer(self.row.source_id.partition("/")[0]) if self.source is Source.ONLINE else None
        return await online.experiment_by_key(info, self.project_id, number) if number is not None else None


async def evaluation_by_key(info: Info, project_id: int, evaluation_id: int) -> Evaluation | None:
    """The evaluation with that id, through the request's loader; None when there is none that may be seen."""
    row = await or_none(info.context.loaders.evaluations.evaluations.load((project_id, evaluation_id)))
    return Evaluation.of(row) if row else None


async def evaluations_of(info: Info, version: tuple[int, int], page: Window) -> Connection[Evaluation]:
    """The evaluations of a version."""
    loaders = info.context.loaders.evaluations
    rows = await loaders.evaluation_pages.load((version, page))
    return connection(rows, Evaluation.of, lambda: loaders.evaluation_counts.load(version))


async def metrics_of(info: Info, version: tuple[int, int]) -> list[ModelVersionMetric]:
    """The values that the metrics of a version have now."""
    rows = await info.context.loaders.evaluations.values.load(version) or []
    return [ModelVersionMetric.of(version[0], row) for row in rows]


# At the end, since the types of these modules refer to each other.
from app.graphql.lifecycle.evaluations import online_types as online  # noqa: E402
from app.graphql.registry import types as registry  # noqa: E402
from app.graphql.tracking import types as tracking  # noqa: E402
