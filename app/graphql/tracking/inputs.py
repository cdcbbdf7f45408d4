"""Inputs of the mutations of experiments and candidates."""

from __future__ import annotations

from datetime import datetime

import strawberry

from app.graphql.access.lookups import ProjectLookup
from app.graphql.tracking.lookups import CandidateLookup, ExperimentLookup
from app.graphql.tracking.types import CandidateStatus
from app.graphql.types.fields import optional
from app.graphql.types.scalars import Long, Number
from app.graphql.types.tags_and_params import ParamInput, TagInput, TagPatch


@strawberry.input(description="Input of `experimentCreate`.")
class ExperimentCreateInput:
    project: ProjectLookup = strawberry.field(description="The project that it is created in.")
    name: str = strawberry.field(description="Unique in the project, 1 to 500 characters.")
    tags: list[TagInput] = strawberry.field(default_factory=list, description="Its tags.")


@strawberry.input(description="Input of `experimentUpdate`; what is left out stays.")
class ExperimentUpdateInput:
    experiment: ExperimentLookup = strawberry.field(description="The experiment.")
    name: str | None = optional("The new name; a model's own experiment is named after it and keeps its name.")
    tags: list[TagPatch] = strawberry.field(default_factory=list, description="Tags to set or remove.")


@strawberry.input(description="Input of `experimentDelete`.")
class ExperimentDeleteInput:
    experiment: ExperimentLookup = strawberry.field(description="The experiment.")
    permanently: bool = optional("For good, instead of into the trash.", default=False)


@strawberry.input(description="Input of `experimentRestore`.")
class ExperimentRestoreInput:
    experiment: ExperimentLookup = strawberry.field(description="The experiment.")


@strawberry.input(description="Input of `candidateCreate`.")
class CandidateCreateInput:
    experiment: ExperimentLookup = strawberry.field(description="The experiment that it is created in.")
    name: str | None = optional("For people to read; a friendly random one when left out.")
    started_at: datetime | None = optional("When it began.")
    username: str = optional("Who runs it.", default="")
    parent_id: strawberry.ID | None = optional("The candidate of the same project that it is nested in.")
    params: list[ParamInput] = strawberry.field(default_factory=list, description="Its hyper-parameters.")
    tags: list[TagInput] = strawberry.field(default_factory=list, description="Its tags.")


@strawberry.input(description="One point of a metric.")
class MetricPointInput:
    key: str = strawberry.field(description="The key of the metric.")
    value: Number = strawberry.field(description="The value.")
    timestamp: Long = strawberry.field(description="The time, in milliseconds since 1970.")
    step: Long = optional("The step.", default=0)
    dataset_name: str | None = optional("The data set that it was measured on.")
    dataset_digest: str | None = optional("The digest of that data set.")
    logged_model_id: strawberry.ID | None = optional("The logged model of the same project that it was measured of.")


@strawberry.input(description="A data set that a candidate read.")
class DatasetInput:
    name: str = strawberry.field(description="The name of the data set, at most 500 characters.")
    digest: str = strawberry.field(description="The digest of its content, at most 36 characters.")
    source_type: str = strawberry.field(description="Of what kind its source is, e.g. `http` or `delta`.")
    source: str = strawberry.field(description="Where it came from, as text; never opened by the service.")
    schema: str | None = optional("Its columns, usually JSON.")
    profile: str | None = optional("Its statistics, usually JSON.")
    tags: list[TagInput] = strawberry.field(
        default_factory=list, description="Tags of this use; its context stands in `mlflow.data.context`."
    )


@strawberry.input(description="A logged model that a candidate wrote.")
class LoggedModelOutputInput:
    logged_model_id: strawberry.ID = strawberry.field(description="The id of the logged model, of the same project.")
    step: Long = optional("At which step.", default=0)


@strawberry.input(
    description="Input of `candidateLog`: at most 1,000 metrics, 100 params, 100 tags, 100 data sets and 100 models."
)
class CandidateLogInput:
    candidate: CandidateLookup = strawberry.field(description="The candidate.")
    metrics: list[MetricPointInput] = strawberry.field(default_factory=list, description="Points to add.")
    params: list[ParamInput] = strawberry.field(default_factory=list, description="Hyper-parameters to write.")
    tags: list[TagInput] = strawberry.field(default_factory=list, description="Tags to set.")
    datasets: list[DatasetInput] = strawberry.field(default_factory=list, description="Data sets that it read.")
    logged_model_input_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The ids of logged models that it read."
    )
    logged_model_outputs: list[LoggedModelOutputInput] = strawberry.field(
        default_factory=list, description="Logged models that it wrote."
    )


@strawberry.input(description="Input of `candidateUpdate`; what is left out stays.")
class CandidateUpdateInput:
    candidate: CandidateLookup = strawberry.field(description="The candidate.")
    name: str | None = optional("For people to read.")
    status: CandidateStatus | None = optional("Its status.")
    finished_at: datetime | None = optional("When it ended.")
    tags: list[TagPatch] = strawberry.field(default_factory=list, description="Tags to set or remove.")


@strawberry.input(description="Input of `candidateDelete`.")
class CandidateDeleteInput:
    candidate: CandidateLookup = strawberry.field(description="The candidate.")
    permanently: bool = optional("For good, instead of into the trash.", default=False)


@strawberry.input(description="Input of `candidateRestore`.")
class CandidateRestoreInput:
    candidate: CandidateLookup = strawberry.field(description="The candidate.")
