"""Tokens that end soon: each is told of once, some days before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import func, select, update

from app.access import access_log
from app.access.access_log import Action
from app.access.tables import Token, User
from app.access.tables_of_people import ServiceAccount
from app.db.database import Tx


class Due(NamedTuple):
    """A token that ends soon, its user, and its service account if it is one of such."""

    token: Token
    username: str
    service_account: str | None


async def take_due(tx: Tx, within: timedelta, limit: int) -> Sequence[Due]:
    """Step: tokens that end within that time and were not told of yet; from now on they were, and the log says so.

    Those whose whole life is no longer are left out: who made them knows. Two workers take different ones.
    """
    due = (
        select(Token.id)
        .where(
            Token.revoked_at.is_(None),
            Token.reminded_at.is_(None),
            Token.ci_job.is_(None),
            Token.expires_at > func.now(),
            Token.expires_at <= func.now() + within,
            Token.expires_at > Token.created_at + within,
        )
        .order_by(Token.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    told = update(Token).where(Token.id.in_(due)).values(reminded_at=func.now()).returning(Token)
    rows = (await tx.scalars(told.execution_options(synchronize_session=False))).all()
    names = select(User.id, User.username, ServiceAccount.name).outerjoin(
        ServiceAccount, ServiceAccount.user_id == User.id
    )
    users = {row[0]: row for row in await tx.execute(names.where(User.id.in_({row.user_id for row in rows})))}
    for row in rows:
        await access_log.record(
            tx,
            Action.TOKEN_EXPIRING,
            user_id=row.user_id,
            username=users[row.user_id][1],
            project_id=row.project_id,
            group_id=row.group_id,
            token=row.id,
            name=row.name,
            expires_at=row.expires_at,
        )
    return [Due(row, users[row.user_id][1], users[row.user_id][2]) for row in rows]
