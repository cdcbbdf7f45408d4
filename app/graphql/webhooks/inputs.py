"""What the mutations of this area are told."""

from __future__ import annotations

import strawberry

from app.graphql.access.lookups import ProjectLookup
from app.graphql.types.fields import optional
from app.graphql.webhooks.types import WebhookStatus


@strawberry.input(description="Input of `webhookCreate`.")
class WebhookCreateInput:
    project: ProjectLookup = strawberry.field(description="The project that it shall tell of.")
    name: str = strawberry.field(description="What it is for: 1 to 63 letters, digits, dots, underscores and hyphens.")
    url: str = strawberry.field(description="Where it goes: https, to a global address.")
    events: list[str] = strawberry.field(description="What it is told of, e.g. `model_version.created`; at least one.")
    description: str = optional("For people to read, at most 1,000 characters.", default="")
    secret: str | None = optional("Signs what is sent. It is never shown again.")
    status: WebhookStatus = optional("Whether it is told of events.", default=WebhookStatus.ACTIVE)


@strawberry.input(description="Input of `webhookUpdate`; what is left out stays.")
class WebhookUpdateInput:
    id: strawberry.ID = strawberry.field(description="The id of the webhook.")
    name: str | None = optional("What it is for.")
    url: str | None = optional("Where it goes.")
    events: list[str] | None = optional("What it is told of, instead of what it was told of before.")
    description: str | None = optional("For people to read.")
    secret: str | None = optional("A new secret; an empty one takes it away.")
    status: WebhookStatus | None = optional("Whether it is told of events.")


@strawberry.input(description="Input of `webhookDelete`; the log of the webhook is deleted with it.")
class WebhookDeleteInput:
    id: strawberry.ID = strawberry.field(description="The id of the webhook.")


@strawberry.input(description="Input of `webhookTest`.")
class WebhookTestInput:
    id: strawberry.ID = strawberry.field(description="The id of the webhook.")
    event: str | None = optional("The event whose example is sent; the webhook's first when left out.")


@strawberry.input(description="Input of `webhookDeliveryReplay`.")
class WebhookDeliveryReplayInput:
    id: strawberry.ID = strawberry.field(description="The id of the delivery.")
