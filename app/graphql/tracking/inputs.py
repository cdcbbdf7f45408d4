"""What the mutations of experiments and candidates are told."""

from __future__ import annotations

import strawberry

from app.graphql.access.lookups import ProjectLookup
from app.graphql.fields import optional
from app.graphql.pairs import ParamInput, TagInput
from app.graphql.scalars import Long, Number
from app.graphql.tracking.lookups import CandidateLookup, ExperimentLookup
from app.graphql.tracking.types import CandidateStatus


@strawberry.input(description="A new experiment.")
class ExperimentCreateInput:
    project: ProjectLookup = strawberry.field(description="The project that it shall be in.")
    name: str = strawberry.field(description="Unique in the project, 1 to 500 characters.")
    tags: list[TagInput] = strawberry.field(default_factory=list, description="Its tags.")


@strawberry.input(description="Another name for an experiment.")
class ExperimentUpdateInput:
    experiment: ExperimentLookup = strawberry.field(description="Which one.")
    name: str = strawberry.field(description="The new name.")


@strawberry.input(description="Tags for an experiment; others stay as they are.")
class ExperimentTagsSetInput:
    experiment: ExperimentLookup = strawberry.field(description="Which one.")
    tags: list[TagInput] = strawberry.field(description="Tags to set.")


@strawberry.input(description="The end of an experiment.")
class ExperimentDeleteInput:
    experiment: ExperimentLookup = strawberry.field(description="Which one.")
    permanently: bool = optional("For good, instead of into the trash.", default=False)


@strawberry.input(description="The way out of the trash for an experiment.")
class ExperimentRestoreInput:
    experiment: ExperimentLookup = strawberry.field(description="Which one.")


@strawberry.input(description="A new candidate.")
class CandidateCreateInput:
    experiment: ExperimentLookup = strawberry.field(description="The experiment that it shall be in.")
    name: str | None = optional("For people to read; a friendly random one when left out.")
    start_time: Long | None = optional("When it began, in milliseconds since 1970.")
    user_name: str = optional("Who runs it.", default="")
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


@strawberry.input(description="What to log to a candidate: at most 1,000 metrics, 100 params and 100 tags.")
class CandidateLogInput:
    candidate: CandidateLookup = strawberry.field(description="Which one.")
    metrics: list[MetricPointInput] = strawberry.field(default_factory=list, description="Points to add.")
    params: list[ParamInput] = strawberry.field(default_factory=list, description="Hyper-parameters to write.")
    tags: list[TagInput] = strawberry.field(default_factory=list, description="Tags to set.")


@strawberry.input(description="Changes of a candidate; what is left out stays.")
class CandidateUpdateInput:
    candidate: CandidateLookup = strawberry.field(description="Which one.")
    name: str | None = optional("For people to read.")
    status: CandidateStatus | None = optional("How far it is.")
    end_time: Long | None = optional("When it ended, in milliseconds since 1970.")


@strawberry.input(description="The end of a candidate.")
class CandidateDeleteInput:
    candidate: CandidateLookup = strawberry.field(description="Which one.")
    permanently: bool = optional("For good, instead of into the trash.", default=False)


@strawberry.input(description="The way out of the trash for a candidate.")
class CandidateRestoreInput:
    candidate: CandidateLookup = strawberry.field(description="Which one.")
