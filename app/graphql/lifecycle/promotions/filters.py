"""Arguments that choose among promotion requests."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import strawberry

from app.graphql.types.fields import value


@strawberry.enum(description="Whether a promotion request is open, or how it ended.")
class PromotionRequestStatus(Enum):
    OPEN = value("open", "It waits for approvals, or for the promotion.")
    PROMOTED = value("promoted", "The version entered the stage.")
    REJECTED = value("rejected", "It was rejected.")
    WITHDRAWN = value("withdrawn", "It was taken back, or what it is about is gone.")
    EXPIRED = value("expired", "Its time was over.")


InRequestStatus = Annotated[
    PromotionRequestStatus | None, strawberry.argument(description="Only those of this status; all when left out.")
]
ForStage = Annotated[
    str | None, strawberry.argument(description="Only those for the stage of this name; all when left out.")
]
