"""Inputs of the mutations of promotions and of requests for them."""

from __future__ import annotations

import strawberry

from app.graphql.registry.lookups import ModelVersionLookup
from app.graphql.types.fields import optional
from app.graphql.types.scalars import Long

_ID = "The id of the promotion request."


@strawberry.input(description="Input of `modelVersionPromote`.")
class ModelVersionPromoteInput:
    model_version: ModelVersionLookup = strawberry.field(description="The model version.")
    stage: str = strawberry.field(description="The stage that it is to enter.")
    reason: str = optional("Why, for the history; at most 2,000 characters.", default="")
    expected_current: Long | None = optional(
        "Promote only if the stage stands for the version of this number now; 0: for none. When left out, for the same "
        "one as when the call began."
    )
    keep_others: bool = optional("Whether versions that are in the stage stay there, too.", default=False)
    promotion_request_id: strawberry.ID | None = optional(
        "The request whose approvals count; the open one for this version and stage when left out."
    )
    bypass_reason: str | None = optional(
        "Bypasses gates and approvals, with a reason that is kept for ever. For maintainers; what is wrong with the "
        "version itself cannot be bypassed."
    )


@strawberry.input(description="Input of `promotionRequestCreate`.")
class PromotionRequestCreateInput:
    model_version: ModelVersionLookup = strawberry.field(description="The model version.")
    stage: str = strawberry.field(description="The stage that it is to enter.")
    reason: str = optional("Why, for those who approve: Markdown, at most 10,000 characters.", default="")
    is_automatic: bool = optional(
        "Whether the last approval that is needed promotes, with the rights of who gives it.", default=False
    )
    keep_others: bool = optional("Whether versions that are in the stage stay there, too.", default=False)


@strawberry.input(description="Input of `promotionRequestComment`.")
class PromotionRequestCommentInput:
    id: strawberry.ID = strawberry.field(description=_ID)
    body: str = strawberry.field(description="What is to be said: Markdown, 1 to 10,000 characters.")


@strawberry.input(description="Input of `promotionRequestApprove`.")
class PromotionRequestApproveInput:
    id: strawberry.ID = strawberry.field(description=_ID)
    comment: str = optional("What is to be said with it: Markdown, at most 10,000 characters.", default="")
    digest: str | None = optional(
        "The `digest` of the `promotionCheck` that you have looked at: refused if anything has changed since."
    )


@strawberry.input(description="Input of `promotionRequestReject`.")
class PromotionRequestRejectInput:
    id: strawberry.ID = strawberry.field(description=_ID)
    reason: str = strawberry.field(description="Why: Markdown, 1 to 10,000 characters.")


@strawberry.input(description="Input of `promotionRequestWithdraw`.")
class PromotionRequestWithdrawInput:
    id: strawberry.ID = strawberry.field(description=_ID)
    reason: str = optional("Why: Markdown, at most 10,000 characters.", default="")
