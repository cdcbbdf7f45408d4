"""Sessions: the sign-ins of browsers. The cookie's secret is random and long; only its hash is kept."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, insert, select, update

from app.access import access_log, policy, repository
from app.access.access_log import Action
from app.access.authentication.client_info import ClientInfo
from app.access.policy import Actor, Permission, Scope
from app.access.tables import User
from app.access.tables_of_people import Session as Session
from app.access.tokens import digest
from app.db.database import Database, Tx
from app.db.statements import Fragment, Statement
from app.errors import Forbidden, NotFound, Unauthenticated, Unavailable
from app.pagination import Keyset, Page, Window

PREFIX = "mys_"
IDLE = timedelta(days=14)
"""How long a session may go unused, unless the settings say otherwise."""
MAX_SECRET = 100
_USED_RESOLUTION = timedelta(minutes=1)
"""The last use is written at most this often, so that reading stays reading."""


_KEPT = timedelta(days=30)
"""For so long after its end a session can still be told from one that never was."""
_MOST_REMOVED = 10_000
_REMOVE_OLD = Statement(
    "access.remove_old_sessions",
    "Remove sessions that ended long ago.",
    """
    DELETE FROM sessions WHERE id IN (
      SELECT id FROM sessions WHERE coalesce(ended_at, expires_at) < now() - :kept::interval
      LIMIT :most FOR UPDATE SKIP LOCKED)
    RETURNING id
    """,
)
GAUGES = Fragment("""
SELECT 'sessions' AS name, NULL AS kind, NULL AS state, count(*)::float8 AS value FROM sessions
  WHERE ended_at IS NULL AND expires_at > now()
""")
"""A part of the statement that reads the gauges of the installation (:mod:`app.upkeep.gauges`)."""
GAUGE_HELP = {"sessions": "Sign-ins of browsers that have not ended."}


class SessionNotFound(NotFound):
    """You have no such session."""


class SessionEnded(Unauthenticated):
    """The sign-in has ended: it was revoked, is too old or was not used for too long; sign in again."""


class Method(StrEnum):
    """How a person proved who it is."""

    PASSWORD = "password"  # noqa: S105 - the name of a method
    OPENID = "openid"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that begins; ``secret`` goes into the cookie and is never shown again."""

    session: Session
    secret: str


async def start(
    tx: Tx, user_id: int, client: ClientInfo, method: Method, *, life: timedelta, provider: str | None = None
) -> NewSession:
    """Step: a new session of a person who has just proved who it is; ``life`` ends it however much it is used."""
    secret = PREFIX + secrets.token_urlsafe(30)
    values = {
        "user_id": user_id,
        "sha256": digest(secret),
        "method": str(method),
        "provider": provider,
        "last_address": client.address,
        "client": client.agent,
        "expires_at": datetime.now(UTC) + life,
    }
    row = (await tx.scalars(insert(Session).values(**values).returning(Session))).one()
    return NewSession(row, secret)


async def read(db: Database, secret: str, *, idle: timedelta) -> tuple[Session, Actor]:
    """A session and whose it is; ``idle`` is how long one may go unused.

    Raises:
        SessionEnded: unknown, ended, too old or unused for too long, or its person may not sign in any more; all alike.
    """
    if not secret.startswith(PREFIX) or len(secret) > MAX_SECRET:
        raise SessionEnded
    return await _read(db, Session.sha256 == digest(secret), idle)


async def read_by_id(db: Database, session_id: int, *, idle: timedelta) -> tuple[Session, Actor]:
    """The same by the session's id.

    Raises:
        SessionEnded: as above.
    """
    return await _read(db, Session.id == session_id, idle)


async def actors_of(db: Database, session_ids: Sequence[int], *, idle: timedelta) -> dict[int, Actor]:
    """Whose these sessions are, by id; those that have ended are left out."""
    if not session_ids:
        return {}
    statement = _living(idle).where(Session.id == func.any(list(session_ids)))
    async with db.read() as snap:
        return {row[0].id: _actor(*row) for row in await snap.execute(statement)}


async def record_use(db: Database, session_id: int, last_used_at: datetime, client: ClientInfo) -> datetime:
    """Note that a session is used, and from where, once a minute at most. Answers when it was used last.

    Where it cannot be noted it is left for a minute: reading goes on while the disk of the database is full.
    """
    now = datetime.now(UTC)
    if now - last_used_at < _USED_RESOLUTION:
        return last_used_at
    used = {"last_used_at": func.now(), "last_address": client.address, "client": client.agent}
    stale = (Session.id == session_id, Session.last_used_at < now - _USED_RESOLUTION)
    with suppress(Unavailable):
        async with db.write() as tx:
            await tx.execute(update(Session).where(*stale).values(**used))
    return now


