"""Mutations: a version is promoted; a promotion is requested, talked about, approved, rejected, taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import strawberry

from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.lifecycle.promotions.inputs import (
    ModelVersionPromoteInput,
    PromotionRequestApproveInput,
    PromotionRequestCommentInput,
    PromotionRequestCreateInput,
    PromotionRequestRejectInput,
    PromotionRequestWithdrawInput,
)
from app.graphql.lifecycle.promotions.types import Promotion, PromotionRequest
from app.graphql.registry.types import ModelVersion
from app.graphql.types import ids
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.lifecycle.promotions import approve, promote, requests
from app.lifecycle.promotions.approve import Approve
from app.lifecycle.promotions.outcomes import PromotionRefused
from app.lifecycle.promotions.promote import Promote
from app.lifecycle.promotions.requests import OpenRequest


@strawberry.type(description="Payload of `modelVersionPromote`.")
class ModelVersionPromotePayload:
    model_version: ModelVersion | None = optional("The version in its stage.")
    promotion: Promotion | None = optional(
        "The promotion, also a refused one, with every verdict; null for stages that any version may enter."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `promotionRequestCreate`.")
class PromotionRequestCreatePayload:
    promotion_request: PromotionRequest | None = optional("The new request.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `promotionRequestComment`.")
class PromotionRequestCommentPayload:
    promotion_request: PromotionRequest | None = optional("The request.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `promotionRequestApprove`.")
class PromotionRequestApprovePayload:
    promotion_request: PromotionRequest | None = optional("The request as it is now.")
    promotion: Promotion | None = optional("The promotion, if the approval was the last that it needed.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `promotionRequestReject`.")
class PromotionRequestRejectPayload:
    promotion_request: PromotionRequest | None = optional("The request, which is over.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `promotionRequestWithdraw`.")
class PromotionRequestWithdrawPayload:
    promotion_request: PromotionRequest | None = optional("The request, which is over.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class PromotionsMutation:
    @mutation("Lets a version enter a stage, if every rule allows it; refused or not, all verdicts are kept for ever.")
    async def model_version_promote(
        self, info: Info, input: Annotated[ModelVersionPromoteInput, INPUT]
    ) -> ModelVersionPromotePayload:
        context, (project, target) = info.context, input.model_version.key()
        request_id = input.promotion_request_id
        command = Promote(
            input.stage,
            input.reason,
            expected_current=input.expected_current,
            keep_others=input.keep_others,
            bypass_reason=input.bypass_reason,
            request_id=_key(request_id, "promotionRequestId")[1] if request_id else None,
        )
        clients = context.runtime.gate_clients
        try:
            entry = await promote.promote(context.db, clients, context.actor, project, target, command)
        except PromotionRefused as refusal:
            refused = Promotion.of(refusal.promotion)
            return ModelVersionPromotePayload(promotion=refused, user_errors=[UserError.of(refusal)])
        promotion = Promotion.of(entry.promotion) if entry.promotion else None
        return ModelVersionPromotePayload(model_version=ModelVersion.of(entry.version), promotion=promotion)

    @mutation("Asks others to approve that a version enters a stage.")
    async def promotion_request_create(
        self, info: Info, input: Annotated[PromotionRequestCreateInput, INPUT]
    ) -> PromotionRequestCreatePayload:
        context, (project, target) = info.context, input.model_version.key()
        command = OpenRequest(
            input.stage,
            input.reason,
            promotes_when_approved=input.is_automatic,
            keeps_others=input.keep_others,
            life=timedelta(days=context.runtime.settings.promotion_request_days),
        )
        made = await requests.open_request(context.db, context.actor, project, target, command)
        return PromotionRequestCreatePayload(promotion_request=PromotionRequest.of(made))

    @mutation("Says something about a promotion request.")
    async def promotion_request_comment(
        self, info: Info, input: Annotated[PromotionRequestCommentInput, INPUT]
    ) -> PromotionRequestCommentPayload:
        row = await requests.comment(info.context.db, info.context.actor, *_key(input.id), input.body)
        return PromotionRequestCommentPayload(promotion_request=PromotionRequest.of(row))

    @mutation("Approves a promotion request as things stand. For people other than its requester and the version's.")
    async def promotion_request_approve(
        self, info: Info, input: Annotated[PromotionRequestApproveInput, INPUT]
    ) -> PromotionRequestApprovePayload:
        context, (project, request_id) = info.context, _key(input.id)
        clients, command = context.runtime.gate_clients, Approve(input.comment, input.digest)
        done = await approve.approve(context.db, clients, context.actor, project, request_id, command)
        promotion = Promotion.of(done.promotion) if done.promotion else None
        return PromotionRequestApprovePayload(promotion_request=PromotionRequest.of(done.request), promotion=promotion)

    @mutation("Ends a promotion request with a reason. For those who may approve.")
    async def promotion_request_reject(
        self, info: Info, input: Annotated[PromotionRequestRejectInput, INPUT]
    ) -> PromotionRequestRejectPayload:
        row = await requests.reject(info.context.db, info.context.actor, *_key(input.id), input.reason)
        return PromotionRequestRejectPayload(promotion_request=PromotionRequest.of(row))

    @mutation("Takes a promotion request back. For its requester, and maintainers.")
    async def promotion_request_withdraw(
        self, info: Info, input: Annotated[PromotionRequestWithdrawInput, INPUT]
    ) -> PromotionRequestWithdrawPayload:
        row = await requests.withdraw(info.context.db, info.context.actor, *_key(input.id), input.reason)
        return PromotionRequestWithdrawPayload(promotion_request=PromotionRequest.of(row))


def _key(id: str, field: str = "id") -> tuple[int, int]:
    """Project and id of a promotion request.

    Raises:
        NotFound: the id means no request.
    """
    key = ids.pair(id, "PromotionRequest")
    if key is None:
        raise ids.missing("promotion request", id, field)
    return key
