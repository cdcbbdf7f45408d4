"""Mutations of stages and of rules for names, and going back to what stood before."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.lifecycle.promotions.types import Promotion
from app.graphql.lifecycle.stages.inputs import (
    AliasRollbackInput,
    ProtectionDeleteInput,
    ProtectionSetInput,
    StageCreateInput,
    StageRetireInput,
    StageRollbackInput,
    StageUpdateInput,
)
from app.graphql.lifecycle.stages.types import Protection, Stage
from app.graphql.registry.aliases import Alias
from app.graphql.registry.types import ModelVersion
from app.graphql.types import ids
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.lifecycle.promotions import promote
from app.lifecycle.promotions.outcomes import PromotionRefused
from app.lifecycle.promotions.promote import RollBack
from app.registry.stages import changes, rollback, rules
from app.registry.stages.changes import EditStage, NewStage
from app.registry.stages.rules import SetProtection


@strawberry.type(description="Payload of `stageCreate`.")
class StageCreatePayload:
    stage: Stage | None = optional("The new stage.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `stageUpdate`.")
class StageUpdatePayload:
    stage: Stage | None = optional("The stage as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `stageRetire`.")
class StageRetirePayload:
    stage: Stage | None = optional("The stage, which is retired.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `protectionSet`.")
class ProtectionSetPayload:
    protection: Protection | None = optional("The rule as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `protectionDelete`.")
class ProtectionDeletePayload:
    deleted_id: strawberry.ID | None = optional("The id of the rule that is gone; null if there was none.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `aliasRollback`.")
class AliasRollbackPayload:
    alias: Alias | None = optional("The alias, on the version that it stood on before.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `stageRollback`.")
class StageRollbackPayload:
    stage: Stage | None = optional("The stage.")
    model_version: ModelVersion | None = optional("The version that it stands for again.")
    promotion: Promotion | None = optional(
        "The promotion, also a refused one, with every verdict; null for stages that any version may enter."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.type
class StagesMutation:
    @mutation("Adds a stage to a project.")
    async def stage_create(self, info: Info, input: Annotated[StageCreateInput, INPUT]) -> StageCreatePayload:
        command = NewStage(
            input.name, input.position, input.mlflow_name, input.is_guarded, input.is_sealing, input.description
        )
        made = await changes.create(info.context.db, info.context.actor, input.project.key(), command)
        return StageCreatePayload(stage=Stage.of(made))

    @mutation("Renames a stage, puts it elsewhere in the order, or changes what it is for; no version moves.")
    async def stage_update(self, info: Info, input: Annotated[StageUpdateInput, INPUT]) -> StageUpdatePayload:
        command = EditStage(
            input.new_name, input.position, input.mlflow_name, input.is_guarded, input.is_sealing, input.description
        )
        changed = await changes.edit(info.context.db, info.context.actor, input.project.key(), input.name, command)
        return StageUpdatePayload(stage=Stage.of(changed))

    @mutation("Ends a stage: no version enters it any more, and its name is free. Its history stays.")
    async def stage_retire(self, info: Info, input: Annotated[StageRetireInput, INPUT]) -> StageRetirePayload:
        retired = await changes.retire(info.context.db, info.context.actor, input.project.key(), input.name)
        return StageRetirePayload(stage=Stage.of(retired))

    @mutation("Protects the names that match a pattern, or changes the rule of that pattern.")
    async def protection_set(self, info: Info, input: Annotated[ProtectionSetInput, INPUT]) -> ProtectionSetPayload:
        command = SetProtection(input.kind, input.pattern, input.least_role, input.movers, input.approval_count)
        rule = await rules.set(info.context.db, info.context.actor, input.project.key(), command)
        return ProtectionSetPayload(protection=Protection.of(rule))

    @mutation("Ends a rule; one that is not there is no error.")
    async def protection_delete(
        self, info: Info, input: Annotated[ProtectionDeleteInput, INPUT]
    ) -> ProtectionDeletePayload:
        context = info.context
        gone = await rules.delete(context.db, context.actor, input.project.key(), input.kind, input.pattern)
        return ProtectionDeletePayload(deleted_id=ids.of("Protection", gone.project_id, gone.id) if gone else None)

    @mutation("Puts an alias back on the version that it stood on before, or at a moment.")
    async def alias_rollback(self, info: Info, input: Annotated[AliasRollbackInput, INPUT]) -> AliasRollbackPayload:
        project, model = input.model.key()
        moved = await rollback.alias(
            info.context.db,
            info.context.actor,
            project,
            model,
            input.name,
            at=input.as_of,
            expected_current=input.expected_current,
            reason=input.reason,
        )
        return AliasRollbackPayload(alias=Alias.of(moved))

    @mutation("Promotes the version that a stage stood for before, or at a moment, back to it; others make room.")
    async def stage_rollback(self, info: Info, input: Annotated[StageRollbackInput, INPUT]) -> StageRollbackPayload:
        context, (project, model) = info.context, input.model.key()
        command = RollBack(input.stage, input.as_of, input.reason, input.expected_current, input.bypass_reason)
        clients = context.runtime.gate_clients
        try:
            stage, entry = await promote.roll_back(context.db, clients, context.actor, project, model, command)
        except PromotionRefused as refusal:
            refused = Promotion.of(refusal.promotion)
            return StageRollbackPayload(promotion=refused, user_errors=[UserError.of(refusal)])
        promotion = Promotion.of(entry.promotion) if entry.promotion else None
        return StageRollbackPayload(
            stage=Stage.of(stage), model_version=ModelVersion.of(entry.version), promotion=promotion
        )
