"""Entries of the access log for links that were used and are dead. A secret that is of no link is not logged: each
guess would be an entry.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.access import access_log, users
from app.access.access_log import Action
from app.access.authentication.client_info import ClientInfo
from app.access.one_time_links import invitations
from app.access.one_time_links.links import LinkEnded, Purpose
from app.db.database import Database

_ACTIONS = {
    Purpose.INVITATION: Action.INVITATION_ACCEPT,
    Purpose.PASSWORD_RESET: Action.PASSWORD_CHANGE,
    Purpose.SIGN_IN: Action.SIGN_IN,
}


@asynccontextmanager
async def logged(db: Database, client: ClientInfo) -> AsyncIterator[None]:
    """Write an entry when a dead link is used in the block, and go on with the refusal."""
    try:
        yield
    except LinkEnded as error:
        await _log(db, error, client)
        raise


async def _log(db: Database, error: LinkEnded, client: ClientInfo) -> None:
    link, action = error.link, _ACTIONS[Purpose(error.link.purpose)]
    async with db.write() as tx:
        if link.user_id is None:
            await invitations.record(tx, action, None, link, client=client, refused=str(error.end))
            return
        await access_log.record(
            tx,
            action,
            client=client,
            user_id=link.user_id,
            username=await users.username(tx, link.user_id),
            refused=str(error.end),
            method="link",
        )
