"""Mutations that seal and withdraw versions, and the query of manifests."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.context import Info
from app.graphql.errors import UserError, or_none
from app.graphql.lifecycle.seals.types import ModelVersionManifest
from app.graphql.registry.lookups import ModelVersionLookup
from app.graphql.registry.types import ModelVersion
from app.graphql.types.fields import INPUT, mutation, optional, resolved, user_errors
from app.graphql.types.scalars import Long
from app.lifecycle.seals import manifests, reads, seals, withdrawals
from app.lifecycle.seals.withdrawals import Kind, Withdraw

_VERSION = "The version as it is now."
_WHY = "Why: 1 to 1,000 characters."
_INSTEAD = "The version to use instead, in any form: `1.2.3`, `latest`, …; kept as the version that it means now."


@strawberry.input(description="Input of `modelVersionSeal`.")
class ModelVersionSealInput:
    model_version: ModelVersionLookup = strawberry.field(description="The version, READY.")


@strawberry.input(description="Input of `modelVersionYank`.")
class ModelVersionYankInput:
    model_version: ModelVersionLookup = strawberry.field(description="The version.")
    reason: str = strawberry.field(description=_WHY)
    replacement: str | None = optional(_INSTEAD)


@strawberry.input(description="Input of `modelVersionDeprecate`.")
class ModelVersionDeprecateInput:
    model_version: ModelVersionLookup = strawberry.field(description="The version.")
    reason: str = strawberry.field(description=_WHY)
    replacement: str | None = optional(_INSTEAD)


@strawberry.input(description="Input of `modelVersionUnyank`.")
class ModelVersionUnyankInput:
    model_version: ModelVersionLookup = strawberry.field(description="The version.")
    reason: str = optional("Why, at most 1,000 characters.", default="")


@strawberry.input(description="Input of `modelVersionUndeprecate`.")
class ModelVersionUndeprecateInput:
    model_version: ModelVersionLookup = strawberry.field(description="The version.")
    reason: str = optional("Why, at most 1,000 characters.", default="")


@strawberry.type(description="Payload of `modelVersionSeal`.")
class ModelVersionSealPayload:
    model_version: ModelVersion | None = optional(_VERSION)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `modelVersionYank`.")
class ModelVersionYankPayload:
    model_version: ModelVersion | None = optional(_VERSION)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `modelVersionDeprecate`.")
class ModelVersionDeprecatePayload:
    model_version: ModelVersion | None = optional(_VERSION)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `modelVersionUnyank`.")
class ModelVersionUnyankPayload:
    model_version: ModelVersion | None = optional(_VERSION)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `modelVersionUndeprecate`.")
class ModelVersionUndeprecatePayload:
    model_version: ModelVersion | None = optional(_VERSION)
    user_errors: list[UserError] = user_errors()


@strawberry.type
class SealsMutation:
    @mutation("Seals a version: its files, facts and description do not change any more. Twice is fine.")
    async def model_version_seal(
        self, info: Info, input: Annotated[ModelVersionSealInput, INPUT]
    ) -> ModelVersionSealPayload:
        project, target = input.model_version.key()
        sealed = await seals.seal_version(info.context.db, info.context.actor, project, target)
        return ModelVersionSealPayload(model_version=ModelVersion.of(sealed))

    @mutation("Yanks a version: only its text, its number and aliases mean it any more, with a warning.")
    async def model_version_yank(
        self, info: Info, input: Annotated[ModelVersionYankInput, INPUT]
    ) -> ModelVersionYankPayload:
        return ModelVersionYankPayload(model_version=await _withdraw(info, input, Kind.YANK))

    @mutation("Deprecates a version: all who use it are warned.")
    async def model_version_deprecate(
        self, info: Info, input: Annotated[ModelVersionDeprecateInput, INPUT]
    ) -> ModelVersionDeprecatePayload:
        return ModelVersionDeprecatePayload(model_version=await _withdraw(info, input, Kind.DEPRECATION))

    @mutation("Takes the yank of a version back. For maintainers.")
    async def model_version_unyank(
        self, info: Info, input: Annotated[ModelVersionUnyankInput, INPUT]
    ) -> ModelVersionUnyankPayload:
        return ModelVersionUnyankPayload(model_version=await _undo(info, input, Kind.YANK))

    @mutation("Takes the deprecation of a version back.")
    async def model_version_undeprecate(
        self, info: Info, input: Annotated[ModelVersionUndeprecateInput, INPUT]
    ) -> ModelVersionUndeprecatePayload:
        return ModelVersionUndeprecatePayload(model_version=await _undo(info, input, Kind.DEPRECATION))


@strawberry.type
class SealsQuery:
    @resolved("The manifest of a version: of a sealed one as it is for good. Null when there is no such version.")
    async def model_version_manifest(
        self, info: Info, by: Annotated[ModelVersionLookup, strawberry.argument(description="The model version.")]
    ) -> ModelVersionManifest | None:
        project, target = by.key()
        answer = await or_none(reads.manifest(info.context.db, info.context.actor, project, target))
        if answer is None:
            return None
        version, manifest = answer
        return ModelVersionManifest(
            document=manifest.document,
            digest=manifests.shown_digest(manifest.digest),
            is_sealed=version.sealed_at is not None,
            file_count=Long(len(manifest.entries)),
            size=Long(manifest.size),
        )


async def _withdraw(info: Info, input: ModelVersionYankInput | ModelVersionDeprecateInput, kind: Kind) -> ModelVersion:
    (project, target), command = input.model_version.key(), Withdraw(input.reason, input.replacement)
    return ModelVersion.of(
        await withdrawals.withdraw(info.context.db, info.context.actor, project, target, kind, command)
    )


async def _undo(info: Info, input: ModelVersionUnyankInput | ModelVersionUndeprecateInput, kind: Kind) -> ModelVersion:
    project, target = input.model_version.key()
    return ModelVersion.of(
        await withdrawals.undo(info.context.db, info.context.actor, project, target, kind, input.reason)
    )
