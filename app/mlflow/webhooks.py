"""Calls about webhooks (MLflow REST: webhooks)."""

from __future__ import annotations

from uuid import UUID

from app.mlflow.protocol import shapes
from app.mlflow.protocol.call import Answer, Call
from app.mlflow.protocol.message import Message, missing
from app.webhooks import webhooks
from app.webhooks.webhooks import MAX_PAGE, Attempt, CreateWebhook, EditWebhook, Webhook, WebhookNotFound

_STATUSES = {"ACTIVE": 1, "DISABLED": 2}
_STATUS_OF = {1: "active", 2: "disabled"}
_BEYOND_MLFLOW = frozenset({
    "model_version.updated", "model_version.deleted", "model_version.stage_changed", "model_version.files_ready",
    "model_version.failed", "model_version.quarantined", "candidate.finished", "token.expiring",
    "stage.created", "stage.updated", "stage.retired", "protection.set", "protection.deleted",
})  # fmt: skip
"""Events that its clients do not know, and refuse to read."""
_ENTITIES = (
    "REGISTERED_MODEL", "MODEL_VERSION", "MODEL_VERSION_TAG", "MODEL_VERSION_ALIAS", "PROMPT", "PROMPT_VERSION",
    "PROMPT_TAG", "PROMPT_VERSION_TAG", "PROMPT_ALIAS", "BUDGET_POLICY",
)  # fmt: skip
_ACTIONS = ("CREATED", "UPDATED", "DELETED", "SET", "EXCEEDED")
_ENTITY_NUMBERS = {name: number for number, name in enumerate(_ENTITIES, 1)}
_ACTION_NUMBERS = {name: number for number, name in enumerate(_ACTIONS, 1)}


async def create(call: Call) -> Answer:
    """Make a webhook; only those who manage the project may."""
    message = call.message
    command = CreateWebhook(
        name=message.required("name"),
        url=message.required("url"),
        events=_events(message) or _none(),
        description=message.text("description"),
        secret=message.text("secret") or None,
        status=_status(message) or "active",
    )
    made = await webhooks.create(call.db, call.actor, call.runtime.webhook_client, call.project, command)
    return {"webhook": _shape(made)}


async def get(call: Call) -> Answer:
    """A webhook by its id, without its secret."""
    return {"webhook": _shape(await webhooks.get(call.db, call.actor, call.project, await _id(call)))}


async def search(call: Call) -> Answer:
    """A page of webhooks of the project; 100 unless the client wants fewer or more."""
    limit = call.message.page_size(default=100, limit=MAX_PAGE, rule=f"max_results must be between 1 and {MAX_PAGE}.")
    token = call.message.text("page_token") or None
    rows, following = await webhooks.search(call.db, call.actor, call.project, limit=limit, page_token=token)
    return shapes.page("webhooks", [_shape(row) for row in rows], following)


async def update(call: Call) -> Answer:
    """Change a webhook; fields that were not sent stay."""
    message = call.message
    command = EditWebhook(
        name=message.text("name") or None,
        url=message.text("url") or None,
        events=_events(message) or None,
        description=message.optional_text("description"),
        secret=message.optional_text("secret"),
        status=_status(message),
    )
    changed = await webhooks.edit(
        call.db, call.actor, call.runtime.webhook_client, call.project, await _id(call), command
    )
    return {"webhook": _shape(changed)}


async def delete(call: Call) -> Answer:
    """Delete a webhook; deliveries that wait are dropped."""
    await webhooks.delete(call.db, call.actor, call.project, await _id(call))
    return {}


async def test(call: Call) -> Answer:
    """Send a made-up event to the receiver and tell how it answered."""
    event = _event(call.message.item("event")) if call.message.has("event") else None
    runtime, key = call.runtime, await _id(call)
    return {
        "result": _result(await webhooks.test(call.db, call.actor, runtime.webhook_client, call.project, key, event))
    }


async def _id(call: Call) -> UUID:
    text = call.part("id")
    try:
        return UUID(text)
    except ValueError:
        await webhooks.require_manager(call.db, call.actor, call.project)
        raise WebhookNotFound(text) from None


def _none() -> list[str]:
    raise missing("events")


def _events(message: Message) -> list[str]:
    return [_event(one) for one in message.items("events")]


def _event(message: Message) -> str:
    entity, action = message.choice("entity", _ENTITY_NUMBERS), message.choice("action", _ACTION_NUMBERS)
    if entity is None or action is None:
        raise missing(message.path + ("entity" if entity is None else "action"))
    return f"{_ENTITIES[entity - 1]}.{_ACTIONS[action - 1]}".lower()


def _status(message: Message) -> str | None:
    number = message.choice("status", _STATUSES)
    return None if number is None else _STATUS_OF[number]


def _shape(row: Webhook) -> shapes.Json:
    shape: shapes.Json = {
        "webhook_id": str(row.id),
        "name": row.name,
        "url": row.url,
        "events": [
            dict(zip(("entity", "action"), name.upper().split("."), strict=True))
            for name in row.events
            if name not in _BEYOND_MLFLOW
        ],
        "status": row.status.upper(),
        "creation_timestamp": shapes.milliseconds(row.created_at),
        "last_updated_timestamp": shapes.milliseconds(row.updated_at),
    }
    if row.description:
        shape["description"] = row.description
    return shape


def _result(attempt: Attempt) -> shapes.Json:
    answered = {} if attempt.status is None else {"response_status": attempt.status, "response_body": attempt.body}
    failed = {} if attempt.error is None else {"error_message": attempt.error}
    return {"success": attempt.succeeded, **answered, **failed}
