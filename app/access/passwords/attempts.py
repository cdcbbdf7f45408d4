"""Attempts to guess a password, counted in PostgreSQL: exact for all processes, however many come at once.

An attempt is counted before its password is looked at, and given back when it was right; so no number of attempts at
the same moment, and no process that dies meanwhile, gets more of them than the rules of `lanes` allow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from app.access.authentication.networks import network_of
from app.access.passwords.lanes import FORGIVEN, Count, Decision, Lane, decide, given_back
from app.db.database import Database, Tx
from app.db.statements import Statement
from app.errors import TooManyRequests

_SWEPT_AT_ONCE = 10_000
_A_NAME = "with this name"


class _Row(NamedTuple):
    subject: bytes
    failures: int
    last_at: datetime
    next_at: datetime
    has_turn: bool
    now: datetime


_READ = Statement(
    "access.read_attempts",
    "What is counted of some subjects, and the time.",
    """
    SELECT s.subject, coalesce(f.failures, 0) AS failures, coalesce(f.last_at, to_timestamp(0)) AS last_at,
           coalesce(f.next_at, to_timestamp(0)) AS next_at, coalesce(f.has_turn, false) AS has_turn,
           clock_timestamp() AS now
    FROM unnest(:subjects::bytea[]) AS s(subject) LEFT JOIN sign_in_failures AS f USING (subject)
    """,
    row=_Row,
)
# An update of nothing locks the rows that are there. All transactions lock them in one order, and the time is read
# after the wait for a lock.
_LOCK = Statement(
    "access.lock_attempts",
    "What is counted of some subjects, locked until the transaction ends.",
    """
    INSERT INTO sign_in_failures AS f (subject, failures, last_at, next_at, has_turn)
    SELECT s.subject, 0, to_timestamp(0), to_timestamp(0), false
    FROM unnest(:subjects::bytea[]) AS s(subject) ORDER BY s.subject
    ON CONFLICT (subject) DO UPDATE SET failures = f.failures
    RETURNING f.subject, f.failures, f.last_at, f.next_at, f.has_turn, clock_timestamp() AS now
    """,
    row=_Row,
)
_WRITE = Statement(
    "access.write_attempts",
    "What is counted from now on; the rows are locked.",
    """
    UPDATE sign_in_failures AS f
    SET failures = c.failures, last_at = c.last_at, next_at = c.next_at, has_turn = c.has_turn
    FROM unnest(:subjects::bytea[], :failures::smallint[], :last_at::timestamptz[], :next_at::timestamptz[],
                :has_turn::boolean[]) AS c(subject, failures, last_at, next_at, has_turn)
    WHERE f.subject = c.subject
    """,
)
_LOCK_EXISTING = Statement(
    "access.lock_existing_attempts",
    "The failures of some subjects, locked in the one order.",
    """
    SELECT subject, failures FROM sign_in_failures WHERE subject = ANY (:subjects::bytea[]) ORDER BY subject FOR UPDATE
    """,
)
_GIVE_BACK = Statement(
    "access.give_back_attempts",
    "Forget one subject, and write what the others have left; the rows are locked.",
    """
    WITH forgotten AS (DELETE FROM sign_in_failures WHERE subject = :own)
    UPDATE sign_in_failures AS f SET failures = l.failures
    FROM unnest(:subjects::bytea[], :failures::smallint[]) AS l(subject, failures) WHERE f.subject = l.subject
    """,
)
_SWEEP = Statement(
    "access.sweep_attempts",
    "Remove some of the rows whose failures are all forgiven.",
    """
    DELETE FROM sign_in_failures WHERE subject IN (
        SELECT subject FROM sign_in_failures
        WHERE next_at < now() - :forgiven::interval AND last_at + failures * :forgiven::interval < now()
        LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    """,
)


@dataclass(frozen=True, slots=True)
class Subjects:
    """What one attempt is counted as: the digest of each lane."""

    by_lane: Mapping[Lane, bytes]

    @property
    def own(self) -> bytes:
        """The one that is forgotten when the attempt was right."""
        return self.by_lane.get(Lane.PAIR) or self.by_lane[Lane.BROWSER]


def from_stranger(name: str, address: str) -> Subjects:
    """An attempt with a name, from a browser that has not signed in with it.

    The name is what was typed: a name that exists and one that does not are counted alike, and so are a username and
    an e-mail address, whether they belong to one person or not.
    """
    network = network_of(address)
    digests = {
        Lane.PAIR: _digest("pair", name, network),
        Lane.ADDRESS: _digest("address", network),
        Lane.ACCOUNT: _digest("account", name),
        Lane.ACCOUNT_AGAIN: _digest("account", name),
    }
    return Subjects({lane: bytes([lane]) + digest for lane, digest in digests.items()})


def of_one(kind: str, *values: str) -> Subjects:
    """Attempts that are counted by themselves: of a browser that has signed in before, or of a session."""
    return Subjects({Lane.BROWSER: bytes([Lane.BROWSER]) + _digest(kind, *values)})


def of_code(user_id: int, address: str) -> Subjects:
    """A person's guess of the code that another machine shows."""
    digests = {
        Lane.PAIR: _digest("code of a person", str(user_id)),
        Lane.ADDRESS: _digest("code from an address", network_of(address)),
    }
    return Subjects({lane: bytes([lane]) + digest for lane, digest in digests.items()})


async def refuse_early(db: Database, subjects: Subjects, what: str = _A_NAME) -> None:
    """Refuse an attempt that has to wait already, without locking or writing anything; ``what`` was tried.

    Raises:
        TooManyRequests: with the time to wait.
    """
    async with db.direct() as connection:
        rows = await _READ.fetch(connection, subjects=list(subjects.by_lane.values()))
    decision = _decide(subjects, rows)
    if not decision.is_admitted and not decision.changes:
        raise refusal(decision.wait, what)


async def reserve(tx: Tx, subjects: Subjects) -> Decision:
    """Step: count an attempt before it is made. Answers whether it may be made now, or how long it has to wait.

    The transaction has to commit either way: who has to wait may have been given a turn.
    """
    decision = _decide(subjects, await _LOCK.fetch(tx, subjects=list(subjects.by_lane.values())))
    changes = [(subjects.by_lane[lane], count) for lane, count in decision.changes.items()]
    if changes:
        await _WRITE.execute(
            tx,
            subjects=[subject for subject, _ in changes],
            failures=[count.failures for _, count in changes],
            last_at=[count.last_at for _, count in changes],
            next_at=[count.next_at for _, count in changes],
            has_turn=[count.has_turn for _, count in changes],
        )
    return decision


async def give_back(tx: Tx, subjects: Subjects) -> None:
    """Step: the attempt was right. What this caller got wrong before is forgotten, what others did is not."""
    rows = await _LOCK_EXISTING.fetch(tx, subjects=list(subjects.by_lane.values()))
    failures = {row["subject"]: row["failures"] for row in rows}
    left = given_back({lane: failures[one] for lane, one in subjects.by_lane.items() if one in failures})
    others = [subjects.by_lane[lane] for lane in left]
    await _GIVE_BACK.execute(tx, own=subjects.own, subjects=others, failures=list(left.values()))


async def sweep(db: Database) -> int:
    """Remove rows whose failures are all forgiven. Answers how many; safe to run twice, and in two processes."""
    async with db.committing(grows=False) as connection:
        return await _SWEEP.execute(connection, forgiven=FORGIVEN, limit=_SWEPT_AT_ONCE)


def refusal(wait: timedelta, what: str = _A_NAME) -> TooManyRequests:
    """What is said to who has to wait; the same for accounts that exist and for those that do not."""
    seconds = max(1, -int(-wait.total_seconds() // 1))
    return TooManyRequests(
        f"There were too many failed attempts {what} or from this network; try again in {seconds} s.",
        retry_after=seconds,
    )


def _decide(subjects: Subjects, rows: list[_Row]) -> Decision:
    by_subject = {row.subject: row for row in rows}
    counts = {}
    for lane, subject in subjects.by_lane.items():
        row = by_subject[subject]
        counts[lane] = Count(row.failures, row.last_at, row.next_at, row.has_turn)
    return decide(counts, max(row.now for row in rows))


def _digest(*values: str) -> bytes:
    return hashlib.sha256("\0".join(values).encode("utf-8", "surrogatepass")).digest()
