"""Batches of webhooks and deliveries."""

from __future__ import annotations

from strawberry.dataloader import DataLoader

from app.access.lists import Answers
from app.access.policy import Actor
from app.db.database import Database
from app.graphql.batches import per_arguments
from app.pagination import Page, Window
from app.webhooks import pages
from app.webhooks.deliveries import WebhookDelivery
from app.webhooks.pages import WebhookKey
from app.webhooks.webhooks import Webhook


class WebhookLoaders:
    """What concerns webhooks; keys begin with the project."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        self.webhooks: DataLoader[WebhookKey, Webhook | None] = DataLoader(self._webhooks)
        self.of_projects: DataLoader[tuple[tuple[int], Window], Page[Webhook]] = per_arguments(self._of_projects)
        self.deliveries: DataLoader[tuple[WebhookKey, Window], Page[WebhookDelivery]] = per_arguments(self._deliveries)

    async def _webhooks(self, keys: list[WebhookKey]) -> Answers[Webhook | None]:
        return await pages.webhooks_by_keys(self._db, self._actor, keys)

    async def _of_projects(self, keys: list[tuple[int]], window: Window) -> Answers[Page[Webhook]]:
        return await pages.of_projects(self._db, self._actor, keys, window)

    async def _deliveries(self, keys: list[WebhookKey], window: Window) -> Answers[Page[WebhookDelivery]]:
        return await pages.of_webhooks(self._db, self._actor, keys, window)
