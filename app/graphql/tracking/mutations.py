"""Mutations of experiments and candidates, and logging to candidates."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.access.queries import project_id
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.jobs.queries import job_by_id
from app.graphql.jobs.types import BackgroundJob
from app.graphql.tracking import log_batch
from app.graphql.tracking.inputs import (
    CandidateCreateInput,
    CandidateDeleteInput,
    CandidateLogInput,
    CandidateRestoreInput,
    CandidateUpdateInput,
    ExperimentCreateInput,
    ExperimentDeleteInput,
    ExperimentRestoreInput,
    ExperimentUpdateInput,
)
from app.graphql.tracking.queries import candidate_id, experiment_key, find_candidate
from app.graphql.tracking.types import Candidate, Experiment
from app.graphql.types import ids
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.graphql.types.scalars import milliseconds
from app.graphql.types.tags_and_params import mapping, patch
from app.tracking import candidate_edit, candidates, experiments
from app.tracking.candidate_edit import EditCandidate
from app.tracking.candidates import CreateCandidate
from app.tracking.experiments import CreateExperiment, EditExperiment
from app.tracking.logging import log


@strawberry.type(description="Payload of `experimentCreate`.")
class ExperimentCreatePayload:
    experiment: Experiment | None = optional("The new experiment.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `experimentUpdate`.")
class ExperimentUpdatePayload:
    experiment: Experiment | None = optional("The experiment as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `experimentDelete`.")
class ExperimentDeletePayload:
    deleted_id: strawberry.ID | None = optional("The id of the experiment.")
    experiment: Experiment | None = optional("The experiment in the trash; null when it was deleted for good.")
    background_job: BackgroundJob | None = optional("The job that removes it for good.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `experimentRestore`.")
class ExperimentRestorePayload:
    experiment: Experiment | None = optional("The experiment, alive again.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `candidateCreate`.")
class CandidateCreatePayload:
    candidate: Candidate | None = optional("The new candidate.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `candidateLog`.")
class CandidateLogPayload:
    candidate: Candidate | None = optional("The candidate with what was logged.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `candidateUpdate`.")
class CandidateUpdatePayload:
    candidate: Candidate | None = optional("The candidate as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `candidateDelete`.")
class CandidateDeletePayload:
    deleted_id: strawberry.ID | None = optional("The id of the candidate.")
    candidate: Candidate | None = optional("The candidate in the trash; null when it was deleted for good.")
    background_job: BackgroundJob | None = optional("The job that removes it for good.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `candidateRestore`.")
class CandidateRestorePayload:
    candidate: Candidate | None = optional("The candidate, alive again.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class TrackingMutation:
    @mutation("Makes an experiment.")
    async def experiment_create(
        self, info: Info, input: Annotated[ExperimentCreateInput, INPUT]
    ) -> ExperimentCreatePayload:
        command = CreateExperiment(input.name, mapping(input.tags, "tags"))
        made = await experiments.create(info.context.db, info.context.actor, input.project.key(), command)
        return ExperimentCreatePayload(experiment=Experiment.of(made))

    @mutation("Changes name and tags of an experiment: all of it or nothing.")
    async def experiment_update(
        self, info: Info, input: Annotated[ExperimentUpdateInput, INPUT]
    ) -> ExperimentUpdatePayload:
        project, number = await experiment_key(info, input.experiment)
        request = EditExperiment(number, input.name, patch(input.tags))
        changed = await experiments.edit(info.context.db, info.context.actor, project, request)
        return ExperimentUpdatePayload(experiment=Experiment.of(changed))

    @mutation("Puts an experiment with its candidates into the trash, or deletes it for good.")
    async def experiment_delete(
        self, info: Info, input: Annotated[ExperimentDeleteInput, INPUT]
    ) -> ExperimentDeletePayload:
        project, number = await experiment_key(info, input.experiment)
        db, actor = info.context.db, info.context.actor
        if input.permanently:
            job = await job_by_id(info, await experiments.delete_permanently(db, actor, project, number))
            deleted_id = ids.of("Experiment", job.row.project_id, number) if job and job.row.project_id else None
            return ExperimentDeletePayload(deleted_id=deleted_id, background_job=job)
        trashed = Experiment.of(await experiments.delete(db, actor, project, number))
        return ExperimentDeletePayload(deleted_id=trashed.id, experiment=trashed)

    @mutation("Takes an experiment with its candidates out of the trash.")
    async def experiment_restore(
        self, info: Info, input: Annotated[ExperimentRestoreInput, INPUT]
    ) -> ExperimentRestorePayload:
        project, number = await experiment_key(info, input.experiment)
        back = await experiments.restore(info.context.db, info.context.actor, project, number)
        return ExperimentRestorePayload(experiment=Experiment.of(back))

    @mutation("Begins a candidate.")
    async def candidate_create(
        self, info: Info, input: Annotated[CandidateCreateInput, INPUT]
    ) -> CandidateCreatePayload:
        project, number = await experiment_key(info, input.experiment)
        command = CreateCandidate(
            experiment_number=number,
            name=input.name,
            start_time=milliseconds(input.started_at),
            user_name=input.username,
            params=mapping(input.params, "params"),
            tags=mapping(input.tags, "tags"),
            parent_id=await candidate_id(info, project, input.parent_id, "parentId"),
        )
        made = await candidates.create(info.context.db, info.context.actor, project, command)
        return CandidateCreatePayload(candidate=Candidate.of(made.candidate))

    @mutation("Logs metrics, params, tags, data sets and models that were read or written: all of it or nothing.")
    async def candidate_log(self, info: Info, input: Annotated[CandidateLogInput, INPUT]) -> CandidateLogPayload:
        project, uuid = input.candidate.key()
        batch = log_batch.of(await project_id(info, project), uuid, input)
        await log.log_batch(info.context.db, info.context.actor, project, batch)
        return CandidateLogPayload(candidate=Candidate.of(await find_candidate(info, input.candidate)))

    @mutation("Changes name, status, end and tags of a candidate: all of it or nothing.")
    async def candidate_update(
        self, info: Info, input: Annotated[CandidateUpdateInput, INPUT]
    ) -> CandidateUpdatePayload:
        context, (project, uuid) = info.context, input.candidate.key()
        request = EditCandidate(uuid, input.name, input.status, milliseconds(input.finished_at), patch(input.tags))
        changed = await candidate_edit.edit(context.db, context.actor, project, request)
        return CandidateUpdatePayload(candidate=Candidate.of(changed))

    @mutation("Puts a candidate into the trash, or deletes it with its files for good.")
    async def candidate_delete(
        self, info: Info, input: Annotated[CandidateDeleteInput, INPUT]
    ) -> CandidateDeletePayload:
        project, uuid = input.candidate.key()
        if input.permanently:
            job_id = await candidates.delete_permanently(info.context.db, info.context.actor, project, uuid)
            job = await job_by_id(info, job_id)
            deleted_id = ids.of("Candidate", job.row.project_id, uuid) if job and job.row.project_id else None
            return CandidateDeletePayload(deleted_id=deleted_id, background_job=job)
        trashed = Candidate.of(await candidates.delete(info.context.db, info.context.actor, project, uuid))
        return CandidateDeletePayload(deleted_id=trashed.id, candidate=trashed)

    @mutation("Takes a candidate out of the trash.")
    async def candidate_restore(
        self, info: Info, input: Annotated[CandidateRestoreInput, INPUT]
    ) -> CandidateRestorePayload:
        project, uuid = input.candidate.key()
        back = await candidates.restore(info.context.db, info.context.actor, project, uuid)
        return CandidateRestorePayload(candidate=Candidate.of(back))
