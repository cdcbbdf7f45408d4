"""How much an attempt is slowed: pure rules over what is counted, with no database and no clock of their own.

Worked example. Alice mistypes her password in a new browser: five attempts are free, the next one waits 1 s, then 2,
4, 8 … at most 15 minutes. A machine that tries her name from a hundred addresses is slowed at each of them in the same
way; together they get one attempt in five seconds, in turn, and another one for addresses that try for the first time.
Alice, in a browser that has not signed in before, waits for those that try for the first time, too: eight minutes if
all hundred have just begun, seconds later on. In one that has, she does not wait at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum

FORGIVEN = timedelta(minutes=15)
"""A failure is forgiven after so long, one after the other."""
MOST_FAILURES = 96
"""More are not counted, so that after a day without a failure none is left."""
LONGEST_QUEUE = timedelta(hours=1)
"""Turns are given so far ahead; who comes when all are given is told to come again."""
_SECOND = timedelta(seconds=1)


class Lane(IntEnum):
    """What failures are counted by."""

    PAIR = 1
    """A name and an address."""
    ADDRESS = 2
    ACCOUNT = 3
    """A name, from addresses that have no failure with it: so the owner does not wait behind those that have."""
    ACCOUNT_AGAIN = 4
    """A name, from addresses that have one."""
    BROWSER = 5
    """A person and a browser that has signed in before, or a session that changes its password."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures are free; then the next attempt waits a second, and twice as long each time."""

    free: int
    longest: timedelta

    def wait(self, failures: int) -> timedelta:
        """How long the next attempt waits after so many failures."""
        doublings = failures - self.free - 1
        return min(_SECOND * 2 ** min(doublings, 20), self.longest) if doublings >= 0 else timedelta()


LIMITS = {
    Lane.PAIR: Limit(4, timedelta(minutes=15)),
    Lane.ADDRESS: Limit(20, timedelta(seconds=30)),
    Lane.ACCOUNT: Limit(10, timedelta(seconds=5)),
    Lane.ACCOUNT_AGAIN: Limit(10, timedelta(seconds=5)),
    Lane.BROWSER: Limit(9, timedelta(minutes=15)),
}


@dataclass(frozen=True, slots=True)
class Count:
    """What is counted of one subject."""

    failures: int
    last_at: datetime
    next_at: datetime
    has_turn: bool = False

    def at(self, now: datetime) -> int:
        """The failures that are not forgiven yet."""
        return max(0, self.failures - max(0, (now - self.last_at) // FORGIVEN))

    def with_attempt(self, lane: Lane, now: datetime) -> Count:
        """One more, which counts as a failure until it has turned out to be right."""
        failures = min(self.at(now) + 1, MOST_FAILURES)
        return Count(failures, now, max(now, self.next_at) + LIMITS[lane].wait(failures))


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an attempt is made now, else how long it waits; and what is to be written either way."""

    wait: timedelta
    changes: Mapping[Lane, Count]

    @property
    def is_admitted(self) -> bool:
        return not self.wait


def decide(counts: Mapping[Lane, Count], now: datetime) -> Decision:
    """What becomes of an attempt that is counted in these lanes, one of which is the caller's own.

    Where a lane that it shares with others is not free, the caller is given a turn: the attempt is counted there now,
    and made once the time has come, whatever the others do meanwhile.
    """
    lane = Lane.PAIR if Lane.PAIR in counts else Lane.BROWSER
    own = counts[lane]
    if own.next_at > now:
        return Decision(own.next_at - now, {})
    if own.has_turn:
        return Decision(timedelta(), {lane: own.with_attempt(lane, now)})
    unused = Lane.ACCOUNT_AGAIN if own.at(now) == 0 else Lane.ACCOUNT
    shared = {other: count for other, count in counts.items() if other not in {lane, unused}}
    counted = {other: count.with_attempt(other, now) for other, count in shared.items()}
    free_at = max((count.next_at for count in shared.values()), default=now)
    if free_at <= now:
        return Decision(timedelta(), {lane: own.with_attempt(lane, now), **counted})
    if free_at - now > LONGEST_QUEUE:
        return Decision(free_at - now, {})
    return Decision(free_at - now, {lane: replace(own, next_at=free_at, has_turn=True), **counted})


def given_back(counts: Mapping[Lane, int]) -> Mapping[Lane, int]:
    """The failures that are left after an attempt that was right: the caller's own are taken from every lane."""
    own = counts.get(Lane.PAIR, 0)
    in_lanes = {Lane.ADDRESS: own, Lane.ACCOUNT: min(own, 1), Lane.ACCOUNT_AGAIN: own - min(own, 1)}
    return {lane: max(counts[lane] - share, 0) for lane, share in in_lanes.items() if lane in counts}
