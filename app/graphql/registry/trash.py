"""Mutations that bring deleted models and versions back."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.registry.lookups import ModelLookup, ModelVersionLookup
from app.graphql.registry.types import Model, ModelVersion
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.registry.trash import restore_models, restore_versions


@strawberry.input(description="Input of `modelRestore`.")
class ModelRestoreInput:
    model: ModelLookup = strawberry.field(description="The deleted model: its id, or the name that it had.")
    name: str | None = optional("Another name, where its own has been taken; its own when left out.")


@strawberry.type(description="Payload of `modelRestore`.")
class ModelRestorePayload:
    model: Model | None = optional("The model as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Input of `modelVersionRestore`.")
class ModelVersionRestoreInput:
    model_version: ModelVersionLookup = strawberry.field(
        description="The deleted version: its id, or model and a reference that is exact: `1.2.3` or `#7`."
    )


@strawberry.type(description="Payload of `modelVersionRestore`.")
class ModelVersionRestorePayload:
    model_version: ModelVersion | None = optional("The version as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class TrashMutation:
    @mutation(
        "Takes a model out of the trash, with experiment, aliases, and the versions that were not deleted before it."
    )
    async def model_restore(self, info: Info, input: Annotated[ModelRestoreInput, INPUT]) -> ModelRestorePayload:
        context, (project, model) = info.context, input.model.key()
        restored = await restore_models.restore(context.db, context.actor, project, model, name=input.name)
        return ModelRestorePayload(model=Model.of(restored))

    @mutation("Takes a version out of the trash; its aliases and stage stay where they are now.")
    async def model_version_restore(
        self, info: Info, input: Annotated[ModelVersionRestoreInput, INPUT]
    ) -> ModelVersionRestorePayload:
        context, (project, target) = info.context, input.model_version.key()
        restored = await restore_versions.restore(context.db, context.actor, project, target)
        return ModelVersionRestorePayload(model_version=ModelVersion.of(restored))
