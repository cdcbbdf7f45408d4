"""The attempts of a delivery, the waits between them, and the last entry of its log."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, select, update

from app.db.database import Database
from app.queue import outbox
from app.webhooks import events
from app.webhooks.background_jobs import DeliverWebhook
from app.webhooks.client import WebhookClient
from app.webhooks.signed_post import Attempt
from app.webhooks.tables import PENDING, Webhook, WebhookDelivery

WAITS_SECONDS = (5, 30, 300, 1_800, 7_200)
"""Before the second attempt, the third, and so on; after the last one the delivery has failed."""
MAX_ATTEMPTS = len(WAITS_SECONDS) + 1
MAX_WAIT_SECONDS = 7_200
"""The most that a receiver's ``Retry-After`` is obeyed."""
KEEP = timedelta(days=30)
_BATCH = 1_000


async def deliver(db: Database, client: WebhookClient, project_id: int, delivery_id: UUID) -> None:
    """Make one attempt, record its outcome, and enqueue the next one where that may help.

    Two at once, or one that is repeated after a crash, may send the same delivery twice; the first outcome that is
    recorded counts.
    """
    same = and_(Webhook.project_id == WebhookDelivery.project_id, Webhook.id == WebhookDelivery.webhook_id)
    statement = select(WebhookDelivery, Webhook).join(Webhook, same)
    mine = (WebhookDelivery.project_id == project_id, WebhookDelivery.id == delivery_id)
    async with db.read() as snap:
        row = (await snap.execute(statement.where(*mine, WebhookDelivery.state == PENDING))).one_or_none()
    if row is None:
        return
    delivery, webhook = row
    if webhook.status != "active":
        attempt = Attempt(error="The webhook is disabled.")
    else:
        body = events.body(delivery.event, delivery.occurred_at, delivery.data)
        attempt = await client.send(webhook, delivery.id, body)
    await _record(db, delivery, attempt)


async def remove_old(db: Database) -> int:
    """Remove deliveries from the log after 30 days, some at a time; the number of them."""
    old = select(WebhookDelivery.project_id, WebhookDelivery.id).where(
        WebhookDelivery.created_at < func.now() - KEEP, WebhookDelivery.state != PENDING
    )
    batch = old.limit(_BATCH).with_for_update(skip_locked=True).cte("batch")
    statement = (
        delete(WebhookDelivery)
        .where(WebhookDelivery.project_id == batch.c.project_id, WebhookDelivery.id == batch.c.id)
        .returning(WebhookDelivery.id)
    )
    async with db.write() as tx:
        return len((await tx.scalars(statement)).all())


async def _record(db: Database, delivery: WebhookDelivery, attempt: Attempt) -> None:
    attempts = delivery.attempts + 1
    wait = _wait(attempts, attempt)
    values: dict[str, Any] = {
        "attempts": attempts,
        "response_status": attempt.status,
        "response_body": attempt.body or None,
        "last_error": attempt.error,
        "state": "pending" if wait is not None else "delivered" if attempt.succeeded else "failed",
        "next_attempt_at": func.now() + wait if wait is not None else None,
        "finished_at": None if wait is not None else func.now(),
    }
    statement = (
        update(WebhookDelivery)
        .where(
            WebhookDelivery.project_id == delivery.project_id,
            WebhookDelivery.id == delivery.id,
            WebhookDelivery.state == PENDING,
            WebhookDelivery.attempts == delivery.attempts,
        )
        .values(**values)
        .returning(WebhookDelivery.id)
    )
    async with db.write() as tx:
        if await tx.scalar(statement) is not None and wait is not None:
            job = DeliverWebhook(delivery.project_id, delivery.id)
            await outbox.enqueue_later(tx, job, wait, project_id=delivery.project_id)


def _wait(attempts: int, attempt: Attempt) -> timedelta | None:
    """How long until the next attempt; None: there is none."""
    if attempt.succeeded or not attempt.may_retry or attempts >= MAX_ATTEMPTS:
        return None
    seconds = WAITS_SECONDS[attempts - 1] * (0.8 + 0.4 * secrets.randbelow(1_000) / 1_000)
    return timedelta(seconds=max(seconds, min(attempt.retry_after or 0.0, MAX_WAIT_SECONDS)))
