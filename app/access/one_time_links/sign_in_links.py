"""Sign-in links: who starts an installation gets in for the first time; only made at the machine."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import exists, func, select

from app.access import users
from app.access.authentication.client_info import ClientInfo
from app.access.one_time_links import links, password_resets
from app.access.one_time_links.links import NewLink, Purpose
from app.access.sessions import NewSession
from app.access.tables import User
from app.access.tables_of_people import OpenIdIdentity, Password
from app.db.database import Database, Snapshot, Tx


async def is_needed(snap: Snapshot) -> bool:
    """Read step: whether no active administrator has a password or an identity, so that none could sign in."""
    credentials = (
        exists(select(Password.user_id).where(Password.user_id == User.id)),
        exists(select(OpenIdIdentity.id).where(OpenIdIdentity.user_id == User.id)),
    )
    statement = select(func.count()).where(
        User.is_admin,
        ~User.is_bot,
        User.blocked_at.is_(None),
        User.deleted_at.is_(None),
        credentials[0] | credentials[1],
    )
    return not await snap.scalar(statement)


async def add(tx: Tx, username: str) -> NewLink:
    """Step: a link that signs a person in; an earlier one is dead.

    Raises:
        UserNotFound: no person has that name.
        Conflict: the person is deactivated.
    """
    user = await password_resets.lock_person(tx, username)
    return await links.add_for_person(tx, Purpose.SIGN_IN, user.id, None)


async def complete(
    db: Database, secret: str, password_hash: str | None, client: ClientInfo, *, life: timedelta
) -> NewSession:
    """Sign the person in, with a password for the next time if one is given; the other sessions end then.

    Raises:
        LinkNotFound: there is none.
        LinkEnded: it cannot be used any more.
    """
    async with db.write() as tx:
        link = await links.use(tx, Purpose.SIGN_IN, secret)
        assert link.user_id is not None, "a sign-in is for a person"
        if password_hash is not None:
            return await password_resets.sign_in_with_password(tx, link.user_id, password_hash, client, life=life)
        username = await users.username(tx, link.user_id)
        return await password_resets.start_session(tx, link.user_id, username, client, life=life)
