"""The subscribers of this process, and whether they still may see what they subscribed to.

A subscriber is an actor, a project, and what has to be allowed there. Every other second all tokens
are looked up in one statement and each project once per actor, so that revocation, expiry and demotion end a
subscription within seconds, whether anything happens or not.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog
from prometheus_client import Gauge

from app.access import policy, projects, sessions, tokens
from app.access.policy import Actor, Permission, ProjectAccess
from app.access.sessions import SessionEnded
from app.db.database import Database
from app.errors import ModelyardError, NotFound, Unauthenticated, Unavailable
from app.journal import events
from app.journal.events import Event
from app.journal.positions import Cursor, Position
from app.live.feeds import Feed
from app.queue import change_tokens
from app.tracking.reads import changes as candidate_watching
from app.tracking.reads.changes import Change

EVENTS_EVERY = 0.25
CHANGES_EVERY = 0.5
CHECK_EVERY = 2.0
MAX_EVENTS = 50_000
"""Events of one reading, far more than a subscriber's queue can hold."""
WATCHERS = Gauge("modelyard_live_watchers", "Subscriptions that are open in this process.", multiprocess_mode="livesum")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EventMessage:
    """An event and the cursor after it."""

    event: Event
    cursor: Cursor


@dataclass(eq=False, slots=True)
class Subscriber:
    """A caller that gets messages; ``access`` is as of the last check, ``end`` ends it with a reason."""

    actor: Actor
    end: Callable[[ModelyardError], None]
    project: int | None = None
    needs: Sequence[Permission] = ()
    access: ProjectAccess | None = field(default=None)


class Live:
    """The feeds of one process and the subscribers of them all."""

    def __init__(self, db: Database, *, session_idle: timedelta = sessions.IDLE) -> None:
        """``session_idle`` is how long a session may go unused."""
        self.db = db
        self._session_idle = session_idle
        self._subscribers: set[Subscriber] = set()
        self._checker: asyncio.Task[None] | None = None
        self._job_states: dict[UUID, str] = {}
        self.events: Feed[int, EventMessage] = Feed(self._read_events, self.mark, EVENTS_EVERY)
        self.candidates: Feed[candidate_watching.Key, tuple[Change, Cursor]] = Feed(
            self._read_candidates, self.mark, CHANGES_EVERY
        )
        self.jobs: Feed[UUID, None] = Feed(self._read_jobs, self.mark, CHANGES_EVERY)

    @contextlib.asynccontextmanager
    async def subscribed(self, subscriber: Subscriber) -> AsyncIterator[Subscriber]:
        """Keep checking a subscriber's permissions until the block ends."""
        self._subscribers.add(subscriber)
        WATCHERS.inc()
        if self._checker is None or self._checker.done():
            self._checker = asyncio.create_task(self._check_forever())
        try:
            yield subscriber
        finally:
            WATCHERS.dec()
            self._subscribers.discard(subscriber)
            if not self._subscribers and self._checker is not None:
                self._checker.cancel()
                self._checker = None

    async def mark(self) -> Position:
        """What can be seen now."""
        async with self.db.read() as snap:
            return await events.position(snap)

    async def close(self) -> None:
        """End all subscriptions."""
        for feed in (self.events, self.candidates, self.jobs):
            await feed.close()
        for subscriber in list(self._subscribers):
            subscriber.end(Unavailable("This process is about to stop; connect again."))

    async def _read_events(
        self, seen: Position, keys: Sequence[int]
    ) -> tuple[Position, list[tuple[int, EventMessage]]]:
        async with self.db.read() as snap:
            mark, rows = await events.since(snap, keys, seen, MAX_EVENTS)
        return mark, [
            (one.project_id, EventMessage(one, Cursor(seen, mark, (one.transaction, one.id)))) for one in rows
        ]

    async def _read_candidates(
        self, seen: Position, keys: Sequence[candidate_watching.Key]
    ) -> tuple[Position, list[tuple[candidate_watching.Key, tuple[Change, Cursor]]]]:
        async with self.db.read() as snap:
            mark, changes = await candidate_watching.since(snap, keys, seen)
        return mark, [(change.key, (change, Cursor.at(mark))) for change in changes]

    async def _read_jobs(self, seen: Position, keys: Sequence[UUID]) -> tuple[Position, list[tuple[UUID, None]]]:
        async with self.db.read() as snap:
            states = await change_tokens.states(snap, keys)
        changed = [id for id in keys if self._job_states.get(id) != states.get(id)]
        self._job_states = states
        return seen, [(id, None) for id in changed]

    async def _check_forever(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY)
            try:
                await self._check(list(self._subscribers))
            except ModelyardError as error:  # the database is away: no permission has changed meanwhile
                log.warning("live.unverified", reason=error.message)

    async def _check(self, subscribers: Sequence[Subscriber]) -> None:
        token_ids = {one.actor.token_id for one in subscribers if one.actor.token_id is not None}
        session_ids = {one.actor.session_id for one in subscribers if one.actor.session_id is not None}
        holders = await tokens.actors_of(self.db, sorted(token_ids))
        people = await sessions.actors_of(self.db, sorted(session_ids), idle=self._session_idle)
        seen: dict[tuple[int | None, int | None, int], ProjectAccess | NotFound] = {}
        for one in subscribers:
            if one.actor.token_id is not None and holders.get(one.actor.token_id) != one.actor:
                one.end(Unauthenticated("The token was revoked, has expired, or means less than before."))
            elif one.actor.session_id is not None and people.get(one.actor.session_id) != one.actor:
                one.end(SessionEnded())
            elif one.project is not None:
                key = (one.actor.token_id, one.actor.session_id, one.project)
                if key not in seen:
                    seen[key] = await self._access(one.actor, one.project)
                _renew(one, seen[key])

    async def _access(self, actor: Actor, project: int) -> ProjectAccess | NotFound:
        try:
            return await projects.get(self.db, actor, project)
        except NotFound as error:
            return error


def _renew(subscriber: Subscriber, access: ProjectAccess | NotFound) -> None:
    if isinstance(access, NotFound):
        subscriber.end(access)
        return
    subscriber.access = access
    try:
        for permission in subscriber.needs:
            policy.require(subscriber.actor, access, permission)
    except ModelyardError as error:
        subscriber.end(error)
