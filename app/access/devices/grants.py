"""What a machine does: it begins a sign-in, shows its code, and polls until a person has decided.

No row is needed once it has ended: a machine that polls with a code that is no longer there is told that it is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from app.access import access_log, tokens
from app.access.access_log import Action
from app.access.authentication.client_info import ClientInfo
from app.access.authentication.networks import network_of
from app.access.devices import codes
from app.access.policy import Actor, Scope
from app.access.token_rules import expiry
from app.access.tokens import Issued, IssueToken, digest
from app.db.database import Database, Tx
from app.db.statements import Statement
from app.errors import Invalid, TooManyRequests, Unavailable

LIFE = timedelta(minutes=10)
INTERVAL = timedelta(seconds=5)
SLOWER = timedelta(seconds=5)
"""What a machine that polls too fast adds to its interval (RFC 8628 §3.5)."""
SLOWEST = timedelta(minutes=1)
_JITTER = timedelta(seconds=1)
"""So much earlier a poll may arrive: networks do not deliver in even steps."""
MOST_OF_A_NETWORK = 100
MOST_OF_ALL = 20_000
"""Sign-ins that may wait for a decision at once. Anyone may begin one, so that their rows are bounded by this."""
MAX_NAME = 100
_NO_NAME = "A program"
_SWEPT_AT_ONCE = 10_000
_COLLISIONS = 5
_PERSONAL = (Scope.API, Scope.READ_API)

_COUNT = Statement(
    "access.count_device_grants",
    "Sign-ins of machines that have not ended: of one network, and of all.",
    """
    SELECT count(*) FILTER (WHERE network = :network) AS here, count(*) AS everywhere
    FROM device_grants WHERE expires_at > now()
    """,
)
_BEGIN = Statement(
    "access.begin_device_grant",
    "A machine begins; nothing is written if the code of another one is the same.",
    """
    INSERT INTO device_grants (device_sha256, user_code, name, scopes, address, network, expires_at, poll_seconds)
    VALUES (:sha256, :user_code, :name, :scopes, :address, :network, now() + :life::interval, :seconds)
    ON CONFLICT (user_code) DO NOTHING
    """,
)


class _Polled(NamedTuple):
    name: str
    scopes: Sequence[str]
    user_id: int | None
    username: str | None
    is_over: bool
    is_decided: bool
    is_used: bool
    is_fast: bool
    may_sign_in: bool
    poll_seconds: int


_LOCK = Statement(
    "access.lock_device_grant",
    "The sign-in that a machine polls for, locked: of two polls at once the second sees what the first has done.",
    """
    SELECT g.name, g.scopes, g.user_id, g.poll_seconds, u.username,
           g.expires_at <= now() AS is_over, g.decided_at IS NOT NULL AS is_decided, g.used_at IS NOT NULL AS is_used,
           g.last_polled_at IS NOT NULL AND g.last_polled_at + make_interval(secs => g.poll_seconds)
               > clock_timestamp() + :jitter::interval AS is_fast,
           u.id IS NOT NULL AND u.blocked_at IS NULL AND u.deleted_at IS NULL AS may_sign_in
    FROM device_grants AS g LEFT JOIN users AS u ON u.id = g.user_id
    WHERE g.device_sha256 = :sha256 FOR UPDATE OF g
    """,
    row=_Polled,
)
_NOTE_POLL = Statement(
    "access.note_device_poll",
    "A machine has polled; its interval from now on.",
    """
    UPDATE device_grants SET last_polled_at = clock_timestamp(), poll_seconds = :seconds WHERE device_sha256 = :sha256
    """,
)
_USE = Statement(
    "access.use_device_grant",
    "The machine has taken its token.",
    "UPDATE device_grants SET used_at = now() WHERE device_sha256 = :sha256",
)
_WITHDRAW = Statement(
    "access.withdraw_device_grants",
    "End the sign-ins that a person has allowed and no machine has taken.",
    "DELETE FROM device_grants WHERE user_id = :user AND used_at IS NULL",
)
_SWEEP = Statement(
    "access.sweep_device_grants",
    "Remove some of the sign-ins that ended a while ago.",
    """
    DELETE FROM device_grants WHERE device_sha256 IN (
        SELECT device_sha256 FROM device_grants WHERE expires_at < now() - :kept::interval
        LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    """,
)


class Refusal(StrEnum):
    """Why a poll brings no token (RFC 8628 §3.5, RFC 6749 §5.2)."""

    PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    DENIED = "access_denied"
    EXPIRED = "expired_token"
    UNKNOWN = "invalid_grant"


_SAID = {
    Refusal.PENDING: "The sign-in waits to be confirmed in a browser.",
    Refusal.SLOW_DOWN: "This was too early after the last poll; wait five seconds longer from now on.",
    Refusal.DENIED: "The sign-in was refused in the browser.",
    Refusal.EXPIRED: "The sign-in was not confirmed in time; begin again.",
    Refusal.UNKNOWN: "There is no such sign-in, or its token was taken already; begin again.",
}


class NoToken(Invalid):
    """A poll that brings no token, or not yet."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(_SAID[refusal])
        self.refusal = refusal


class UnknownScope(Invalid):
    """A scope that a command line cannot have."""


@dataclass(frozen=True, slots=True)
class Begin:
    """What a machine says of itself: anything, since anyone may begin."""

    device_name: str
    scope: str
    client: ClientInfo


@dataclass(frozen=True, slots=True)
class Begun:
    """What it shows to its user, and the secret with which it polls."""

    device_code: str = field(repr=False)
    user_code: str


async def begin(db: Database, command: Begin) -> Begun:
    """Begin a sign-in, which lives for ten minutes.

    Raises:
        UnknownScope: a scope that a personal token cannot have.
        TooManyRequests: too many of this network wait for a decision.
        Unavailable: too many of all networks do.
    """
    scopes = _scopes(command.scope)
    network = network_of(command.client.address)
    begun = Begun(codes.new_device_code(), codes.new_user_code())
    async with db.committing() as connection:
        count = await _COUNT.fetch_one(connection, network=network)
        assert count is not None, "an aggregate has a row"
        if count["here"] >= MOST_OF_A_NETWORK:
            raise TooManyRequests(
                f"{MOST_OF_A_NETWORK} sign-ins of this network wait to be confirmed; try again in a minute.",
                retry_after=60,
            )
        if count["everywhere"] >= MOST_OF_ALL:
            raise Unavailable("Too many sign-ins wait to be confirmed; try again in a few minutes.")
        for _ in range(_COLLISIONS):
            written = await _BEGIN.execute(
                connection,
                sha256=digest(begun.device_code),
                user_code=begun.user_code,
                name=_name(command.device_name),
                scopes=scopes,
                address=command.client.address,
                network=network,
                life=LIFE,
                seconds=int(INTERVAL.total_seconds()),
            )
            if written:
                return begun
            begun = Begun(begun.device_code, codes.new_user_code())
    raise Unavailable("No code is free; try again in a few minutes.")


async def poll(db: Database, device_code: str, client: ClientInfo, longest: timedelta | None = None) -> Issued:
    """The token, if a person has allowed it: made now, once, whatever number of polls arrive at this moment.

    It ends after ``longest``, the longest life of personal tokens.

    Raises:
        NoToken: not yet, or not any more; ``refusal`` says which.
    """
    if not device_code.startswith(codes.DEVICE_PREFIX) or len(device_code) > codes.MAX_DEVICE_CODE:
        raise NoToken(Refusal.UNKNOWN)
    sha256 = digest(device_code)
    async with db.write() as tx:
        polled = await _LOCK.fetch_one(tx, sha256=sha256, jitter=_JITTER)
        outcome = await _outcome(tx, polled, sha256, client, longest)
    if isinstance(outcome, Refusal):
        raise NoToken(outcome)
    return outcome


async def withdraw(tx: Tx, user_id: int) -> None:
    """Step: what the person has allowed and no machine has taken yet is not given any more."""
    await _WITHDRAW.execute(tx, user=user_id)


async def sweep(db: Database) -> int:
    """Remove sign-ins that ended a while ago. Answers how many; safe to run twice, and in two processes."""
    async with db.committing(grows=False) as connection:
        return await _SWEEP.execute(connection, kept=LIFE, limit=_SWEPT_AT_ONCE)


async def _outcome(
    tx: Tx, polled: _Polled | None, sha256: bytes, client: ClientInfo, longest: timedelta | None
) -> Issued | Refusal:
    if polled is None or polled.is_used:
        return Refusal.UNKNOWN
    if polled.is_over:
        return Refusal.EXPIRED
    if not polled.is_decided:
        longer = min(timedelta(seconds=polled.poll_seconds) + SLOWER, SLOWEST)
        seconds = int(longer.total_seconds()) if polled.is_fast else polled.poll_seconds
        await _NOTE_POLL.execute(tx, sha256=sha256, seconds=seconds)
        return Refusal.SLOW_DOWN if polled.is_fast else Refusal.PENDING
    if polled.user_id is None or not polled.may_sign_in:
        return Refusal.DENIED
    await _USE.execute(tx, sha256=sha256)
    scopes = [Scope(scope) for scope in polled.scopes]
    command = IssueToken(polled.name, scopes, expires_at=expiry.end(None, longest))
    return await _issue(tx, command, polled.user_id, polled.username or "", client)


async def _issue(tx: Tx, command: IssueToken, user_id: int, username: str, client: ClientInfo) -> Issued:
    issued = await tokens.add(tx, command, user_id=user_id, created_by=user_id)
    await access_log.record(
        tx,
        Action.TOKEN_CREATE,
        actor=Actor(user_id=user_id, username=username, client=client),
        token=issued.token.id,
        name=command.name,
        by="device",
    )
    return issued


def _scopes(text: str) -> list[str]:
    wanted = list(dict.fromkeys(text.split())) or [str(Scope.API)]
    if unknown := [scope for scope in wanted if scope not in _PERSONAL]:
        raise UnknownScope(f"There is no scope {unknown[0][:60]} for a command line; there are api and read_api.")
    return wanted


def _name(text: str) -> str:
    """What a machine calls itself, fit to be shown: one line of printable characters."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * MAX_NAME])
    return re.sub(r"\s+", " ", printable).strip()[:MAX_NAME].strip() or _NO_NAME
