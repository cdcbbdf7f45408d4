"""Mutations of models, versions and aliases."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.access.queries import project_id
from app.graphql.context import Info
from app.graphql.errors import UserError, or_none
from app.graphql.jobs.queries import job_by_id
from app.graphql.jobs.types import BackgroundJob
from app.graphql.registry.aliases import Alias, alias_id
from app.graphql.registry.inputs import (
    AliasDeleteInput,
    AliasSetInput,
    ModelCreateInput,
    ModelDeleteInput,
    ModelUpdateInput,
    ModelVersionCompleteInput,
    ModelVersionCopyInput,
    ModelVersionCreateInput,
    ModelVersionDeleteInput,
    ModelVersionStageSetInput,
    ModelVersionUpdateInput,
)
from app.graphql.registry.types import Model, ModelVersion
from app.graphql.tracking.queries import candidate_id, logged_model_id
from app.graphql.types import ids
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.graphql.types.tags_and_params import mapping, patch
from app.lifecycle.promotions import promote
from app.lifecycle.promotions.promote import Promote
from app.registry import aliases, models
from app.registry.models import CreateModel, EditModel
from app.registry.references.parse import parse_reference
from app.registry.versions import change, complete, copy, create, delete
from app.registry.versions.change import EditVersion
from app.registry.versions.copy import CopyVersion
from app.registry.versions.request import CreateVersion


@strawberry.type(description="Payload of `modelCreate`.")
class ModelCreatePayload:
    model: Model | None = optional("The new model.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `modelUpdate`.")
class ModelUpdatePayload:
    model: Model | None = optional("The model as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `modelDelete`.")
class ModelDeletePayload:
    deleted_id: strawberry.ID | None = optional("The id of the model that is gone.")
    model: Model | None = optional("The model as it is in the trash; null when it was deleted permanently.")
    background_job: BackgroundJob | None = optional(
        "The job that removes versions, candidates and files when `purgeAt` has come."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `modelVersionCreate`.")
class ModelVersionCreatePayload:
    model_version: ModelVersion | None = optional("The new version.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `modelVersionComplete`.")
class ModelVersionCompletePayload:
    model_version: ModelVersion | None = optional("The version, READY.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `modelVersionCopy`.")
class ModelVersionCopyPayload:
    model_version: ModelVersion | None = optional("The copy.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `modelVersionUpdate`.")
class ModelVersionUpdatePayload:
    model_version: ModelVersion | None = optional("The version as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `modelVersionDelete`.")
class ModelVersionDeletePayload:
    deleted_id: strawberry.ID | None = optional("The id of the version that is gone.")
    model_version: ModelVersion | None = optional(
        "The version as it is in the trash; null when it was deleted permanently."
    )
    background_job: BackgroundJob | None = optional(
        "The job that removes what the version alone needed when `purgeAt` has come."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `modelVersionStageSet`.")
class ModelVersionStageSetPayload:
    model_version: ModelVersion | None = optional("The version in its new stage.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `aliasSet`.")
class AliasSetPayload:
    alias: Alias | None = optional("The alias as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `aliasDelete`.")
class AliasDeletePayload:
    deleted_id: strawberry.ID | None = optional("The id of the alias that is gone; null if there was none.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class RegistryMutation:
    @mutation("Makes a model, with an experiment of its own.")
    async def model_create(self, info: Info, input: Annotated[ModelCreateInput, INPUT]) -> ModelCreatePayload:
        command = CreateModel(input.name, input.description, mapping(input.tags, "tags"))
        made = await models.create(info.context.db, info.context.actor, input.project.key(), command)
        return ModelCreatePayload(model=Model.of(made))

    @mutation("Changes name, description and tags of a model: all of it or nothing.")
    async def model_update(self, info: Info, input: Annotated[ModelUpdateInput, INPUT]) -> ModelUpdatePayload:
        project, model = input.model.key()
        request = EditModel(input.name, input.description, patch(input.tags))
        changed = await models.edit(info.context.db, info.context.actor, project, model, request)
        return ModelUpdatePayload(model=Model.of(changed))

    @mutation(
        "Puts a model, with its versions and experiment, into the trash, where it stays until `purgeAt`; its name is "
        "free at once."
    )
    async def model_delete(self, info: Info, input: Annotated[ModelDeleteInput, INPUT]) -> ModelDeletePayload:
        context, (project, model) = info.context, input.model.key()
        keep = context.runtime.settings.restore_period
        gone = await models.delete(context.db, context.actor, project, model, keep=keep, permanently=input.permanently)
        return ModelDeletePayload(
            deleted_id=ids.of("Model", gone.project_id, gone.id),
            model=Model.of(gone.row) if gone.is_restorable else None,
            background_job=await job_by_id(info, gone.job_id),
        )

    @mutation("Makes a version, of a candidate or with one of its own.")
    async def model_version_create(
        self, info: Info, input: Annotated[ModelVersionCreateInput, INPUT]
    ) -> ModelVersionCreatePayload:
        project, model = input.model.key()
        command = CreateVersion(
            model,
            version=input.version,
            increment=input.increment,
            description=input.description,
            tags=mapping(input.tags, "tags"),
            candidate_id=await candidate_id(info, project, input.candidate_id, "candidateId"),
            logged_model_id=await logged_model_id(info, project, input.logged_model_id, "loggedModelId"),
            artifact_folder=input.artifact_folder,
            source=input.source,
            location=input.location,
            foreign_run=input.foreign_run,
            run_link=input.run_link,
            is_open=input.is_open,
        )
        made = await create.create(info.context.db, info.context.actor, project, command)
        return ModelVersionCreatePayload(model_version=ModelVersion.of(made))

    @mutation("Says that all files of an OPEN version were pushed: it becomes READY. Twice is fine.")
    async def model_version_complete(
        self, info: Info, input: Annotated[ModelVersionCompleteInput, INPUT]
    ) -> ModelVersionCompletePayload:
        context, (project, target) = info.context, input.model_version.key()
        done = await complete.complete(context.db, context.actor, project, target, input.aliases)
        return ModelVersionCompletePayload(model_version=ModelVersion.of(done))

    @mutation("Makes a version of a model from one of another model of the project; they share candidate and files.")
    async def model_version_copy(
        self, info: Info, input: Annotated[ModelVersionCopyInput, INPUT]
    ) -> ModelVersionCopyPayload:
        context, (project, target) = info.context, input.model_version.key()
        owner, model = input.model.key()
        if owner != project and await or_none(project_id(info, owner)) != await project_id(info, project):
            raise ids.missing("such model in the project of the version", input.model.id or str(model), "model")
        tags = None if input.tags is None else mapping(input.tags, "tags")
        request = CopyVersion(model, input.version, input.description, tags)
        made = await copy.copy(context.db, context.actor, project, target, request)
        return ModelVersionCopyPayload(model_version=ModelVersion.of(made))

    @mutation("Changes description and tags of a version: all of it or nothing.")
    async def model_version_update(
        self, info: Info, input: Annotated[ModelVersionUpdateInput, INPUT]
    ) -> ModelVersionUpdatePayload:
        project, target = input.model_version.key()
        request = EditVersion(input.description, patch(input.tags))
        changed = await change.edit(info.context.db, info.context.actor, project, target, request)
        return ModelVersionUpdatePayload(model_version=ModelVersion.of(changed))

    @mutation("Puts a version into the trash, where it stays until `purgeAt`, with the files that it alone needs.")
    async def model_version_delete(
        self, info: Info, input: Annotated[ModelVersionDeleteInput, INPUT]
    ) -> ModelVersionDeletePayload:
        context, (project, target) = info.context, input.model_version.key()
        keep = context.runtime.settings.restore_period
        gone = await delete.delete(context.db, context.actor, project, target, keep=keep, permanently=input.permanently)
        return ModelVersionDeletePayload(
            deleted_id=ids.of("ModelVersion", gone.project_id, gone.id),
            model_version=ModelVersion.of(gone.row) if gone.is_restorable else None,
            background_job=await job_by_id(info, gone.job_id),
        )

    @mutation("Moves a version to a stage.")
    async def model_version_stage_set(
        self, info: Info, input: Annotated[ModelVersionStageSetInput, INPUT]
    ) -> ModelVersionStageSetPayload:
        context, (project, target) = info.context, input.model_version.key()
        command = Promote(
            input.stage,
            input.reason,
            expected_current=input.expected_current,
            keep_others=not input.archive_existing,
            is_exclusive=False,
        )
        clients = context.runtime.gate_clients
        entry = await promote.promote(context.db, clients, context.actor, project, target, command)
        return ModelVersionStageSetPayload(model_version=ModelVersion.of(entry.version))

    @mutation("Puts an alias on a version, or moves it there.")
    async def alias_set(self, info: Info, input: Annotated[AliasSetInput, INPUT]) -> AliasSetPayload:
        project, model = input.model.key()
        moved = await aliases.set(
            info.context.db,
            info.context.actor,
            project,
            model,
            input.name,
            parse_reference(input.reference),
            expected_current=input.expected_current,
            reason=input.reason,
        )
        return AliasSetPayload(alias=Alias.of(moved))

    @mutation("Takes an alias away; one that is not there is no error.")
    async def alias_delete(self, info: Info, input: Annotated[AliasDeleteInput, INPUT]) -> AliasDeletePayload:
        context, (project, model) = info.context, input.model.key()
        ended = await aliases.remove(
            context.db,
            context.actor,
            project,
            model,
            input.name,
            expected_current=input.expected_current,
            reason=input.reason,
        )
        deleted_id = alias_id((ended.project_id, ended.model_id), ended.name) if ended else None
        return AliasDeletePayload(deleted_id=deleted_id)
