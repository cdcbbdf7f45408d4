"""``promotionCheck``: what a promotion would come to."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.context import Info
from app.graphql.lifecycle.verdicts import GateVerdict
from app.graphql.registry.lookups import ModelVersionLookup
from app.graphql.registry.types import ModelVersion
from app.graphql.types.fields import resolved
from app.graphql.types.scalars import Long
from app.lifecycle.promotions import checks

Version = Annotated[ModelVersionLookup, strawberry.argument(description="The model version.")]
IntoStage = Annotated[str, strawberry.argument(description="The stage that it would enter.")]
Expected = Annotated[
    Long | None,
    strawberry.argument(description="The number of the version that the stage is expected to stand for; 0: for none."),
]


@strawberry.type(description="What a promotion would come to now; nothing was done.")
class PromotionCheck:
    allows_promotion: bool = strawberry.field(description="Whether every rule that keeps versions out is met.")
    verdicts: list[GateVerdict] = strawberry.field(
        description="Every rule with its verdict: whether you may, those that hold for all promotions, then the gates."
    )
    digest: str = strawberry.field(
        description="Stands for all that was looked at, for `promotionRequestApprove`: files, metrics and evaluations, "
        "the gates, and what the stage stands for."
    )
    stage: str = strawberry.field(description="The stage, as the project calls it.")
    replaced_version: str | None = strawberry.field(description="What the stage stands for now; null: no version.")
    model_version: ModelVersion = strawberry.field(description="The version.")


@strawberry.type
class PromotionsQuery:
    @resolved("What a promotion would come to: every rule with its verdict, the figures, and where they came from.")
    async def promotion_check(
        self, info: Info, model_version: Version, stage: IntoStage, expected_current: Expected = None
    ) -> PromotionCheck | None:
        context, (project, target) = info.context, model_version.key()
        done = await checks.check_promotion(
            context.db,
            context.runtime.gate_clients,
            context.actor,
            project,
            target,
            stage,
            expected_current=expected_current,
        )
        return PromotionCheck(
            allows_promotion=done.would_pass,
            verdicts=[GateVerdict.of(verdict) for verdict in done.verdicts],
            digest=done.digest,
            stage=done.subject.stage.name,
            replaced_version=done.holder_version or None,
            model_version=ModelVersion.of(done.subject.version),
        )
