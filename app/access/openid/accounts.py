"""Who a person at a provider is here. Found by issuer and subject alone: never by an e-mail address or a name."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update

from app.access import access_log, users
from app.access.access_log import Action
from app.access.authentication.client_info import ClientInfo
from app.access.names import RESERVED
from app.access.openid.claims import Profile
from app.access.openid.configuration import Provider
from app.access.tables import User
from app.access.tables_of_people import OpenIdIdentity
from app.access.users import CreateUser
from app.db.database import Tx
from app.db.statements import Statement
from app.errors import Busy, Conflict, Forbidden

_NUMBERED = 99
_LOCK = Statement(
    "access.lock_openid_sign_in",
    "Let one sign-in of a person at a provider run at a time, also before there is a row of theirs.",
    "SELECT pg_advisory_xact_lock(:key)",
)
_FREE_USERNAME = Statement(
    "access.free_username",
    "The first of these names that no user and no group has.",
    """
    SELECT c.name FROM unnest(CAST(:names AS text[])) WITH ORDINALITY AS c(name, position)
    WHERE NOT EXISTS (SELECT FROM users u WHERE lower(u.username) = lower(c.name))
      AND NOT EXISTS (SELECT FROM groups g WHERE lower(g.full_path) = lower(c.name) AND g.deleted_at IS NULL)
    ORDER BY c.position LIMIT 1
    """,
)


class SignInRefused(Forbidden):
    """The person may not come in."""

    def __init__(self, message: str | None = None, *, user: User | None = None) -> None:
        super().__init__(message)
        self.user = user
        """Whose account it is, if there is one."""


class IdentityTaken(Conflict):
    """The identity belongs to another account here already."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """How a person comes: with an identity alone, with an invitation, or signed in and about to link the identity."""

    provider: Provider
    profile: Profile
    client: ClientInfo
    is_invited: bool = False
    linking_user_id: int | None = None


async def enter(tx: Tx, entrance: Entrance) -> User:
    """Step: the account of the person, whose row is locked then; made or linked where that is allowed.

    Raises:
        SignInRefused: the account is deactivated, or there is none and the person gets none.
        IdentityTaken: the identity that shall be linked is another account's.
        Taken: another account got the username or e-mail address meanwhile; the caller begins the transaction again.
        Busy: the identity was unlinked meanwhile; likewise.
    """
    issuer, subject = entrance.provider.issuer, entrance.profile.subject
    await _LOCK.execute(tx, key=_lock_key(issuer, subject))
    mine = (OpenIdIdentity.issuer == issuer, OpenIdIdentity.subject == subject)
    owner_id = await tx.scalar(select(OpenIdIdentity.user_id).where(*mine))
    if entrance.linking_user_id is not None and owner_id not in {None, entrance.linking_user_id}:
        raise IdentityTaken(
            f"This identity at {entrance.provider.title} belongs to another account here. Unlink it there first."
        )
    if owner_id is None:
        return await _first_time(tx, entrance)
    user = await _active(tx, owner_id)
    used = update(OpenIdIdentity).where(*mine, OpenIdIdentity.user_id == user.id)
    used = used.values(
        last_used_at=func.now(), email=entrance.profile.email, provider=entrance.provider.name
    ).returning(OpenIdIdentity.id)
    if await tx.scalar(used.execution_options(synchronize_session=False)) is None:
        raise Busy("This identity was unlinked at this moment; begin again.")
    return user


async def _first_time(tx: Tx, entrance: Entrance) -> User:
    if entrance.linking_user_id is not None:
        user = await _active(tx, entrance.linking_user_id)
    else:
        if not entrance.is_invited:
            _require_automatic(entrance.provider, entrance.profile)
        user = await _create(tx, entrance)
    profile, provider = entrance.profile, entrance.provider
    await tx.execute(
        insert(OpenIdIdentity).values(
            user_id=user.id, provider=provider.name, issuer=provider.issuer, subject=profile.subject,
            email=profile.email,
        )
    )  # fmt: skip
    await access_log.record(
        tx,
        Action.IDENTITY_LINK,
        client=entrance.client,
        user_id=user.id,
        username=user.username,
        provider=provider.name,
        subject=profile.subject,
    )
    return user


async def _active(tx: Tx, user_id: int) -> User:
    """The person, whose row no other transaction changes until the transaction ends.

    Raises:
        SignInRefused: deactivated or deleted.
    """
    statement = select(User).where(User.id == user_id).with_for_update(key_share=True)
    user = (await tx.scalars(statement)).one()
    if user.blocked_at is not None or user.deleted_at is not None:
        raise SignInRefused("Your account is deactivated; an administrator can reactivate it.", user=user)
    return user


def _require_automatic(provider: Provider, profile: Profile) -> None:
    if provider.accounts != "automatic":
        raise SignInRefused(
            f"There is no account for you here yet. Ask for an invitation and open it with {provider.title}; if you "
            f"have an account, sign in otherwise and link {provider.title} on your account's page."
        )
    domain = (profile.email or "").rpartition("@")[2].lower()
    if provider.email_domains and domain not in provider.email_domains:
        raise SignInRefused(
            f"{provider.title} makes accounts here only for verified e-mail addresses of "
            f"{', '.join(provider.email_domains)}. Ask for an invitation."
        )


async def _create(tx: Tx, entrance: Entrance) -> User:
    profile = entrance.profile
    # Those who get the same name at the same moment come one after the other, and see which ones are taken.
    await _LOCK.execute(tx, key=_lock_key("username", profile.username.lower()))
    numbered = [f"{profile.username}-{number}" for number in range(2, _NUMBERED + 1)]
    own = [profile.username] if profile.username.lower() not in RESERVED else []
    names = [*own, *numbered, f"{profile.username}-{secrets.token_hex(4)}"]
    username = await _FREE_USERNAME.fetch_value(tx, names=names)
    email = profile.email
    if email is not None and await tx.scalar(select(User.id).where(func.lower(User.email) == email.lower())):
        email = None  # an address of another account says nothing about this one
    user = await users.add(tx, CreateUser(username or names[-1], profile.name, email=email))
    await access_log.record(
        tx,
        Action.USER_CREATE,
        client=entrance.client,
        user_id=user.id,
        username=user.username,
        provider=entrance.provider.name,
    )
    return user


def _lock_key(kind: str, name: str) -> int:
    hashed = hashlib.sha256(f"{kind}\n{name}".encode()).digest()
    return int.from_bytes(hashed[:8], "big", signed=True)
