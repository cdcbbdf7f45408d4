"""The list of users, for administrators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Select, Text, and_, func, literal_column, select

from app.access import policy
from app.access.policy import Actor
from app.access.tables import User
from app.db.database import Database
from app.pagination import Keyset, Page, Window

MAX_SEARCH = 254
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_ACTIVE: ColumnElement[datetime] = literal_column(
    "coalesce(users.last_active_at, '1970-01-01 00:00:00+00'::timestamptz)", DateTime(timezone=True)
)
_SEARCHED: ColumnElement[str] = literal_column(
    "lower(users.username || ' ' || users.name || ' ' || coalesce(users.email, ''))"
)
"""What the index ``ix_users_search`` holds; both have to be written alike."""


class UserStatus(Enum):
    """Whether a user may come in."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"


class UserSort(Enum):
    """By what users are ordered."""

    USERNAME = "username"
    LAST_ACTIVE_AT = "last_active_at"


@dataclass(frozen=True, slots=True)
class UserList:
    """Which users, and in which order. ``text`` is a part of username, name or e-mail address, whatever the case.

    Without a status those who are not deleted. Those who were never active are as if that had been the longest ago.
    """

    text: str = ""
    status: UserStatus | None = None
    is_admin: bool | None = None
    is_bot: bool = False
    by: UserSort = UserSort.USERNAME
    descending: bool = False

    @property
    def order(self) -> Keyset[User]:
        return _ORDERS[self.by, self.descending]


_STATUS: dict[UserStatus | None, ColumnElement[bool]] = {
    None: User.deleted_at.is_(None),
    UserStatus.ACTIVE: and_(User.deleted_at.is_(None), User.blocked_at.is_(None)),
    UserStatus.DEACTIVATED: and_(User.deleted_at.is_(None), User.blocked_at.is_not(None)),
    UserStatus.DELETED: User.deleted_at.is_not(None),
}
_ORDERS: dict[tuple[UserSort, bool], Keyset[User]] = {}
for _descending in (False, True):
    _ORDERS[UserSort.USERNAME, _descending] = Keyset(
        "users", (func.lower(User.username, type_=Text),), lambda user: (user.username.lower(),), _descending
    )
    _ORDERS[UserSort.LAST_ACTIVE_AT, _descending] = Keyset(
        "active users", (_LAST_ACTIVE, User.id), lambda user: (user.last_active_at or _NEVER, user.id), _descending
    )


async def search(db: Database, actor: Actor, window: Window, request: UserList) -> Page[User]:
    """Users of the installation. One statement.

    Raises:
        Unauthenticated, Forbidden: the actor is no administrator.
    """
    _require(actor)
    order = request.order
    statement = order.apply(_matching(request), window)
    async with db.read() as snap:
        return order.page((await snap.scalars(statement)).all(), window)


async def count(db: Database, actor: Actor, request: UserList) -> int:
    """How many users :func:`search` would page through.

    Raises:
        Unauthenticated, Forbidden: the actor is no administrator.
    """
    _require(actor)
    async with db.read() as snap:
        return await snap.scalar(select(func.count()).select_from(_matching(request).subquery())) or 0


def _require(actor: Actor) -> None:
    policy.require_administrator(actor, "list users", to_write=False)


def _matching(request: UserList) -> Select[*tuple[Any, ...]]:
    statement = select(User).where(_STATUS[request.status], User.is_bot == request.is_bot)
    if request.is_admin is not None:
        statement = statement.where(User.is_admin == request.is_admin)
    if request.text:
        statement = statement.where(_SEARCHED.contains(request.text[:MAX_SEARCH].lower(), autoescape=True))
    return statement
