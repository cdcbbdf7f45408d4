"""Batches of webhooks and deliveries."""

from __future__ import annotations

from strawberry.dataloader import DataLoader

from app.access.policy import Actor
from app.access.reads.guarded import Results
from app.db.database import Database
from app.graphql.types.page_loaders import per_arguments
from app.pagination import Page, Window
from app.webhooks import loaders
from app.webhooks.deliveries import WebhookDelivery
from app.webhooks.loaders import WebhookKey
from app.webhooks.webhooks import Webhook


class WebhookLoaders:
    """What concerns webhooks; keys begin with the project."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        self.webhooks: DataLoader[WebhookKey, Webhook | None] = DataLoader(self._webhooks)
        self.deliveries_by_keys: DataLoader[WebhookKey, WebhookDelivery | None] = DataLoader(self._deliveries_by_keys)
        self.of_projects: DataLoader[tuple[tuple[int], Window], Page[Webhook]] = per_arguments(self._of_projects)
        self.deliveries: DataLoader[tuple[WebhookKey, Window], Page[WebhookDelivery]] = per_arguments(self._deliveries)

    async def _webhooks(self, keys: list[WebhookKey]) -> Results[Webhook | None]:
        return await loaders.webhooks_by_keys(self._db, self._actor, keys)

    async def _deliveries_by_keys(self, keys: list[WebhookKey]) -> Results[WebhookDelivery | None]:
        return await loaders.deliveries_by_keys(self._db, self._actor, keys)

    async def _of_projects(self, keys: list[tuple[int]], window: Window) -> Results[Page[Webhook]]:
        return await loaders.of_projects(self._db, self._actor, keys, window)

    async def _deliveries(self, keys: list[WebhookKey], window: Window) -> Results[Page[WebhookDelivery]]:
        return await loaders.of_webhooks(self._db, self._actor, keys, window)
