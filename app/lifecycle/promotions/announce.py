"""Webhook events of promotions and of requests for them, each in the transaction of what it tells of."""

from __future__ import annotations

from typing import Any

from app.db.database import Tx
from app.ids import GlobalId
from app.lifecycle.promotions.tables import Promotion, PromotionRequest
from app.lifecycle.promotions.verdicts import RuleVerdict, refusing
from app.registry.models import Model
from app.webhooks import events
from app.webhooks.events import Event

_TOLD = frozenset({"opened", "approved", "approval_fell", "rejected", "withdrawn", "expired"})
"""What happens to a request and has an event of its own: comments have none, and a promotion has its own."""


async def promotion(tx: Tx, model: Model, promotion: Promotion) -> None:
    """Step: ``promotion.completed`` or ``promotion.refused``, with the rules that failed."""
    failed = refusing(RuleVerdict.of_json(verdict) for verdict in promotion.verdicts)
    data = {
        **_version(model.name, promotion),
        "id": str(GlobalId.of("Promotion", promotion.project_id, promotion.id)),
        "from_stage": promotion.left_stage,
        "holder": promotion.holder_version,
        "actor": promotion.promoted_by_name,
        "reason": promotion.reason or None,
        "is_bypass": bool(promotion.bypass_reason),
        "bypass_reason": promotion.bypass_reason or None,
        "failed_rules": [{"name": one.name, "title": one.title, "message": one.message} for one in failed],
    }
    await events.record(tx, promotion.project_id, [Event(f"promotion.{promotion.state}", data)])


async def request(tx: Tx, model: str, request: PromotionRequest, kind: str, username: str, body: str) -> None:
    """Step: ``promotion_request.<kind>``, if receivers are told of it."""
    if kind not in _TOLD:
        return
    data = {
        **_version(model, request),
        "id": str(GlobalId.of("PromotionRequest", request.project_id, request.id)),
        "requested_by": request.requested_by_name,
        "actor": username,
        "reason": body or None,
    }
    await events.record(tx, request.project_id, [Event(f"promotion_request.{kind}", data)])


def _version(model: str, row: Promotion | PromotionRequest) -> dict[str, Any]:
    return {
        "name": model,
        "version": str(row.number),
        "number": row.number,
        "semver": row.version,
        "model_version_id": str(GlobalId.of("ModelVersion", row.project_id, row.version_id)),
        "stage": row.stage,
    }
