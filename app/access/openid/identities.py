"""Identities at OpenID providers: whose they are, and their end."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select

from app.access import access_log, policy
from app.access.access_log import Action
from app.access.openid import password_sign_in, rule_memberships
from app.access.openid.providers import OpenIdProviders
from app.access.policy import Actor
from app.access.tables import User
from app.access.tables_of_people import OpenIdIdentity as OpenIdIdentity
from app.access.tables_of_people import OpenIdRequest, Password
from app.db.database import Database, Tx
from app.errors import Conflict, NotFound


class IdentityNotFound(NotFound):
    """You have no such identity."""


class LastWayIn(Conflict):
    """The identity is the only way in which you can sign in."""


async def own(db: Database, actor: Actor) -> Sequence[OpenIdIdentity]:
    """The actor's identities, the oldest first."""
    user_id = policy.require_signed_in(actor, to_write=False)
    if actor.is_confined:
        return []
    async with db.read() as snap:
        statement = select(OpenIdIdentity).where(OpenIdIdentity.user_id == user_id).order_by(OpenIdIdentity.id)
        return (await snap.scalars(statement)).all()


async def delete_own(db: Database, actor: Actor, openid: OpenIdProviders, identity_id: int) -> None:
    """Unlink an identity of the actor's own; the roles that its provider's rules gave end with it.

    Raises:
        IdentityNotFound: the actor has none of that id.
        LastWayIn: there would be no other way to sign in: no other identity, and no password that is accepted.
    """
    user_id = policy.require_signed_in(actor)
    async with db.write() as tx:
        # Two of these at once would each see the other's identity.
        await tx.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
        mine = (OpenIdIdentity.user_id == user_id, OpenIdIdentity.id == identity_id)
        identity = None if actor.is_confined else await tx.scalar(select(OpenIdIdentity).where(*mine))
        if identity is None:
            raise IdentityNotFound("You have no identity with that id.", field="id")
        others = (OpenIdIdentity.user_id == user_id, OpenIdIdentity.id != identity_id)
        usable = func.count().filter(OpenIdIdentity.issuer.in_(openid.issuer_urls))
        if not await tx.scalar(select(usable).where(*others)) and not await _has_password(tx, user_id, openid):
            raise LastWayIn(
                f"Your identity at {openid.title_of(identity.provider)} is the only way in which you can sign in. "
                "Set a password or link another identity first."
            )
        await tx.execute(delete(OpenIdIdentity).where(*mine).execution_options(synchronize_session=False))
        same = (*others, OpenIdIdentity.provider == identity.provider)
        if not await tx.scalar(select(OpenIdIdentity.id).where(*same).limit(1)):
            await rule_memberships.take_away(tx, identity.provider, user_id)
        await access_log.record(
            tx, Action.IDENTITY_UNLINK, actor=actor, provider=identity.provider, subject=identity.subject
        )
    policy.invalidate_cache(actor)


async def forget(tx: Tx, user_id: int) -> None:
    """Step: remove all identities of a person who is deleted, and sign-ins under way."""
    await tx.execute(
        delete(OpenIdRequest).where(OpenIdRequest.user_id == user_id).execution_options(synchronize_session=False)
    )
    await tx.execute(
        delete(OpenIdIdentity).where(OpenIdIdentity.user_id == user_id).execution_options(synchronize_session=False)
    )


async def _has_password(tx: Tx, user_id: int, openid: OpenIdProviders) -> bool:
    if not await password_sign_in.is_on(tx, openid):
        return False
    return await tx.scalar(select(Password.user_id).where(Password.user_id == user_id)) is not None
