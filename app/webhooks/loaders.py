"""Webhooks and deliveries of many parents at once: statements do not grow with the parents. For maintainers.

Keys begin with the project; results come in their order, and a key that may not be read has its refusal as the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import select

from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database
from app.pagination import Keyset, Page, Window
from app.webhooks import webhooks
from app.webhooks.tables import Webhook, WebhookDelivery

WebhookKey: TypeAlias = tuple[int, UUID]
_LISTS = GuardedReads(Permission.WEBHOOK_MANAGE)
_OF_WEBHOOK = (WebhookDelivery.project_id, WebhookDelivery.webhook_id)
_ORDER: Keyset[WebhookDelivery] = Keyset(
    "deliveries",
    (WebhookDelivery.created_at, WebhookDelivery.id),
    lambda row: (row.created_at, row.id),
    descending=True,
)


async def webhooks_by_keys(db: Database, actor: Actor, keys: Sequence[WebhookKey]) -> Results[Webhook | None]:
    """Webhooks by id; None where there is none."""
    return await _LISTS.singles(db, actor, keys, statement=select(Webhook), parent=(Webhook.project_id, Webhook.id))


async def deliveries_by_keys(db: Database, actor: Actor, keys: Sequence[WebhookKey]) -> Results[WebhookDelivery | None]:
    """Deliveries by id; None where there is none."""
    parent = (WebhookDelivery.project_id, WebhookDelivery.id)
    return await _LISTS.singles(db, actor, keys, statement=select(WebhookDelivery), parent=parent)


async def of_webhooks(
    db: Database, actor: Actor, keys: Sequence[WebhookKey], window: Window
) -> Results[Page[WebhookDelivery]]:
    """The log of each webhook, newest first; for maintainers."""
    return await _LISTS.pages(
        db, actor, keys, window, statement=select(WebhookDelivery), order=_ORDER, row=WebhookDelivery,
        parent=_OF_WEBHOOK,
    )  # fmt: skip


async def of_projects(db: Database, actor: Actor, keys: Sequence[tuple[int]], window: Window) -> Results[Page[Webhook]]:
    """The webhooks of each project, newest first; for maintainers."""
    return await _LISTS.pages(
        db, actor, keys, window, statement=select(Webhook), order=webhooks.ORDER, row=Webhook,
        parent=(Webhook.project_id,),
    )  # fmt: skip
