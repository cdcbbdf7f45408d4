"""Inputs of the mutations of webhooks."""

from __future__ import annotations

import strawberry

from app.graphql.access.lookups import ProjectLookup
from app.graphql.types.fields import optional
from app.graphql.webhooks.types import WebhookStatus


@strawberry.input(description="Input of `webhookCreate`.")
class WebhookCreateInput:
    project: ProjectLookup = strawberry.field(description="The project whose events it gets.")
    name: str = strawberry.field(description="What it is for: 1 to 63 letters, digits, dots, underscores and hyphens.")
    url: str = strawberry.field(description="Its URL: https, to a global address.")
    events: list[str] = strawberry.field(description="Its events, e.g. `model_version.created`; at least one.")
    description: str = optional("For people to read, at most 1,000 characters.", default="")
    secret: str | None = optional("Signs what is sent. It is never shown again.")
    status: WebhookStatus = optional("Whether it gets events.", default=WebhookStatus.ACTIVE)


@strawberry.input(description="Input of `webhookUpdate`; what is left out stays.")
class WebhookUpdateInput:
    id: strawberry.ID = strawberry.field(description="The id of the webhook.")
    name: str | None = optional("What it is for.")
    url: str | None = optional("Its URL.")
    events: list[str] | None = optional("The events that it gets, instead of the former ones.")
    description: str | None = optional("For people to read.")
    secret: str | None = optional("A new secret; an empty one takes it away.")
    status: WebhookStatus | None = optional("Whether it gets events.")


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
