"""What happens to a promotion request: kept for ever, and told to webhooks."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import insert

from app.access.policy import Actor
from app.db.database import Tx
from app.lifecycle.promotions import announce
from app.lifecycle.promotions.tables import PromotionRequest, PromotionRequestEvent


class EventKind(StrEnum):
    """What happened."""

    OPENED = "opened"
    COMMENTED = "commented"
    APPROVED = "approved"
    APPROVAL_FELL = "approval_fell"
    REFUSED = "refused"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    PROMOTED = "promoted"


async def note(
    tx: Tx,
    request: PromotionRequest,
    model: str,
    kind: EventKind,
    actor: Actor | None,
    body: str = "",
    *,
    promotion_id: int | None = None,
) -> None:
    """Step: note what an actor did to a request; None: what happened by itself. ``model`` is the name of the model."""
    username = actor.username if actor else ""
    await tx.execute(
        insert(PromotionRequestEvent).values(
            project_id=request.project_id,
            request_id=request.id,
            kind=kind.value,
            user_id=actor.user_id if actor else None,
            username=username,
            body=body,
            promotion_id=promotion_id,
        )
    )
    await announce.request(tx, model, request, kind.value, username, body)
