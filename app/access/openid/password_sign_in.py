"""Whether passwords are accepted beside OpenID. Every way in by a password goes by this one rule.

The settings can switch them off; that counts as soon as an administrator has an identity at a provider that is
configured, and only as long: so no administrator is ever locked out by a provider that never worked.
"""

from __future__ import annotations

from app.access.openid.providers import OpenIdProviders
from app.db.database import Database, Snapshot
from app.db.statements import Statement
from app.errors import Forbidden

_ADMINISTRATOR_HAS_IDENTITY = Statement(
    "access.administrator_has_identity",
    "Whether an active administrator has signed in with one of these issuers.",
    """
    SELECT EXISTS (
      SELECT FROM openid_identities i JOIN users u ON u.id = i.user_id
      WHERE i.issuer = ANY(CAST(:issuers AS text[])) AND u.is_admin AND u.blocked_at IS NULL AND u.deleted_at IS NULL)
    """,
)


class PasswordsOff(Forbidden):
    """Passwords are not accepted here."""


async def accepted(db: Database, openid: OpenIdProviders) -> bool:
    """Whether a person may sign in with a password."""
    if not openid.is_only_way:
        return True
    async with db.read() as snap:
        return await is_on(snap, openid)


async def is_on(snap: Snapshot, openid: OpenIdProviders) -> bool:
    """Read step: whether a person may sign in with a password."""
    if not openid.is_only_way:
        return True
    return not await _ADMINISTRATOR_HAS_IDENTITY.fetch_value(snap, issuers=openid.issuer_urls)


async def require_on(snap: Snapshot, openid: OpenIdProviders) -> None:
    """Read step: refuse passwords where they are switched off.

    Raises:
        PasswordsOff: they are.
    """
    if not await is_on(snap, openid):
        raise _off(openid)


async def require_accepted(db: Database, openid: OpenIdProviders) -> None:
    """Refuse what is done by or for a password where they are switched off.

    Raises:
        PasswordsOff: they are.
    """
    if not await accepted(db, openid):
        raise _off(openid)


def _off(openid: OpenIdProviders) -> PasswordsOff:
    titles = ", ".join(provider.title for provider in openid.providers)
    return PasswordsOff(f"This installation does not accept passwords; sign in with {titles}.")
