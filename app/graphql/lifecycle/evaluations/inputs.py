"""Inputs of the mutations of evaluations, online experiments and facts."""

from __future__ import annotations

from datetime import datetime

import strawberry

from app.graphql.access.lookups import ProjectLookup
from app.graphql.registry.lookups import ModelVersionLookup
from app.graphql.types.fields import optional
from app.graphql.types.scalars import Long, Number
from app.graphql.types.tags_and_params import TagPatch
from app.lifecycle.evaluations.evaluations import MetricInput
from app.lifecycle.evaluations.six_facts import LIBRARY, FactKind

KEY = "A text by which a repetition of the call is recognised: it answers what the first one made, and makes nothing."


@strawberry.input(description="A value of an evaluation.")
class EvaluationMetricInput:
    key: str = strawberry.field(description="What was measured.")
    value: Number = strawberry.field(description="The value; NaN and infinities are refused.")
    slice: str = optional("The part of the data set; all of it when left out.", default="")

    def value_of(self) -> MetricInput:
        """What the core takes."""
        return MetricInput(self.key, self.value, self.slice)


@strawberry.input(description="Input of `evaluationCreate`.")
class EvaluationCreateInput:
    model_version: ModelVersionLookup = strawberry.field(description="The version that was evaluated.")
    dataset_name: str = strawberry.field(description="The name of the data set, at most 500 characters.")
    dataset_digest: str = optional("Its digest or version, at most 128 characters.", default="")
    metrics: list[EvaluationMetricInput] = strawberry.field(description="1 to 1,000 values, over all slices.")
    name: str = optional("For people to read.", default="")
    description: str = optional("Markdown, at most 10,000 characters.", default="")
    evaluated_at: datetime | None = optional("When it was done; now when left out.")
    candidate_id: strawberry.ID | None = optional("The candidate of the same project that it was done in.")
    artifact_folder: str = optional("The folder of that candidate's files that is its own.", default="")
    evaluation_id: strawberry.ID | None = optional("The evaluation of the same version that it corrects.")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="A version that takes part in an online experiment.")
class OnlineArmInput:
    name: str = strawberry.field(description="Unique in the experiment.")
    model_version: ModelVersionLookup = strawberry.field(description="A version of the same project.")
    share: Number = strawberry.field(description="Its share of the traffic, from 0 to 1.")


@strawberry.input(description="Input of `onlineExperimentCreate`.")
class OnlineExperimentCreateInput:
    project: ProjectLookup = strawberry.field(description="The project of the versions.")
    name: str = strawberry.field(description="For people to read.")
    kind: str = strawberry.field(description="ab, canary or shadow.")
    arms: list[OnlineArmInput] = strawberry.field(description="The versions: 2 to 20, of a shadow 1.")
    description: str = optional("Markdown, at most 10,000 characters.", default="")
    started_at: datetime | None = optional("When it began; now when left out.")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="A value of an arm at a moment.")
class OnlinePointInput:
    arm: str = strawberry.field(description="The name of the arm.")
    key: str = strawberry.field(description="What was measured.")
    value: Number = strawberry.field(description="The value; NaN and infinities are refused.")
    measured_at: datetime | None = optional("When; now when left out.")
    sample_count: Long | None = optional("How many requests stand behind it.")


@strawberry.input(description="A share of the traffic that an arm has from now on.")
class OnlineShareInput:
    arm: str = strawberry.field(description="The name of the arm.")
    share: Number = strawberry.field(description="From 0 to 1.")


@strawberry.input(description="Input of `onlineExperimentLog`: all of it or nothing.")
class OnlineExperimentLogInput:
    id: strawberry.ID = strawberry.field(description="The id of the online experiment.")
    points: list[OnlinePointInput] = strawberry.field(default_factory=list, description="At most 1,000 values.")
    shares: list[OnlineShareInput] = strawberry.field(default_factory=list, description="Shares that change.")


@strawberry.input(description="Input of `onlineExperimentConclude`.")
class OnlineExperimentConcludeInput:
    id: strawberry.ID = strawberry.field(description="The id of the online experiment.")
    conclusion: str = strawberry.field(description="What follows from it, at most 10,000 characters.")
    winner: str | None = optional("The arm that won; none when left out.")


@strawberry.input(description="What is stated of the source commit; what is left out stays, null takes it back.")
class SourceCommitInput:
    repository: str | None = optional("The address of the repository.", default=strawberry.UNSET)
    sha: str | None = optional("The SHA of the commit: 7 to 64 hexadecimal digits.", default=strawberry.UNSET)
    branch: str | None = optional("The branch.", default=strawberry.UNSET)


@strawberry.input(description="A data set that a version was trained on.")
class TrainingDatasetInput:
    name: str = strawberry.field(description="Its name.")
    digest: str | None = optional("Its digest or version; null takes it back.")


@strawberry.input(description="A library of an environment.")
class LibraryInput:
    name: str = strawberry.field(description="Its name.")
    version: str | None = optional("Its version or rule, such as `==1.26.4`; null takes it back.")


@strawberry.input(description="What is stated of the environment; what is left out stays, null takes it back.")
class RuntimeEnvironmentInput:
    image_digest: str | None = optional("`sha256:…` of the container's image.", default=strawberry.UNSET)
    hardware: str | None = optional("Such as `1x H200`.", default=strawberry.UNSET)
    python: str | None = optional("The version of Python.", default=strawberry.UNSET)
    libraries: list[LibraryInput] = strawberry.field(default_factory=list, description="Libraries.")


@strawberry.input(description="Input of `factsSet`; at least one of the facts.")
class FactsSetInput:
    model_version: ModelVersionLookup = strawberry.field(description="The version.")
    source_commit: SourceCommitInput | None = optional("The commit of its code.")
    training_data: list[TrainingDatasetInput] = strawberry.field(
        default_factory=list, description="Data sets that it was trained on."
    )
    hyper_parameters: list[TagPatch] = strawberry.field(
        default_factory=list, description="Hyper-parameters; null takes one back."
    )
    environment: RuntimeEnvironmentInput | None = optional("Its environment.")
    note: str = optional("Why, at most 1,000 characters.", default="")
    idempotency_key: str | None = optional(KEY)

    def entries(self) -> dict[FactKind, dict[str, str | None]]:
        """What is said, by fact, as the core takes it."""
        return {
            FactKind.SOURCE_COMMIT: _given(self.source_commit, ("repository", "sha", "branch")),
            FactKind.TRAINING_DATA: {one.name: one.digest for one in self.training_data},
            FactKind.HYPER_PARAMETERS: {one.key: one.value for one in self.hyper_parameters},
            FactKind.ENVIRONMENT: _given(self.environment, ("image_digest", "hardware", "python"))
            | {LIBRARY + one.name: one.version for one in (self.environment.libraries if self.environment else [])},
        }


def _given(input: object, fields: tuple[str, ...]) -> dict[str, str | None]:
    values = {field: getattr(input, field, strawberry.UNSET) for field in fields}
    return {field: value for field, value in values.items() if value is not strawberry.UNSET}
