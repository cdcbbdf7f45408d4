"""The background job of webhooks."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, update

from app.db.database import Tx
from app.queue.jobs import Job, job
from app.webhooks.tables import PENDING, WebhookDelivery


@job("webhooks.deliver", concurrency=20, step_seconds=60)
class DeliverWebhook(Job):
    """Send one event to one webhook, once; an attempt that may be repeated promises the next one itself."""

    project_id: int
    delivery_id: UUID

    async def cancel(self, tx: Tx) -> None:
        """Step: a delivery that still waits has failed; nothing is sent any more."""
        mine = (WebhookDelivery.project_id == self.project_id, WebhookDelivery.id == self.delivery_id)
        values = {"state": "failed", "last_error": "It was cancelled.", "next_attempt_at": None}
        statement = update(WebhookDelivery).where(*mine, WebhookDelivery.state == PENDING)
        await tx.execute(statement.values(**values, finished_at=func.now()))
