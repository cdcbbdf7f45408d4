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
from app.errors import Forbidden
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


class UserState(Enum):
    """Which users a list shows; without one, all people who are not deleted."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    ADMINISTRATOR = "administrator"
    BOT = "bot"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class UserFilter:
    """``text`` is a part of the username, name or e-mail address, whatever the case."""

    text: str = ""
    state: UserState | None = None


_PEOPLE = and_(~User.is_bot, User.deleted_at.is_(None))
_STATES: dict[UserState | None, ColumnElement[bool]] = {
    None: _PEOPLE,
    UserState.ACTIVE: and_(_PEOPLE, User.blocked_at.is_(None)),
    UserState.DEACTIVATED: and_(_PEOPLE, User.blocked_at.is_not(None)),
    UserState.ADMINISTRATOR: and_(_PEOPLE, User.is_admin),
    UserState.BOT: and_(User.is_bot, User.blocked_at.is_(None)),
    UserState.DELETED: User.deleted_at.is_not(None),
}
BY_USERNAME: Keyset[User] = Keyset(
    "users", (func.lower(User.username, type_=Text),), lambda user: (user.username.lower(),)
)
BY_ACTIVITY: Keyset[User] = Keyset(
    "active users", (_LAST_ACTIVE, User.id), lambda user: (user.last_active_at or _NEVER, user.id), descending=True
)
"""The last active first."""


async def search(
    db: Database, actor: Actor, window: Window, filter: UserFilter, order: Keyset[User] = BY_USERNAME
) -> Page[User]:
    """Users of the installation. One statement.

    Raises:
        Unauthenticated, Forbidden: the actor is no administrator.
    """
    _require(actor)
    statement = order.apply(_matching(filter), window)
    async with db.read() as snap:
        return order.page((await snap.scalars(statement)).all(), window)


async def count(db: Database, actor: Actor, filter: UserFilter) -> int:
    """How many users :func:`search` would page through.

    Raises:
        Unauthenticated, Forbidden: the actor is no administrator.
    """
    _require(actor)
    async with db.read() as snap:
        return await snap.scalar(select(func.count()).select_from(_matching(filter).subquery())) or 0


def _require(actor: Actor) -> None:
    policy.require_signed_in(actor, to_write=False)
    if not actor.is_admin or actor.is_confined:
        raise Forbidden("Only administrators list users.")


def _matching(filter: UserFilter) -> Select[*tuple[Any, ...]]:
    statement = select(User).where(_STATES[filter.state])
    if filter.text:
        statement = statement.where(_SEARCHED.contains(filter.text[:MAX_SEARCH].lower(), autoescape=True))
    return statement
