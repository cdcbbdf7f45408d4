"""Owners: a group keeps one that lasts, whatever its members do to each other."""

from __future__ import annotations

from sqlalchemy import func, not_, select

from app.access import repository
from app.access.policy import Role
from app.access.tables import Group, Membership, User
from app.db.database import Tx
from app.errors import Conflict


async def require_another(tx: Tx, group_id: int, user_id: int) -> None:
    """Step: refuse to take the role of an owner that people gave, when no other owner would last.

    Owners of groups around it count, and roles that rules gave; not those that end by themselves, nor of users who are
    deactivated, nor bots. The group stays locked, so that of two owners who leave at once the second is refused.

    Raises:
        Conflict: this is the last one.
    """
    lineage = await tx.scalar(select(Group.lineage).where(Group.id == group_id).with_for_update(key_share=True))
    taken = (Membership.user_id == user_id, Membership.group_id == group_id, Membership.rule.is_(None))
    owner = (Membership.role == int(Role.OWNER), repository.is_current())
    if await tx.scalar(select(Membership.id).where(*taken, *owner)) is None:
        return
    left = (
        select(func.count())
        .select_from(Membership)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.group_id.in_(lineage or ()),
            *owner,
            Membership.expires_at.is_(None),
            not_(taken[0] & taken[1] & taken[2]),
            User.blocked_at.is_(None),
            ~User.is_bot,
        )
    )
    if not await tx.scalar(left):
        raise Conflict(
            "This is the last owner of the group whose role does not end; make another user an owner first.",
            field="username",
        )
