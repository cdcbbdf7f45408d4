"""Webhooks and their deliveries as the client sees them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from app.access.policy import Permission
from app.graphql.access.types import User, named_user
from app.graphql.context import Info
from app.graphql.types import ids
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import resolved, value
from app.graphql.types.node import Node
from app.webhooks import deliveries, events, webhooks


@strawberry.enum(description="Whether a webhook gets events.")
class WebhookStatus(Enum):
    ACTIVE = value("active", "It gets events.")
    DISABLED = value("disabled", "It gets none; deliveries that are pending fail.")


@strawberry.enum(description="The status of a delivery.")
class WebhookDeliveryStatus(Enum):
    PENDING = value("pending", "It waits for its next attempt.")
    DELIVERED = value("delivered", "The receiver accepted it.")
    FAILED = value("failed", "It was refused, or given up after its last attempt.")


@strawberry.type(description="One event for one webhook, and its outcome; kept for 30 days.")
class WebhookDelivery(Node):
    row: strawberry.Private[deliveries.WebhookDelivery]
    uuid: str = strawberry.field(description="The header `X-MLflow-Delivery-Id` of the request.")
    event: str = strawberry.field(description="`entity.action`, e.g. `model_version.created`.")
    payload: str = strawberry.field(description="The body as it is sent, JSON.")
    status: WebhookDeliveryStatus = strawberry.field(description="Its status.")
    attempt_count: int = strawberry.field(description="How often it was sent.")
    response_status: int | None = strawberry.field(
        description="The HTTP status of the last answer; null: there was none."
    )
    response_body: str | None = strawberry.field(description="The beginning of the last answer, at most 4 KiB.")
    status_reason: str | None = strawberry.field(description="Why the last attempt failed.")
    created_at: datetime = strawberry.field(description="When it was queued.")
    next_attempt_at: datetime | None = strawberry.field(description="When it is sent next; null: never again.")
    finished_at: datetime | None = strawberry.field(description="When it was delivered or given up.")

    @classmethod
    def of(cls, row: deliveries.WebhookDelivery) -> WebhookDelivery:
        return cls(
            id=ids.of("WebhookDelivery", row.project_id, row.id),
            row=row,
            uuid=str(row.id),
            event=row.event,
            payload=events.body(row.event, row.occurred_at, row.data).decode(),
            status=WebhookDeliveryStatus(row.state),
            attempt_count=row.attempts,
            response_status=row.response_status,
            response_body=row.response_body,
            status_reason=row.last_error,
            created_at=row.created_at,
            next_attempt_at=row.next_attempt_at,
            finished_at=row.finished_at,
        )

    @resolved("The webhook that it goes to.")
    async def webhook(self, info: Info) -> Webhook | None:
        return await webhook_by_key(info, self.row.project_id, self.row.webhook_id)

    @resolved("The delivery that this one repeats.")
    async def replay_of(self, info: Info) -> WebhookDelivery | None:
        original = self.row.replay_of
        return await delivery_by_key(info, self.row.project_id, original) if original else None


@strawberry.type(description="An address that gets the events of a project's registry. For maintainers.")
class Webhook(Node):
    row: strawberry.Private[webhooks.Webhook]
    uuid: str = strawberry.field(description="Its id in MLflow's API.")
    name: str = strawberry.field(description="What it is for; need not be unique.")
    url: str = strawberry.field(description="Its URL.")
    description: str = strawberry.field(description="For people to read.")
    events: list[str] = strawberry.field(description="The events that it gets, each `entity.action`.")
    status: WebhookStatus = strawberry.field(description="Whether it gets events.")
    has_secret: bool = strawberry.field(description="Whether deliveries are signed. The secret is never shown.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    @classmethod
    def of(cls, row: webhooks.Webhook) -> Webhook:
        return cls(
            id=ids.of("Webhook", row.project_id, row.id),
            row=row,
            uuid=str(row.id),
            name=row.name,
            url=row.url,
            description=row.description,
            events=row.events,
            status=WebhookStatus(row.status),
            has_secret=row.sealed_secret is not None,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @resolved("Who made it.")
    async def created_by(self, info: Info) -> User | None:
        return await named_user(info, self.row.created_by)

    @resolved("The project whose events it gets.")
    async def project(self, info: Info) -> groups_and_projects.Project | None:
        return await groups_and_projects.project_by_id(info, self.row.project_id)

    @resolved("Whether you may change, try and delete it, and replay what was sent.")
    async def viewer_can_update(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.WEBHOOK_MANAGE)

    @resolved("Its deliveries, newest first.")
    async def deliveries(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[WebhookDelivery]:
        key = (self.row.project_id, self.row.id)
        page = await info.context.loaders.webhooks.deliveries.load((key, window(first, after, last, before)))
        return connection(page, WebhookDelivery.of)


async def webhooks_of(
    info: Info, project_id: int, first: int | None, after: str | None, last: int | None, before: str | None
) -> Connection[Webhook]:
    """A page of a project's webhooks, by the request's loader."""
    request = ((project_id,), window(first, after, last, before))
    return connection(await info.context.loaders.webhooks.of_projects.load(request), Webhook.of)


async def delivery_by_key(info: Info, project_id: int, delivery_id: UUID) -> WebhookDelivery | None:
    """The delivery of that key, by the request's loader; None when the viewer does not manage the webhooks."""
    if not await groups_and_projects.may(info, project_id, Permission.WEBHOOK_MANAGE):
        return None
    row = await info.context.loaders.webhooks.deliveries_by_keys.load((project_id, delivery_id))
    return WebhookDelivery.of(row) if row else None


async def webhook_by_key(info: Info, project_id: int, webhook_id: UUID) -> Webhook | None:
    """The webhook of that key, by the request's loader; None when the viewer does not manage the project's webhooks."""
    if not await groups_and_projects.may(info, project_id, Permission.WEBHOOK_MANAGE):
        return None
    row = await info.context.loaders.webhooks.webhooks.load((project_id, webhook_id))
    return Webhook.of(row) if row else None


from app.graphql.access import groups_and_projects  # noqa: E402 - types of these modules refer to each other