async def own(db: Database, actor: Actor, window: Window, *, idle: timedelta) -> Page[Session]:
    """The actor's sessions that have not ended, newest first; bots have none."""
    user_id = policy.require_signed_in(actor, to_write=False)
    statement = select(Session).where(Session.user_id == user_id, _is_living(idle))
    async with db.read() as snap:
        return ORDER.page((await snap.scalars(ORDER.apply(statement, window))).all(), window)


async def own_by_ids(db: Database, actor: Actor, ids: Sequence[int]) -> list[Session | None]:
    """For loaders: sessions in the order of the ids, None where one is not the actor's; those that have ended, too."""
    if actor.user_id is None or not policy.has_scope(actor, Permission.ACCOUNT_READ):
        return [None] * len(ids)
    statement = select(Session).where(Session.user_id == actor.user_id, Session.id.in_(ids))
    async with db.read() as snap:
        rows = {row.id: row for row in await snap.scalars(statement)}
    return [rows.get(id) for id in ids]


async def end(db: Database, actor: Actor) -> None:
    """Sign out: end the session of the request itself."""
    assert actor.session_id is not None, "the caller has looked"
    async with db.write() as tx:
        if await _end(tx, Session.id == actor.session_id):
            await access_log.record(tx, Action.SIGN_OUT, actor=actor)
    policy.invalidate_cache(actor)


async def revoke(db: Database, actor: Actor, session_id: int) -> Session:
    """End one of the actor's own sessions at once. Doing so twice is fine.

    Raises:
        SessionNotFound: it is not the actor's.
        Forbidden: the caller is a bot, or its token can only read.
    """
    mine = and_(Session.id == session_id, Session.user_id == _person(actor))
    async with db.write() as tx:
        if await _end(tx, mine):
            await access_log.record(tx, Action.SESSION_REVOKE, actor=actor, session=session_id)
        row = await tx.scalar(select(Session).where(mine))
    if row is None:
        raise SessionNotFound(f"You have no session {session_id}.")
    return row


async def revoke_all(db: Database, actor: Actor, *, keep_current: bool) -> int:
    """End all sessions of the actor, but perhaps the one of the request itself; answers how many there were.

    Raises:
        Forbidden: the caller is a bot, or its token can only read.
    """
    user_id = _person(actor)
    async with db.write() as tx:
        ended = await end_all(tx, user_id, but=actor.session_id if keep_current else None)
        if ended:
            await access_log.record(tx, Action.SESSION_REVOKE, actor=actor, sessions=ended)
    return ended


async def end_all(tx: Tx, user_id: int, *, but: int | None = None) -> int:
    """Step: end all sessions of a person, ``but`` one perhaps; answers how many there were."""
    others = Session.user_id == user_id
    return len(await _end(tx, others if but is None else and_(others, Session.id != but)))


async def remove_old(db: Database) -> int:
    """Remove sessions that ended a month ago; answers how many there were. A part of them, if there are very many."""
    async with db.write() as tx:
        return len(await _REMOVE_OLD.fetch(tx, kept=_KEPT, most=_MOST_REMOVED))


ORDER: Keyset[Session] = Keyset("sessions", (Session.id,), lambda session: (session.id,), descending=True)


async def _read(db: Database, condition: ColumnElement[bool], idle: timedelta) -> tuple[Session, Actor]:
    async with db.read() as snap:
        row = (await snap.execute(_living(idle).where(condition))).one_or_none()
    if row is None:
        raise SessionEnded
    return row[0], _actor(*row)


def _living(idle: timedelta) -> Select[*tuple[Any, ...]]:
    statement = select(Session, User, repository.next_membership_end(Session.user_id)).join(
        User, User.id == Session.user_id
    )
    return statement.where(_is_living(idle), User.blocked_at.is_(None), User.deleted_at.is_(None))


def _is_living(idle: timedelta) -> ColumnElement[bool]:
    now = func.now()
    return and_(Session.ended_at.is_(None), Session.expires_at > now, Session.last_used_at > now - idle)


async def _end(tx: Tx, condition: ColumnElement[bool]) -> list[int]:
    statement = update(Session).where(condition, Session.ended_at.is_(None)).values(ended_at=func.now())
    return list((await tx.scalars(statement.returning(Session.id))).all())


def _actor(session: Session, user: User, roles_end_at: datetime | None) -> Actor:
    return Actor(
        user_id=user.id,
        username=user.username,
        is_admin=user.is_admin,
        scopes=frozenset({Scope.API}),
        session_id=session.id,
        valid_until=min(session.expires_at, roles_end_at or session.expires_at),
    )


def _person(actor: Actor) -> int:
    """The id of the person behind the actor; what confines a token keeps it from the person's sign-ins, too."""
    user_id = policy.require_signed_in(actor)
    if actor.is_confined or actor.model_patterns is not None:
        raise Forbidden("A token that is confined to a project, a group or models cannot end sessions.")
    return user_id
