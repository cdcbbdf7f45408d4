"""What a process caches of tokens and of the projects that they reach, so that a request need not read it again.

No entry is used for longer than it is true: every request reads the epoch first (``epoch.py``), and an epoch that has
changed empties the cache. A token that was revoked is refused as soon as the revocation is acknowledged.

Worked example: a training job sends 1,000 ``log-batch`` calls. The first one reads the token, its user and the
project: two statements. Every later one reads the epoch, one row on the priority connection and shared by all requests
that arrive at once, and takes both from here. Decision 0016 has the figures.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from app.access.limits.requests import Subject

if TYPE_CHECKING:
    from app.access.limits.requests import RequestMeter
    from app.access.policy import Actor, ProjectAccess

Key = TypeVar("Key")
Value = TypeVar("Value")
FRESH_SECONDS = 2.0
"""How long after its start a request may use what was true then; one that takes longer reads again."""
MAX_TOKENS = 2_000
MAX_PROJECTS = 20
"""Entries at most: tokens of a process, as many sessions, and projects of each token; the oldest one makes room."""


@dataclass(slots=True)
class CachedToken:
    """A token as it was when it was read."""

    actor: Actor
    expires_at: datetime | None
    """When it ends, or a membership of its user does: no commit tells of that."""
    last_used_at: datetime | None
    projects: dict[int | str, ProjectAccess] = field(default_factory=dict)

    def is_expired(self, now: datetime) -> bool:
        """Whether it has to be read again."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(slots=True)
class CachedSession:
    """A session as it was when it was read."""

    actor: Actor
    expires_at: datetime
    """When it ends, or a membership of its person does."""
    last_used_at: datetime
    """As far as this process has read or noted it."""
    idle: timedelta
    """How long it may go unused."""
    projects: dict[int | str, ProjectAccess] = field(default_factory=dict)

    def is_expired(self, now: datetime) -> bool:
        """Whether it has to be read again: it may have been used with another process meanwhile."""
        return self.expires_at <= now or self.last_used_at + self.idle <= now


@dataclass(slots=True)
class RequestCache:
    """What one request may use of the projects that its token reaches."""

    projects: dict[int | str, ProjectAccess]
    began: float
    is_invalid: bool = False
    origin: RequestCache | None = None
    meter: RequestMeter | None = None
    """Counts the request for the projects that it reaches; None: it is not counted."""
    counted: tuple[int, ...] = ()
    """The projects for which it was."""
    first: tuple[int, str] | None = None
    """Number and path of the first project that the request reached: for its log line, and its share of the queue."""

    @classmethod
    def of(cls, cached: CachedToken | CachedSession, meter: RequestMeter | None = None) -> RequestCache:
        return cls(cached.projects, time.monotonic(), meter=meter)

    def branch(self) -> RequestCache:
        """The same for one of several operations of one connection; what one invalidates is invalid for all."""
        return RequestCache(self.projects, self.began, origin=self, meter=self.meter)

    async def count(self, access: ProjectAccess) -> None:
        """Count the request for a project that it reaches, once.

        Raises:
            RequestLimitReached: the project has used up its minute.
        """
        if self.meter is None or access.id in self.counted:
            return
        self.counted = (*self.counted, access.id)
        await self.meter.count(Subject.PROJECT, access.id, access.project.request_limit)

    def leave_uncounted(self, project_id: int) -> None:
        """Let the request reach a project without being counted for it."""
        self.counted = (*self.counted, project_id)

    def get(self, reference: int | str) -> ProjectAccess | None:
        """The project as it was when the request began, unless that is too long ago."""
        if self._must_read() or time.monotonic() - self.began >= FRESH_SECONDS:
            return None
        access = self.projects.get(_normalized(reference))
        if access is not None:
            self.reached(access)
        return access

    def put(self, reference: int | str, access: ProjectAccess) -> None:
        """Keep what was read after the request began."""
        if not self._must_read():
            _keep(self.projects, _normalized(reference), access, MAX_PROJECTS)

    def reached(self, access: ProjectAccess) -> None:
        """Remember the first project that the request reaches."""
        if self.first is None:
            self.first = access.id, access.project.full_path

    def invalidate(self) -> None:
        """Use nothing any more: the request itself has just changed who may do what."""
        self.is_invalid = True
        if self.origin is not None:
            self.origin.invalidate()

    def _must_read(self) -> bool:
        return self.is_invalid or (self.origin is not None and self.origin.is_invalid)


Cached = TypeVar("Cached", CachedToken, CachedSession)


class TokenCache(Generic[Cached]):
    """The tokens, or the sessions, that were read since the epoch last changed, by the hashes of their secrets and by
    their ids.
    """

    def __init__(self) -> None:
        self._epoch = 0
        self._entries: dict[bytes | int, Cached] = {}

    def get(self, epoch: int, key: bytes | int) -> Cached | None:
        """One that is valid now, if it was cached in this epoch."""
        if epoch != self._epoch:
            self._epoch = epoch
            self._entries = {}
        entry = self._entries.get(key)
        return None if entry is None or entry.is_expired(datetime.now(UTC)) else entry

    def put(self, epoch: int, key: bytes | int, entry: Cached) -> None:
        """Keep one that was read after the epoch was."""
        if epoch == self._epoch:
            _keep(self._entries, key, entry, MAX_TOKENS)


def _normalized(reference: int | str) -> int | str:
    """Paths are the same in capitals and in small letters."""
    return reference.lower() if isinstance(reference, str) else reference


def _keep(entries: dict[Key, Value], key: Key, value: Value, limit: int) -> None:
    if key not in entries and len(entries) >= limit:
        del entries[next(iter(entries))]
    entries[key] = value
