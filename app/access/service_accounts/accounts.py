"""One service account, with the role of its bot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select

from app.access import groups, policy, projects
from app.access.policy import Actor, Permission, Role
from app.access.tables import Membership, User
from app.access.tables_of_people import ServiceAccount as Row
from app.db.database import Snapshot, Tx
from app.errors import Forbidden, NotFound


class ServiceAccountNotFound(NotFound):
    """There is no such service account, or it may not be seen."""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A named bot; ``id`` is that of its user."""

    id: int
    name: str
    description: str
    role: Role
    project_id: int | None
    group_id: int | None
    created_by: int | None
    created_at: datetime


async def lock(tx: Tx, actor: Actor, account_id: int, *, to_change: bool = False) -> ServiceAccount:
    """Step: a service account that the actor manages, held against its deletion; ``to_change``: for the actor alone.

    Raises:
        ServiceAccountNotFound: there is none, or the actor may not manage those of its project or group.
    """
    missing = ServiceAccountNotFound(f"There is no service account {account_id}, or you may not manage it.")
    if not 0 < account_id < 2**63:
        raise missing
    held = statement().where(Row.user_id == account_id).with_for_update(read=not to_change, of=Row)
    row = (await tx.execute(held)).one_or_none()
    if row is None:
        raise missing
    account = of_row(row)
    try:
        await manager_role(tx, actor, project_id=account.project_id, group_id=account.group_id)
    except (NotFound, Forbidden):
        raise missing from None
    return account


async def manager_role(snap: Snapshot, actor: Actor, *, project_id: int | None, group_id: int | None) -> Role:
    """Read step: the actor's role in a project or group whose service accounts it manages, as it does its tokens.

    Raises:
        NotFound, Forbidden: it does not.
    """
    if project_id is not None:
        access = await projects.visible(snap, actor, project_id)
        policy.require(actor, access, Permission.TOKEN_MANAGE)
        return access.role or Role.GUEST
    assert group_id is not None, "an account belongs to one of the two"
    return await groups.require(snap, actor, group_id, Permission.TOKEN_MANAGE)


def statement() -> Select[*tuple[Any, ...]]:
    """Rows for :func:`of_row`; the caller adds the condition that chooses."""
    return select(Row, Membership.role).join(User, User.id == Row.user_id).outerjoin(Membership, _membership())


def of_row(row: Any) -> ServiceAccount:
    """A row of :func:`statement`."""
    account = row[0]
    return ServiceAccount(
        id=account.user_id,
        name=account.name,
        description=account.description,
        role=Role(row.role or Role.GUEST),
        project_id=account.project_id,
        group_id=account.group_id,
        created_by=account.created_by,
        created_at=account.created_at,
    )


def _membership() -> ColumnElement[bool]:
    return and_(
        Membership.user_id == Row.user_id,
        Membership.rule.is_(None),
        Membership.project_id.is_not_distinct_from(Row.project_id),
        Membership.group_id.is_not_distinct_from(Row.group_id),
    )
