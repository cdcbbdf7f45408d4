"""Mutations of evaluations, online experiments and facts."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.errors import Invalid
from app.graphql.access.queries import project_id
from app.graphql.context import Info
from app.graphql.errors import UserError, or_none
from app.graphql.lifecycle.evaluations.fact_types import ModelVersionFacts, facts_of
from app.graphql.lifecycle.evaluations.inputs import (
    EvaluationCreateInput,
    FactsSetInput,
    OnlineExperimentConcludeInput,
    OnlineExperimentCreateInput,
    OnlineExperimentLogInput,
)
from app.graphql.lifecycle.evaluations.online_types import OnlineExperiment
from app.graphql.lifecycle.evaluations.types import Evaluation
from app.graphql.registry.lookups import ModelVersionLookup
from app.graphql.tracking.queries import candidate_id
from app.graphql.types import ids
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.lifecycle.evaluations import evaluations, online, stated
from app.lifecycle.evaluations.evaluations import CreateEvaluation
from app.lifecycle.evaluations.online import CreateExperiment, Kind, NewArm, PointInput, ShareInput
from app.lifecycle.evaluations.stated import StateFacts
from app.registry.references.resolve import Target
from app.text import quoted


@strawberry.type(description="Payload of `evaluationCreate`.")
class EvaluationCreatePayload:
    evaluation: Evaluation | None = optional("The evaluation.")
    already_stored: bool = optional("Whether an earlier call with the same key had made it.", default=False)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `onlineExperimentCreate`.")
class OnlineExperimentCreatePayload:
    online_experiment: OnlineExperiment | None = optional("The experiment.")
    already_stored: bool = optional("Whether an earlier call with the same key had made it.", default=False)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `onlineExperimentLog`.")
class OnlineExperimentLogPayload:
    online_experiment: OnlineExperiment | None = optional("The experiment.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `onlineExperimentConclude`.")
class OnlineExperimentConcludePayload:
    online_experiment: OnlineExperiment | None = optional("The experiment with its conclusion.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `factsSet`.")
class FactsSetPayload:
    facts: ModelVersionFacts | None = optional("All six facts of the version as they are now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class EvaluationsMutation:
    @mutation("Attaches results of an evaluation to a version, sealed or not.")
    async def evaluation_create(
        self, info: Info, input: Annotated[EvaluationCreateInput, INPUT]
    ) -> EvaluationCreatePayload:
        project, target = input.model_version.key()
        command = CreateEvaluation(
            dataset_name=input.dataset_name,
            dataset_digest=input.dataset_digest,
            metrics=[one.value_of() for one in input.metrics],
            name=input.name,
            description=input.description,
            evaluated_at=input.evaluated_at,
            candidate_id=await candidate_id(info, project, input.candidate_id, "candidateId"),
            artifact_folder=input.artifact_folder,
            replaces_id=_replaced(input.evaluation_id),
            idempotency_key=input.idempotency_key,
        )
        made = await evaluations.create(info.context.db, info.context.actor, project, target, command)
        return EvaluationCreatePayload(evaluation=Evaluation.of(made.evaluation), already_stored=made.already_stored)

    @mutation("Begins an online experiment with versions of a project.")
    async def online_experiment_create(
        self, info: Info, input: Annotated[OnlineExperimentCreateInput, INPUT]
    ) -> OnlineExperimentCreatePayload:
        project = input.project.key()
        command = CreateExperiment(
            name=input.name,
            kind=_kind(input.kind),
            arms=[NewArm(arm.name, await _target(info, arm.model_version, project), arm.share) for arm in input.arms],
            description=input.description,
            started_at=input.started_at,
            idempotency_key=input.idempotency_key,
        )
        made = await online.create(info.context.db, info.context.actor, project, command)
        return OnlineExperimentCreatePayload(
            online_experiment=OnlineExperiment.of(made.row), already_stored=made.already_stored
        )

    @mutation("Adds values of arms, and changes their shares of the traffic, until the conclusion.")
    async def online_experiment_log(
        self, info: Info, input: Annotated[OnlineExperimentLogInput, INPUT]
    ) -> OnlineExperimentLogPayload:
        project, id = _experiment(input.id)
        points = [PointInput(one.arm, one.key, one.value, one.measured_at, one.sample_count) for one in input.points]
        shares = [ShareInput(one.arm, one.share) for one in input.shares]
        logged = await online.log(info.context.db, info.context.actor, project, id, points, shares)
        return OnlineExperimentLogPayload(online_experiment=OnlineExperiment.of(logged.row))

    @mutation("Ends an online experiment with what follows from it; then nothing of it changes any more.")
    async def online_experiment_conclude(
        self, info: Info, input: Annotated[OnlineExperimentConcludeInput, INPUT]
    ) -> OnlineExperimentConcludePayload:
        context, (project, id) = info.context, _experiment(input.id)
        ended = await online.conclude(context.db, context.actor, project, id, input.conclusion, input.winner)
        return OnlineExperimentConcludePayload(online_experiment=OnlineExperiment.of(ended.row))

    @mutation("States facts of a version, sealed or not; what was said before stays readable.")
    async def facts_set(self, info: Info, input: Annotated[FactsSetInput, INPUT]) -> FactsSetPayload:
        project, target = input.model_version.key()
        command = StateFacts(input.entries(), input.note, input.idempotency_key)
        version = await stated.state(info.context.db, info.context.actor, project, target, command)
        return FactsSetPayload(facts=await facts_of(info, (version.project_id, version.id)))


def _replaced(id: str | None) -> int | None:
    if id is None:
        return None
    key = ids.pair(id, "Evaluation")
    if key is None:
        raise ids.missing("evaluation", id, "evaluationId")
    return key[1]


def _experiment(id: str) -> tuple[int, int]:
    key = ids.pair(id, "OnlineExperiment")
    if key is None:
        raise ids.missing("online experiment", id, "id")
    return key


async def _target(info: Info, version: ModelVersionLookup, project: int | str) -> Target:
    owner, target = version.key("arms")
    if owner != project and await or_none(project_id(info, owner)) != await project_id(info, project):
        raise ids.missing("such version in the project", version.id or str(owner), "arms")
    return target


def _kind(text: str) -> Kind:
    try:
        return Kind(text.lower())
    except ValueError:
        raise Invalid(
            f"{quoted(text)} is no kind of experiment; there are ab, canary and shadow.", field="kind"
        ) from None
