"""Webhooks of a project: made, changed, tried and removed by its maintainers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete as delete_from
from sqlalchemy import func, insert, select, update

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.db.database import Database, Snapshot, Tx
from app.errors import Invalid, NotFound, TooLarge
from app.ids import uuid7
from app.pagination import Keyset
from app.search import keyset
from app.search.keyset import PageRequest, SortKey
from app.text import quoted
from app.webhooks import events
from app.webhooks.client import WebhookClient
from app.webhooks.signed_post import Attempt
from app.webhooks.tables import Webhook

__all__ = ["Attempt", "Webhook"]

MAX_PAGE = 1_000
MAX_DESCRIPTION = 1_000
MAX_SECRET = 1_000
MAX_WEBHOOKS = 100
"""Of one project: each event costs a row for every one of them."""
STATUSES = ("active", "disabled")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
ORDER: Keyset[Webhook] = Keyset(
    "webhooks", (Webhook.created_at, Webhook.id), lambda row: (row.created_at, row.id), descending=True
)
_SORT_KEYS = [
    SortKey(Webhook.created_at.expression, datetime, descending=True, nullable=False),
    SortKey(Webhook.id.expression, UUID, descending=True, nullable=False),
]


class WebhookNotFound(NotFound):
    """There is no such webhook, or it may not be seen."""

    def __init__(self, reference: object) -> None:
        super().__init__(f"Webhook with ID {str(reference)[:80]} not found.", field="id")


@dataclass(frozen=True, slots=True)
class CreateWebhook:
    name: str
    url: str
    events: Sequence[str]
    description: str = ""
    secret: str | None = None
    status: str = "active"


@dataclass(frozen=True, slots=True)
class EditWebhook:
    """Only what is not None changes; an empty secret takes the secret away."""

    name: str | None = None
    url: str | None = None
    events: Sequence[str] | None = None
    description: str | None = None
    secret: str | None = None
    status: str | None = None


async def create(
    db: Database, actor: Actor, client: WebhookClient, project: int | str, command: CreateWebhook
) -> Webhook:
    """Make a webhook.

    Raises:
        Forbidden: the actor is not at least maintainer.
        Invalid: a value is not acceptable, or the project has too many webhooks.
    """
    values = _checked(client, command)
    async with db.write() as tx:
        access = await manageable(tx, actor, project)
        mine = select(func.count()).where(Webhook.project_id == access.id).scalar_subquery()
        if (await tx.scalar(select(mine)) or 0) >= MAX_WEBHOOKS:
            raise Invalid(f"The project has {MAX_WEBHOOKS} webhooks already; delete one first.")
        values |= {"project_id": access.id, "id": uuid7(), "created_by": actor.user_id}
        values |= _sealed(client, access.id, values["id"], command.secret)
        return (await tx.scalars(insert(Webhook).values(**values).returning(Webhook))).one()


async def silence(tx: Tx, project_ids: Sequence[int]) -> None:
    """Step: nothing is sent any more; for projects that are being removed."""
    mine = (Webhook.project_id.in_(project_ids), Webhook.status == "active")
    await tx.execute(update(Webhook).where(*mine).values(status="disabled", updated_at=func.now()))


async def get(db: Database, actor: Actor, project: int | str, webhook_id: UUID) -> Webhook:
    """The webhook with that id.

    Raises:
        WebhookNotFound: the project has none.
        Forbidden: the actor is not at least maintainer.
    """
    async with db.read() as snap:
        access = await manageable(snap, actor, project)
        return await find(snap, access.id, webhook_id)


async def search(
    db: Database, actor: Actor, project: int | str, *, limit: int = 100, page_token: str | None = None
) -> tuple[list[Webhook], str | None]:
    """Webhooks of a project, newest first, and the token of the next page (None: this was the last).

    Raises:
        Forbidden: the actor is not at least maintainer.
        Invalid: the limit is not 1 to 1,000, or the token is not one of this list.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"A page has 1 to {MAX_PAGE} webhooks, not {limit}.", field="max_results")
    page = PageRequest(_SORT_KEYS, keyset.fingerprint("webhooks"), page_token, limit)
    async with db.read() as snap:
        access = await manageable(snap, actor, project)
        statement = select(Webhook).where(Webhook.project_id == access.id)
        rows = (await snap.execute(keyset.apply(statement, page))).all()
    return [row[0] for row in rows[:limit]], keyset.next_token(rows, page)


