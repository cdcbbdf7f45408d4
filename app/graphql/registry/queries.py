"""Queries of models and versions."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.errors import Invalid
from app.graphql.artifacts.hashes import SHA256
from app.graphql.context import Info
from app.graphql.errors import UserError, or_none
from app.graphql.registry.inputs import ModelVersionCheckInput
from app.graphql.registry.lookups import ModelLookup, ModelVersionLookup
from app.graphql.registry.types import Model, ModelVersion
from app.graphql.types.fields import INPUT, resolved
from app.graphql.types.tags_and_params import mapping
from app.registry import models
from app.registry.versions import check, lookup
from app.registry.versions.check import CheckVersion, PlannedFile
from app.registry.versions.request import CreateVersion


@strawberry.type(description="Whether a version could be made and pushed.")
class ModelVersionCheck:
    version: str | None = strawberry.field(description="The version that would be made now; null when none would be.")
    user_errors: list[UserError] = strawberry.field(description="Everything that would be refused; empty: nothing.")


@strawberry.type
class RegistryQuery:
    @resolved("A model; null when it does not exist or may not be seen.")
    async def model(
        self, info: Info, by: Annotated[ModelLookup, strawberry.argument(description="The model.")]
    ) -> Model | None:
        row = await or_none(find_model(info, by))
        return Model.of(row) if row else None

    @resolved("A model version; null when it does not exist or may not be seen.")
    async def model_version(
        self, info: Info, by: Annotated[ModelVersionLookup, strawberry.argument(description="The model version.")]
    ) -> ModelVersion | None:
        row = await or_none(find_version(info, by))
        return ModelVersion.of(row) if row else None

    @resolved("Whether a version could be created and pushed; creates nothing. For callers who may create it.")
    async def model_version_check(
        self, info: Info, input: Annotated[ModelVersionCheckInput, INPUT]
    ) -> ModelVersionCheck | None:
        context = info.context
        verdict = await check.check(
            context.db,
            context.actor,
            input.project.key(),
            _planned(input),
            limit=context.runtime.settings.max_artifact_bytes,
        )
        return ModelVersionCheck(
            version=verdict.version, user_errors=[UserError.of(error) for error in verdict.refusals]
        )


def _planned(input: ModelVersionCheckInput) -> CheckVersion:
    """What is to be checked, as the core knows it.

    Raises:
        Invalid: the manifest is no SHA-256.
    """
    if input.manifest is not None and not SHA256.fullmatch(input.manifest):
        raise Invalid(f"`{input.manifest[:80]}` is no SHA-256: it has 64 hexadecimal digits.", field="manifest")
    version = CreateVersion(
        input.model_name,
        version=input.version,
        increment=input.increment,
        description=input.description,
        tags=mapping(input.tags, "tags"),
        artifact_folder=input.artifact_folder,
        is_open=True,
    )
    return CheckVersion(
        version,
        makes_model=input.creates_model,
        aliases=input.aliases,
        files=[PlannedFile(file.path, file.size) for file in input.files],
        manifest=bytes.fromhex(input.manifest) if input.manifest else None,
    )


async def find_model(info: Info, by: ModelLookup) -> models.Model:
    """The model that is meant.

    Raises:
        NotFound: it does not exist or may not be seen.
    """
    project, model = by.key()
    return await models.get(info.context.db, info.context.actor, project, model)


async def find_version(info: Info, by: ModelVersionLookup) -> lookup.ModelVersion:
    """The version that is meant.

    Raises:
        NotFound: it does not exist or may not be seen.
        InvalidReference: the reference has no known form.
    """
    project, target = by.key()
    if isinstance(target, int):
        return await lookup.get(info.context.db, info.context.actor, project, target)
    return await lookup.by_reference(info.context.db, info.context.actor, project, target.model, target.reference)
