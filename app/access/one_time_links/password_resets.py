"""Password resets: an administrator gives a person a link with which it sets a password and is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from app.access import access_log, policy, sessions, users
from app.access.access_log import Action
from app.access.authentication.client_info import ClientInfo
from app.access.one_time_links import links
from app.access.one_time_links.links import NewLink, Purpose
from app.access.passwords import passwords
from app.access.policy import Actor
from app.access.sessions import Method, NewSession
from app.access.tables import User
from app.db.database import Database, Tx
from app.errors import Conflict


@dataclass(frozen=True, slots=True)
class Reset:
    """A link that resets the password of a user; its secret is never shown again."""

    new: NewLink
    user: User


async def create(db: Database, actor: Actor, username: str) -> Reset:
    """A link for a person that lost the password, or never had one; an earlier one is dead. Administrators only.

    Raises:
        Forbidden: the actor is no administrator.
        UserNotFound: no person has that name.
        Conflict: the person is deactivated.
    """
    user_id = policy.require_administrator(actor, "reset passwords")
    async with db.write() as tx:
        return await add(tx, username, actor=actor, created_by=user_id)


async def add(
    tx: Tx, username: str, *, actor: Actor | None, created_by: int | None, client: ClientInfo | None = None
) -> Reset:
    """Step: the same for who may; without an actor at the machine itself."""
    user = await lock_person(tx, username)
    new = await links.add_for_person(tx, Purpose.PASSWORD_RESET, user.id, created_by)
    await access_log.record(
        tx, Action.PASSWORD_RESET_CREATE, actor=actor, client=client, user_id=user.id, username=user.username
    )
    return Reset(new, user)


async def person(db: Database, purpose: Purpose, secret: str) -> User:
    """Whom a link is for that could be used now; this does not use it up.

    Raises:
        LinkNotFound: there is none.
        LinkEnded: it cannot be used any more.
    """
    async with db.read() as snap:
        link = await links.find(snap, purpose, secret)
        return (await snap.scalars(select(User).where(User.id == link.user_id))).one()


async def complete(db: Database, secret: str, password_hash: str, client: ClientInfo, *, life: timedelta) -> NewSession:
    """Set the password and sign in. All other sessions of the person end, and all its other links are dead.

    Raises:
        LinkNotFound: there is none.
        LinkEnded: it cannot be used any more.
    """
    async with db.write() as tx:
        link = await links.use(tx, Purpose.PASSWORD_RESET, secret)
        assert link.user_id is not None, "a reset is for a person"
        return await sign_in_with_password(tx, link.user_id, password_hash, client, life=life)


async def sign_in_with_password(
    tx: Tx, user_id: int, password_hash: str, client: ClientInfo, *, life: timedelta
) -> NewSession:
    """Step: a new password for a person who came by a link, and the only session that is left."""
    username = await users.username(tx, user_id)
    ended = await passwords.set_password(tx, user_id, password_hash)
    await links.revoke_of_person(tx, user_id)
    await access_log.record(
        tx,
        Action.PASSWORD_CHANGE,
        client=client,
        user_id=user_id,
        username=username,
        method=str(Method.LINK),
        ended_sessions=ended,
    )
    return await start_session(tx, user_id, username, client, life=life)


async def start_session(tx: Tx, user_id: int, username: str, client: ClientInfo, *, life: timedelta) -> NewSession:
    """Step: sign a person in who came by a link."""
    await access_log.record(
        tx, Action.SIGN_IN, client=client, user_id=user_id, username=username, method=str(Method.LINK)
    )
    return await sessions.start(tx, user_id, client, Method.LINK, life=life)


async def lock_person(tx: Tx, username: str) -> User:
    """Step: the active person of that name, locked, so that of two links made at once one is left.

    Raises:
        UserNotFound: no person has that name.
        Conflict: the person is deactivated.
    """
    user = await users.by_username(tx, username)
    await tx.execute(select(User.id).where(User.id == user.id).with_for_update(key_share=True))
    if user.blocked_at is not None:
        raise Conflict(f"`{user.username}` is deactivated; reactivate the account first.", field="username")
    return user
