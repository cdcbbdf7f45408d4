"""Memberships whose time is over count for nothing; after a while they are removed, and the access log says so."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select

from app.access import access_log
from app.access.access_log import Action
from app.access.policy import Role
from app.access.tables import Membership, User
from app.db.database import Database, Tx

KEPT = timedelta(days=7)
"""For so long a role that has ended is remembered, so that its end can still be found."""
BATCH = 100


async def remove(db: Database) -> int:
    """Remove the memberships that ended long ago; answers how many. Safe at any time, and in several processes."""
    removed, batch = 0, BATCH
    while batch == BATCH:
        async with db.write() as tx:
            batch = await _remove_some(tx)
        removed += batch
    return removed


async def _remove_some(tx: Tx) -> int:
    over = select(Membership.id).where(Membership.expires_at < func.now() - KEPT).order_by(Membership.expires_at)
    ids = over.limit(BATCH).with_for_update(skip_locked=True)
    gone = (await tx.scalars(delete(Membership).where(Membership.id.in_(ids)).returning(Membership))).all()
    users = {user.id: user for user in await tx.scalars(select(User).where(User.id.in_([one.user_id for one in gone])))}
    for one in gone:
        await access_log.record(
            tx,
            Action.MEMBER_EXPIRE,
            user_id=one.user_id,
            username=users[one.user_id].username,
            group_id=one.group_id,
            project_id=one.project_id,
            role=Role(one.role).name.lower(),
            expired_at=one.expires_at,
        )
    return len(gone)
