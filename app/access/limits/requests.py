"""Limits of requests in a minute, kept together by all processes of all machines.

A process takes a share of what is left of the minute from PostgreSQL, at most a fiftieth of the limit, and gives it out
by itself; so a limit of 6,000 costs a statement every 120 requests, and no limit costs none. The shares become smaller
as the minute's end of use comes near. Never are more requests let through in a minute (of the clock of the database)
than the limit says. Fewer may be, by what other processes have taken and not given out: a fiftieth for each at most.
What was measured stands in docs/decisions/0040-limits.md. Redis takes no part.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from app.db.database import Database
from app.db.statements import Statement
from app.errors import TooManyRequests
from app.settings import Settings

WINDOW_SECONDS = 60
"""Limits are by this time; all counts begin anew with each minute of the clock."""
SHARES_OF_LIMIT = 50
MAX_SUBJECTS = 10_000
"""Projects and tokens of which a process remembers its share; beyond that it forgets the oldest, which wastes those."""
_REMOVED_AFTER_WINDOWS = 60


class Subject(IntEnum):
    """Whose requests are counted."""

    PROJECT = 1
    TOKEN = 2


class RequestLimitReached(TooManyRequests):
    """As many requests as are allowed in a minute have been made; nothing was done."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """Limits of projects and tokens that have none of their own; None: no limit."""

    project: int | None = None
    """Requests in a minute."""
    token: int | None = None
    project_bytes: int | None = None
    """Bytes in the store."""
    token_bytes: int | None = None

    @classmethod
    def of(cls, settings: Settings) -> Defaults:
        """From settings, where 0 means none."""
        return cls(
            settings.project_request_limit or None,
            settings.token_request_limit or None,
            settings.project_storage_limit or None,
            settings.token_storage_limit or None,
        )


class _Granted(NamedTuple):
    granted: int
    seconds_left: float


_TAKE = Statement(
    "access.take_requests",
    "Take some of what is left of a limit in this minute: a quarter of it at most, while there is any.",
    """
    WITH clock AS (SELECT extract(epoch FROM clock_timestamp()) AS now)
    INSERT INTO request_counts AS c (kind, subject_id, minute, used, granted)
    SELECT :kind::smallint, :subject::bigint, floor(now / :window::int)::bigint, least(:wanted::bigint, :most::bigint),
      least(:wanted::bigint, :most::bigint) FROM clock
    ON CONFLICT (kind, subject_id) DO UPDATE SET
      minute = greatest(c.minute, excluded.minute),
      used = CASE WHEN c.minute < excluded.minute THEN excluded.used ELSE c.used + greatest(0,
        least(:most::bigint - c.used, :wanted::bigint, greatest(1, (:most::bigint - c.used) / 4))) END,
      granted = CASE WHEN c.minute < excluded.minute THEN excluded.granted ELSE greatest(0,
        least(:most::bigint - c.used, :wanted::bigint, greatest(1, (:most::bigint - c.used) / 4))) END
    RETURNING c.granted, ((c.minute + 1) * :window::int - extract(epoch FROM clock_timestamp()))::float8 AS seconds_left
    """,
    row=_Granted,
)
_REMOVE_OLD = Statement(
    "access.remove_request_counts",
    "Remove counts of minutes that are long over.",
    "DELETE FROM request_counts WHERE minute < floor(extract(epoch FROM now()) / :window::int) - :kept::int",
)


@dataclass(slots=True)
class _Share:
    """What this process may still give out of a limit, and until when."""

    most: int
    units: int = 0
    ends_at: float = 0.0
    size: int = 1
    """How much it takes the next time."""
    is_spent: bool = False
    """Whether nothing was left when it last wanted more."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class RequestMeter:
    """Counts the requests of this process for the limits of projects and tokens."""

    def __init__(self, db: Database, defaults: Defaults, clock: Callable[[], float] = time.monotonic) -> None:
        self._db, self.defaults, self._clock = db, defaults, clock
        self._shares: dict[tuple[Subject, int], _Share] = {}

    async def count(self, subject: Subject, id: int, most: int | None) -> None:
        """Count a request of a project or token whose own limit is ``most``.

        Raises:
            RequestLimitReached: it has made as many in this minute; nothing was counted.
            Unavailable: the database is away.
        """
        if most is None:
            most = self.defaults.project if subject is Subject.PROJECT else self.defaults.token
            if most is None:
                return
        share = self._share(subject, id, most)
        if self._is_given(share):
            return
        async with share.lock:
            while not self._is_given(share):
                await self._take(share, subject, id)
                if share.is_spent:
                    raise self._refusal(share, subject)

    def _share(self, subject: Subject, id: int, most: int) -> _Share:
        share = self._shares.get((subject, id))
        if share is None or share.most != most:
            if len(self._shares) >= MAX_SUBJECTS:
                del self._shares[next(iter(self._shares))]
            share = self._shares[subject, id] = _Share(most)
        return share

    def _is_given(self, share: _Share) -> bool:
        """Give out one unit; False: there is none, or its minute is over."""
        if share.units < 1 or self._clock() >= share.ends_at:
            return False
        share.units -= 1
        return True

    async def _take(self, share: _Share, subject: Subject, id: int) -> None:
        began = self._clock()
        if began >= share.ends_at:
            share.is_spent, share.size = False, max(1, share.size // 4)
        if share.is_spent:
            return
        async with self._db.direct() as connection:
            (taken,) = await _TAKE.fetch(
                connection, kind=int(subject), subject=id, window=WINDOW_SECONDS, wanted=share.size, most=share.most
            )
        share.units, share.ends_at = taken.granted, began + taken.seconds_left
        share.is_spent = not taken.granted
        share.size = min(share.size * 2, max(1, share.most // SHARES_OF_LIMIT))

    def _refusal(self, share: _Share, subject: Subject) -> RequestLimitReached:
        wait = max(1.0, share.ends_at - self._clock())
        whose = "project" if subject is Subject.PROJECT else "token"
        return RequestLimitReached(
            f"The limit of this {whose} is {share.most:,} requests a minute, and as many were made; nothing was done. "
            f"Go on in {wait:.0f} s.",
            retry_after=wait,
        )


async def remove_old(db: Database) -> int:
    """Remove the counts of projects and tokens that have made no request for an hour; the number of them."""
    async with db.write() as tx:
        return await _REMOVE_OLD.execute(tx, window=WINDOW_SECONDS, kept=_REMOVED_AFTER_WINDOWS)
