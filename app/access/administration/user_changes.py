"""What changes a user: its names and address, whether it is an administrator, whether it may come in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import delete, func, select, update

from app.access import access_log, policy, sessions, users
from app.access.access_log import Action
from app.access.administration import administrators
from app.access.devices import grants
from app.access.names import check_email, check_title
from app.access.one_time_links import links
from app.access.policy import Actor
from app.access.tables import Membership, Token, User
from app.access.tables_of_people import (
    DeviceGrant,
    OneTimeLink,
    OpenIdIdentity,
    OpenIdRequest,
    Password,
    Session,
)
from app.access.users import Email, UserNotFound
from app.db.database import Database, Tx
from app.errors import Conflict, Forbidden, NotFound, Taken

Named: TypeAlias = int | str | Email
"""A user by number, username or e-mail address."""
DELETED_NAME = "Deleted user"


@dataclass(frozen=True, slots=True)
class UpdateUser:
    """Only what is not None changes; an empty e-mail address takes it away."""

    user: Named
    name: str | None = None
    email: str | None = None
    is_admin: bool | None = None


async def edit(db: Database, actor: Actor, command: UpdateUser) -> User:
    """Change a user: administrators anything, others their own name.

    Memberships are given by e-mail address, so a person cannot take one that no administrator has confirmed.

    Raises:
        UserNotFound: there is no such person, or the actor may not know of it.
        Forbidden: it is another person, or the actor would make itself an administrator.
        Taken: another user has that e-mail address.
        Conflict: this is the last administrator.
        Invalid: a name or address that cannot be one.
    """
    policy.require_signed_in(actor)
    changes = _changes(command)
    async with db.write() as tx:
        user = await lock(tx, actor, command.user)
        _require(actor, user, command)
        if command.is_admin is False:
            await administrators.require_another(tx, user)
        if command.is_admin and user.blocked_at is not None:
            raise Conflict(f"`{user.username}` is deactivated; reactivate the user first.", field="isAdmin")
        changed = {name: value for name, value in changes.items() if getattr(user, name) != value}
        if not changed:
            return user
        await _require_free(tx, user, changed.get("email"))
        user = await _update(tx, user, **changed)
        await _record(tx, Action.USER_UPDATE, actor, user, **_logged(changed))
    policy.invalidate_cache(actor)
    return user


async def deactivate(db: Database, actor: Actor, who: Named) -> User:
    """Refuse everything of a user from the next request on: tokens, sessions, links and open subscriptions.

    Sessions end for good: a cookie that was stolen must not live again with the user. So do links into the account,
    and sign-ins of machines that were allowed and not taken yet. What the user made stays, tokens and service accounts
    of projects and groups among it. Doing so twice is fine.

    Raises:
        UserNotFound: there is no such person.
        Forbidden: the actor is no administrator.
        Conflict: this is the last administrator.
    """
    policy.require_administrator(actor, "deactivate users")
    async with db.write() as tx:
        user = await lock(tx, actor, who)
        if user.blocked_at is not None:
            return user
        await administrators.require_another(tx, user)
        # First the links: one that is used at this moment is waited for, and its session then ends with the others.
        await links.revoke_of_person(tx, user.id)
        user = await _update(tx, user, blocked_at=func.now())
        await sessions.end_all(tx, user.id)
        await grants.withdraw(tx, user.id)
        await _record(tx, Action.USER_DEACTIVATE, actor, user)
    policy.invalidate_cache(actor)
    return user


async def reactivate(db: Database, actor: Actor, who: Named) -> User:
    """Let a deactivated user in again, with the tokens that are still valid; sessions begin with a sign-in.

    Doing so twice is fine.

    Raises:
        UserNotFound: there is no such person.
        Forbidden: the actor is no administrator.
    """
    policy.require_administrator(actor, "reactivate users")
    async with db.write() as tx:
        user = await lock(tx, actor, who)
        if user.blocked_at is None:
            return user
        user = await _update(tx, user, blocked_at=None)
        await _record(tx, Action.USER_REACTIVATE, actor, user)
    policy.invalidate_cache(actor)
    return user


async def lock(tx: Tx, actor: Actor, who: Named) -> User:
    """Step: a person that the actor may know of, whom no other change of users touches until the commit.

    Raises:
        UserNotFound: there is none, or the actor may not know of it.
    """
    seen = await users.visible(tx, actor, who)
    try:
        return await administrators.lock_user(tx, seen.id)
    except NotFound:
        raise UserNotFound(f"`{seen.username}` is no person, or was deleted.", field="user") from None


async def erase(tx: Tx, actor: Actor, user: User) -> None:
    """Step: take everything from a locked person but what it made; only the row is left, without names and address.

    Raises:
        Conflict: this is the last administrator.
    """
    await administrators.require_another(tx, user)
    username = user.username
    # First what notes activity with the user: a use takes the same rows in this order.
    await tx.execute(delete(Token).where(Token.user_id == user.id))
    for kind in (Session, Password, OpenIdIdentity, OpenIdRequest, DeviceGrant, OneTimeLink, Membership):
        await tx.execute(delete(kind).where(kind.user_id == user.id))
    open_links = (OneTimeLink.created_by == user.id, OneTimeLink.used_at.is_(None), OneTimeLink.revoked_at.is_(None))
    await tx.execute(update(OneTimeLink).where(*open_links).values(revoked_at=func.now()))
    await _update(
        tx,
        user,
        # No one can take this name: a path holds no colon.
        username=f"deleted:{user.id}",
        name=DELETED_NAME,
        email=None,
        is_admin=False,
        blocked_at=func.coalesce(User.blocked_at, func.now()),
        deleted_at=func.now(),
        last_active_at=None,
    )
    await access_log.record(tx, Action.USER_DELETE, actor=actor, user_id=user.id, username=username)


def _require(actor: Actor, user: User, command: UpdateUser) -> None:
    if actor.is_administrator:
        return
    if user.id != actor.user_id or actor.is_confined:
        raise Forbidden("Only administrators change other users.")
    if command.is_admin is not None and command.is_admin != user.is_admin:
        raise Forbidden("Only administrators make administrators.")
    if command.email is not None and command.email.lower() != (user.email or "").lower():
        raise Forbidden("Only administrators change e-mail addresses, since roles are given by them.")


async def _require_free(tx: Tx, user: User, email: str | None) -> None:
    """Refuse an address that another user has; of two who take it at once the index refuses the second."""
    taken = select(User.id).where(func.lower(User.email) == (email or "").lower(), User.id != user.id)
    if email and await tx.scalar(taken) is not None:
        raise Taken(f"There is already a user with the e-mail address `{email}`.", field="email")


async def _update(tx: Tx, user: User, **changes: Any) -> User:
    statement = update(User).where(User.id == user.id).values(**changes).returning(User)
    return (await tx.scalars(statement.execution_options(populate_existing=True))).one()


def _changes(command: UpdateUser) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if command.name is not None:
        changes["name"] = check_title(command.name, "name")
    if command.email is not None:
        changes["email"] = check_email(command.email) if command.email else None
    if command.is_admin is not None:
        changes["is_admin"] = command.is_admin
    return changes


def _logged(changed: dict[str, Any]) -> dict[str, Any]:
    """Which fields changed; of the value only whether the user is an administrator now."""
    told = {"is_admin": changed["is_admin"]} if "is_admin" in changed else {}
    return {"changed": sorted(changed), **told}


async def _record(tx: Tx, action: Action, actor: Actor, user: User, **details: Any) -> None:
    await access_log.record(tx, action, actor=actor, user_id=user.id, username=user.username, **details)