async def edit(
    db: Database,
    actor: Actor,
    client: WebhookClient,
    project: int | str,
    webhook_id: UUID,
    command: EditWebhook,
) -> Webhook:
    """Change a webhook.

    Raises:
        WebhookNotFound: the project has none of that id.
        Forbidden: the actor is not at least maintainer.
        Invalid: a value is not acceptable.
    """
    values = _checked(client, command)
    async with db.write() as tx:
        access = await manageable(tx, actor, project)
        values |= _sealed(client, access.id, webhook_id, command.secret)
        statement = (
            update(Webhook)
            .where(Webhook.project_id == access.id, Webhook.id == webhook_id)
            .values(**values, updated_at=func.now())
            .returning(Webhook)
        )
        changed = await tx.scalar(statement)
        if changed is None:
            raise WebhookNotFound(webhook_id)
    return changed


async def delete(db: Database, actor: Actor, project: int | str, webhook_id: UUID) -> None:
    """Remove a webhook with its log; what waits for delivery is not sent.

    Raises:
        WebhookNotFound: the project has none of that id.
        Forbidden: the actor is not at least maintainer.
    """
    async with db.write() as tx:
        access = await manageable(tx, actor, project)
        mine = (Webhook.project_id == access.id, Webhook.id == webhook_id)
        if await tx.scalar(delete_from(Webhook).where(*mine).returning(Webhook.id)) is None:
            raise WebhookNotFound(webhook_id)


async def test(
    db: Database, actor: Actor, client: WebhookClient, project: int | str, webhook_id: UUID, event: str | None
) -> Attempt:
    """Send an example of an event (the webhook's first when none is named) once, now; it is not logged.

    Raises:
        WebhookNotFound: the project has none of that id.
        Forbidden: the actor is not at least maintainer.
        Invalid: there is no such event.
    """
    if event is not None:
        events.check(event)
    webhook = await get(db, actor, project, webhook_id)
    name = event or webhook.events[0]
    return await client.send(webhook, uuid4(), events.body(name, datetime.now(UTC), events.EXAMPLES[name]))


async def require_manager(db: Database, actor: Actor, project: int | str) -> None:
    """Refuse callers that may not manage the project's webhooks, before anything else is said.

    Raises:
        ProjectNotFound, Forbidden: as every use case here does.
    """
    async with db.read() as snap:
        await manageable(snap, actor, project)


async def manageable(snap: Snapshot, actor: Actor, project: int | str) -> ProjectAccess:
    """Read step: the project, if the actor may manage its webhooks."""
    access = await projects.visible(snap, actor, project)
    policy.require(actor, access, Permission.WEBHOOK_MANAGE)
    return access


async def find(snap: Snapshot, project_id: int, webhook_id: UUID) -> Webhook:
    """Read step: a webhook of a project.

    Raises:
        WebhookNotFound: there is none.
    """
    mine = (Webhook.project_id == project_id, Webhook.id == webhook_id)
    webhook = await snap.scalar(select(Webhook).where(*mine))
    if webhook is None:
        raise WebhookNotFound(webhook_id)
    return webhook


def _checked(client: WebhookClient, command: CreateWebhook | EditWebhook) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if command.name is not None:
        values["name"] = _check_name(command.name)
    if command.url is not None:
        client.rules.check(command.url)
        values["url"] = command.url
    if command.events is not None:
        if not command.events:
            raise Invalid("Webhook events must be a non-empty list.", field="events")
        values["events"] = list(dict.fromkeys(events.check(name) for name in command.events))
    if command.description is not None:
        values["description"] = _limited(command.description, "description", MAX_DESCRIPTION)
    if command.status is not None:
        if command.status not in STATUSES:
            raise Invalid(f"{quoted(command.status)} is no status: active or disabled.", field="status")
        values["status"] = command.status
    if command.secret is not None:
        _limited(command.secret, "secret", MAX_SECRET)
    return values


def _sealed(client: WebhookClient, project_id: int, webhook_id: UUID, secret: str | None) -> dict[str, bytes | None]:
    if secret is None:
        return {}
    return {"sealed_secret": client.vault.seal(project_id, webhook_id, secret) if secret else None}


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"Webhook name {quoted(name)} is invalid. It has 1 to 63 letters, digits, dots (.), underscores (_) and "
            "hyphens (-), and a letter or digit at both ends.",
            field="name",
        )
    return name


def _limited(text: str, field: str, limit: int) -> str:
    if len(text) > limit:
        raise TooLarge(f"The {field} has {len(text)} characters; at most {limit} fit.", field=field)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid(f"The {field} holds a lone surrogate (half of a UTF-16 pair).", field=field) from None
    return text
