"""Tells projects of their tokens that end soon, by webhook and in the access log."""

from __future__ import annotations

from datetime import timedelta

from app.access.token_rules import reminders
from app.db.database import Database
from app.ids import GlobalId
from app.webhooks import events
from app.webhooks.events import Event

BATCH = 100
"""Tokens of one transaction."""


async def remind(db: Database, *, within: timedelta) -> int:
    """Tell once of each token that ends within that time: the event ``token.expiring``; the number of them.

    Each transaction marks its tokens and promises their deliveries, so that none is told of twice, or never.
    Personal tokens and those of groups are in the access log only.
    """
    if not within:
        return 0
    total, told = 0, BATCH
    while told == BATCH:
        async with db.write() as tx:
            due = await reminders.take_due(tx, within, BATCH)
            for one in due:
                if one.token.project_id is not None:
                    await events.record(tx, one.token.project_id, [Event("token.expiring", _data(one))])
        told = len(due)
        total += told
    return total


def _data(one: reminders.Due) -> dict[str, str | None]:
    assert one.token.expires_at is not None, "it ends soon"
    return {
        "id": str(GlobalId.of("Token", one.token.id)),
        "token_name": one.token.name,
        "expires_at": one.token.expires_at.isoformat(),
        "username": one.username,
        "service_account": one.service_account,
    }
