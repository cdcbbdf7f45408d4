"""Deliveries that are repeated or given up."""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy import func, insert, select

from app.access.policy import Actor
from app.db.database import Database
from app.errors import NotFound
from app.queue import outbox
from app.webhooks import webhooks
from app.webhooks.background_jobs import DeliverWebhook
from app.webhooks.tables import WebhookDelivery

__all__ = ["WebhookDelivery"]


class DeliveryNotFound(NotFound):
    """There is no such delivery, or it may not be seen."""


async def replay(db: Database, actor: Actor, project: int | str, delivery_id: UUID) -> WebhookDelivery:
    """Send the same event to the same webhook again, as a delivery of its own with an id of its own.

    Raises:
        DeliveryNotFound: the project has none of that id.
        Forbidden: the actor is not at least maintainer.
    """
    async with db.write() as tx:
        access = await webhooks.manageable(tx, actor, project)
        mine = (WebhookDelivery.project_id == access.id, WebhookDelivery.id == delivery_id)
        original = await tx.scalar(select(WebhookDelivery).where(*mine))
        if original is None:
            raise DeliveryNotFound(f"There is no delivery {delivery_id} in this project, or you may not see it.")
        values = {
            "project_id": access.id, "id": uuid4(), "webhook_id": original.webhook_id, "event": original.event,
            "data": original.data, "occurred_at": original.occurred_at, "replay_of": original.id,
            "next_attempt_at": func.now(),
        }  # fmt: skip
        replayed = (await tx.scalars(insert(WebhookDelivery).values(**values).returning(WebhookDelivery))).one()
        job = DeliverWebhook(access.id, replayed.id)
        await outbox.enqueue(tx, job, project_id=access.id, requested_by=actor.user_id)
    return replayed
