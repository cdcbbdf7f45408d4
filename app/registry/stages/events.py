"""Webhook events of the stages of a project and of the rules for its names, each in the transaction of its change."""

from __future__ import annotations

from app.access.policy import Actor, Role
from app.db.database import Tx
from app.ids import GlobalId
from app.registry.stages.definitions import Stage
from app.registry.stages.tables import NameProtection
from app.webhooks import events
from app.webhooks.events import Event


async def stage_changed(tx: Tx, stage: Stage, action: str, actor: Actor) -> None:
    """Step: ``stage.created``, ``stage.updated`` or ``stage.retired``."""
    data = {
        "id": str(GlobalId.of("Stage", stage.project_id, stage.id)),
        "name": stage.name,
        "position": stage.position,
        "mlflow_name": stage.mlflow_name,
        "is_guarded": stage.is_guarded,
        "seals": stage.seals,
        "actor": actor.username,
    }
    await events.record(tx, stage.project_id, [Event(f"stage.{action}", data)])


async def rule_changed(tx: Tx, rule: NameProtection, action: str, actor: Actor) -> None:
    """Step: ``protection.set`` or ``protection.deleted``."""
    data = {
        "kind": rule.kind,
        "pattern": rule.pattern,
        "least_role": Role(rule.least_role).name.lower(),
        "movers": rule.movers,
        "approval_count": rule.approvals,
        "actor": actor.username,
    }
    await events.record(tx, rule.project_id, [Event(f"protection.{action}", data)])
