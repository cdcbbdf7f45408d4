"""Administrators: an installation keeps one, whatever they do to each other."""

from __future__ import annotations

from sqlalchemy import func, select

from app.access.tables import User
from app.db.database import Tx
from app.errors import Conflict, NotFound

_LOCK = 0x4D594144
"""Advisory lock of changes that could take an administrator away; two at once wait for each other."""


async def lock_user(tx: Tx, user_id: int) -> User:
    """Step: a person as it is now, which no other such change touches until the commit.

    The row itself is not locked: a use of a token or session, which holds that, notes the activity with the user.

    Raises:
        NotFound: there is no such person, or it is deleted.
    """
    await tx.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    person = (User.id == user_id, ~User.is_bot, User.deleted_at.is_(None))
    user = await tx.scalar(select(User).where(*person).execution_options(populate_existing=True))
    if user is None:
        raise NotFound(f"There is no person with the number {user_id}.")
    return user


async def hold_changes(tx: Tx) -> None:
    """Step: until the commit no person is deactivated, deleted or changed; taken before all other locks."""
    await tx.execute(select(func.pg_advisory_xact_lock_shared(_LOCK)))


async def require_another(tx: Tx, user: User) -> None:
    """Step: refuse to take the last administrator away; the user is one that :func:`lock_user` gave.

    Raises:
        Conflict: no other administrator could sign in.
    """
    if not user.is_admin or user.blocked_at is not None:
        return
    others = select(User.id).where(User.is_admin, ~User.is_bot, User.blocked_at.is_(None), User.id != user.id)
    if await tx.scalar(others.limit(1)) is None:
        raise Conflict(f"`{user.username}` is the last administrator; make another user an administrator first.")
