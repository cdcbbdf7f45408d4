"""Mutations of webhooks, and the replay of deliveries."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.types import ids
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.graphql.webhooks.inputs import (
    WebhookCreateInput,
    WebhookDeleteInput,
    WebhookDeliveryReplayInput,
    WebhookTestInput,
    WebhookUpdateInput,
)
from app.graphql.webhooks.types import Webhook, WebhookDelivery, WebhookDeliveryStatus
from app.webhooks import deliveries, webhooks
from app.webhooks.webhooks import Attempt, CreateWebhook, EditWebhook


@strawberry.type(description="Result of the test of a webhook.")
class WebhookTestResult:
    status: WebhookDeliveryStatus = strawberry.field(
        description="DELIVERED when the receiver answered with a status from 200 to 299, else FAILED."
    )
    response_status: int | None = strawberry.field(description="The HTTP status; null: there was no answer.")
    response_body: str | None = strawberry.field(description="The beginning of the answer, at most 4 KiB.")
    status_reason: str | None = strawberry.field(description="Why it failed.")

    @classmethod
    def of(cls, attempt: Attempt) -> WebhookTestResult:
        status = WebhookDeliveryStatus.DELIVERED if attempt.succeeded else WebhookDeliveryStatus.FAILED
        body = attempt.body if attempt.status is not None else None
        return cls(status=status, response_status=attempt.status, response_body=body, status_reason=attempt.error)


@strawberry.type(description="Payload of `webhookCreate`.")
class WebhookCreatePayload:
    webhook: Webhook | None = optional("The new webhook.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `webhookUpdate`.")
class WebhookUpdatePayload:
    webhook: Webhook | None = optional("The webhook as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `webhookDelete`.")
class WebhookDeletePayload:
    deleted_id: strawberry.ID | None = optional("The id of the webhook that is gone.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `webhookTest`.")
class WebhookTestPayload:
    result: WebhookTestResult | None = optional("The answer of the receiver.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `webhookDeliveryReplay`.")
class WebhookDeliveryReplayPayload:
    webhook_delivery: WebhookDelivery | None = optional("The new delivery of the same event.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class WebhooksMutation:
    @mutation("Makes a webhook. For maintainers.")
    async def webhook_create(self, info: Info, input: Annotated[WebhookCreateInput, INPUT]) -> WebhookCreatePayload:
        context, project = info.context, input.project.key()
        command = CreateWebhook(
            input.name, input.url, input.events, input.description, input.secret, input.status.value
        )
        made = await webhooks.create(context.db, context.actor, context.runtime.webhook_client, project, command)
        return WebhookCreatePayload(webhook=Webhook.of(made))

    @mutation("Changes a webhook. For maintainers.")
    async def webhook_update(self, info: Info, input: Annotated[WebhookUpdateInput, INPUT]) -> WebhookUpdatePayload:
        context, (project, key) = info.context, _key(input.id)
        status = input.status.value if input.status else None
        request = EditWebhook(input.name, input.url, input.events, input.description, input.secret, status)
        changed = await webhooks.edit(context.db, context.actor, context.runtime.webhook_client, project, key, request)
        return WebhookUpdatePayload(webhook=Webhook.of(changed))

    @mutation("Removes a webhook and its log; what still waits is not sent. For maintainers.")
    async def webhook_delete(self, info: Info, input: Annotated[WebhookDeleteInput, INPUT]) -> WebhookDeletePayload:
        project, key = _key(input.id)
        await webhooks.delete(info.context.db, info.context.actor, project, key)
        return WebhookDeletePayload(deleted_id=input.id)

    @mutation("Sends an example to a webhook at once and tells what it answered; nothing is logged. For maintainers.")
    async def webhook_test(self, info: Info, input: Annotated[WebhookTestInput, INPUT]) -> WebhookTestPayload:
        context, (project, key) = info.context, _key(input.id)
        webhook_client = context.runtime.webhook_client
        attempt = await webhooks.test(context.db, context.actor, webhook_client, project, key, input.event)
        return WebhookTestPayload(result=WebhookTestResult.of(attempt))

    @mutation("Sends an event to its webhook again, under a new delivery id. For maintainers.")
    async def webhook_delivery_replay(
        self, info: Info, input: Annotated[WebhookDeliveryReplayInput, INPUT]
    ) -> WebhookDeliveryReplayPayload:
        key = ids.in_project(input.id, "WebhookDelivery")
        if key is None:
            raise ids.missing("delivery", input.id, "id")
        made = await deliveries.replay(info.context.db, info.context.actor, *key)
        return WebhookDeliveryReplayPayload(webhook_delivery=WebhookDelivery.of(made))


def _key(id: str) -> tuple[int, UUID]:
    key = ids.in_project(id, "Webhook")
    if key is None:
        raise ids.missing("webhook", id, "id")
    return key
