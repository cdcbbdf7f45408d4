"""Mutations of logged models."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.logged_models.types import LoggedModel, LoggedModelStatus
from app.graphql.tracking.lookups import ExperimentLookup, LoggedModelLookup
from app.graphql.tracking.queries import candidate_id, experiment_key
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.graphql.types.tags_and_params import ParamInput, TagInput, TagPatch, mapping, patch
from app.tracking import logged_models
from app.tracking.logged_models import CreateLoggedModel, EditLoggedModel


@strawberry.input(description="Input of `loggedModelCreate`.")
class LoggedModelCreateInput:
    experiment: ExperimentLookup = strawberry.field(description="The experiment that it is created in.")
    name: str | None = optional("For people to read; a friendly random one when left out.")
    model_type: str = optional("What to call its kind.", default="")
    candidate_id: strawberry.ID | None = optional("The candidate of the same project that makes it.")
    foreign_run: str = optional("The run of another tracking server that it comes from.", default="")
    params: list[ParamInput] = strawberry.field(default_factory=list, description="Its hyper-parameters.")
    tags: list[TagInput] = strawberry.field(default_factory=list, description="Its tags.")


@strawberry.input(description="Input of `loggedModelUpdate`; what is left out stays.")
class LoggedModelUpdateInput:
    logged_model: LoggedModelLookup = strawberry.field(description="The logged model.")
    status: LoggedModelStatus | None = optional("READY when its files are there.")
    params: list[ParamInput] = strawberry.field(default_factory=list, description="Hyper-parameters to add.")
    tags: list[TagPatch] = strawberry.field(default_factory=list, description="Tags to set or remove.")


@strawberry.input(description="Input of `loggedModelDelete`.")
class LoggedModelDeleteInput:
    logged_model: LoggedModelLookup = strawberry.field(description="The logged model.")


@strawberry.type(description="Payload of `loggedModelCreate`.")
class LoggedModelCreatePayload:
    logged_model: LoggedModel | None = optional("The new logged model; upload its files, then say that it is READY.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `loggedModelUpdate`.")
class LoggedModelUpdatePayload:
    logged_model: LoggedModel | None = optional("The logged model as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `loggedModelDelete`.")
class LoggedModelDeletePayload:
    deleted_id: strawberry.ID | None = optional("The id of the logged model.")
    logged_model: LoggedModel | None = optional("The logged model; it stays to be seen, with `deletedAt`.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class LoggedModelsMutation:
    @mutation("Begins a logged model; it is PENDING until `loggedModelUpdate` says that its files are there.")
    async def logged_model_create(
        self, info: Info, input: Annotated[LoggedModelCreateInput, INPUT]
    ) -> LoggedModelCreatePayload:
        project, number = await experiment_key(info, input.experiment)
        command = CreateLoggedModel(
            number,
            name=input.name,
            model_type=input.model_type,
            source_candidate_id=await candidate_id(info, project, input.candidate_id, "candidateId"),
            foreign_run=input.foreign_run,
            params=mapping(input.params, "params"),
            tags=mapping(input.tags, "tags"),
        )
        made = await logged_models.create(info.context.db, info.context.actor, project, command)
        return LoggedModelCreatePayload(logged_model=LoggedModel.of(made.model))

    @mutation("Changes status, hyper-parameters and tags of a logged model: all of it or nothing.")
    async def logged_model_update(
        self, info: Info, input: Annotated[LoggedModelUpdateInput, INPUT]
    ) -> LoggedModelUpdatePayload:
        context, (project, uuid) = info.context, input.logged_model.key()
        request = EditLoggedModel(input.status, patch(input.tags), mapping(input.params, "params"))
        changed = await logged_models.edit(context.db, context.actor, project, uuid, request)
        return LoggedModelUpdatePayload(logged_model=LoggedModel.of(changed.model))

    @mutation("Deletes a logged model; its files stay as long as a version needs them.")
    async def logged_model_delete(
        self, info: Info, input: Annotated[LoggedModelDeleteInput, INPUT]
    ) -> LoggedModelDeletePayload:
        context, (project, uuid) = info.context, input.logged_model.key()
        gone = LoggedModel.of(await logged_models.delete(context.db, context.actor, project, uuid))
        return LoggedModelDeletePayload(deleted_id=gone.id, logged_model=gone)
