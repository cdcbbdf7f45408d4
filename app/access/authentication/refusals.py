"""Tokens and sessions that were refused, for the access log: collected in memory, written a moment later.

A refusal costs its request an entry in a dictionary. An entry of the log is written once a minute at most for each
credential and network, with how often it was refused; credentials that no one has ever had are counted by network, and
beyond a bound all together. So a client that goes on with a revoked token, or one that guesses tokens, fills no disk.
Each process counts for itself; what it has counted in the last seconds ends with it if it is killed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import structlog
from sqlalchemy import func, select

from app.access import access_log
from app.access.access_log import Action, Entry
from app.access.authentication.client_info import UNKNOWN, ClientInfo
from app.access.authentication.networks import network_of
from app.access.tables import Token, User
from app.access.tables_of_people import Session
from app.db.database import Database, Snapshot
from app.errors import Unavailable

WRITE_SECONDS = 2.0
"""Seconds after a refusal until it is written."""
QUIET_SECONDS = 60.0
"""Seconds after an entry for which its credential and network have no other."""
MAX_CREDENTIALS = 1_000
"""Pairs of credential and network that are counted one by one."""
MAX_UNKNOWN = 20
"""Entries of credentials that no one had, for as many networks, in ``QUIET_SECONDS``."""
log = structlog.get_logger()


@dataclass(slots=True)
class _Counted:
    """Refusals that are not written yet, the first client that met one, and when an entry was written last."""

    client: ClientInfo
    refused: int = 0
    written_at: float = -QUIET_SECONDS

    def is_due(self, now: float, *, ends: bool) -> bool:
        return self.refused > 0 and (ends or now - self.written_at >= QUIET_SECONDS)

    def is_over(self, now: float) -> bool:
        return not self.refused and now - self.written_at >= QUIET_SECONDS


class _Credential(NamedTuple):
    """Whose credential it was, and why it is refused."""

    kind: str
    id: int
    user_id: int
    username: str
    reason: str
    project_id: int | None = None
    group_id: int | None = None


class Refusals:
    """What this process has refused and not yet written."""

    def __init__(self, db: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._db, self._clock = db, clock
        self._credentials: dict[tuple[bytes, str], _Counted] = {}
        self._unknown: dict[str, _Counted] = {}
        """By network."""
        self._others = _Counted(UNKNOWN)
        self._writing: asyncio.Task[None] | None = None

    def note(self, sha256: bytes, client: ClientInfo) -> None:
        """Count the refusal of the credential with that hash."""
        key = (sha256, network_of(client.address))
        counted = self._credentials.get(key)
        if counted is None and len(self._credentials) < MAX_CREDENTIALS:
            counted = self._credentials[key] = _Counted(client)
        (counted or self._others).refused += 1
        if self._writing is None:
            # In a context of its own: it outlives the request, and has none of its priority.
            self._writing = asyncio.get_running_loop().create_task(self._write_later(), context=Context())

    async def close(self) -> None:
        """Write what is counted, due or not: the process ends."""
        if self._writing is not None:
            self._writing.cancel()
            with suppress(asyncio.CancelledError):
                await self._writing
            with suppress(Unavailable):
                await self.write(ends=True)

    async def write(self, *, ends: bool = False) -> int:
        """Write an entry for all that is due; answers how many. ``ends``: all is due.

        Raises:
            Unavailable: the database is away; what was counted stays.
        """
        now = self._clock()
        due = {key: counted for key, counted in self._credentials.items() if counted.is_due(now, ends=ends)}
        async with self._db.read() as snap:
            credentials = await _read(snap, list({sha256 for sha256, _ in due}))
        taken = []
        for (sha256, network), counted in due.items():
            if sha256 not in credentials:
                self._count_unknown(network, counted)
            elif (whose := credentials[sha256]) is not None:
                taken.append((counted, counted.refused, _entry(whose, counted)))
            else:
                counted.refused = 0
        taken += [(counted, counted.refused, _stranger(counted)) for counted in self._strangers(now, ends=ends)]
        if taken:
            async with self._db.write() as tx:
                await access_log.record_all(tx, [entry for _, _, entry in taken])
        for counted, times, _ in taken:
            # What was refused meanwhile stays counted.
            counted.refused, counted.written_at = counted.refused - times, now
        self._forget(now, [key for key in due if credentials.get(key[0]) is None])
        return len(taken)

    def _count_unknown(self, network: str, counted: _Counted) -> None:
        same = self._unknown.get(network)
        if same is None and len(self._unknown) < MAX_UNKNOWN:
            same = self._unknown[network] = _Counted(counted.client)
        (same or self._others).refused += counted.refused
        counted.refused = 0

    def _strangers(self, now: float, *, ends: bool) -> list[_Counted]:
        everything = [*self._unknown.values(), self._others]
        return [counted for counted in everything if counted.is_due(now, ends=ends)]

    def _forget(self, now: float, unknown: Sequence[tuple[bytes, str]]) -> None:
        for key in unknown:
            if not self._credentials[key].refused:
                del self._credentials[key]
        self._credentials = {key: counted for key, counted in self._credentials.items() if not counted.is_over(now)}
        self._unknown = {key: counted for key, counted in self._unknown.items() if not counted.is_over(now)}

    async def _write_later(self) -> None:
        """Write now and then until nothing is left that was counted."""
        try:
            while self._credentials or self._unknown or self._others.refused:
                await asyncio.sleep(WRITE_SECONDS)
                try:
                    await self.write()
                except Exception as error:  # noqa: BLE001 - it is tried again
                    log.warning("refusals.not_written", error=type(error).__name__, reason=str(error)[:200])
        finally:
            self._writing = None


def _entry(whose: _Credential, counted: _Counted) -> Entry:
    return access_log.entry(
        Action.AUTHENTICATE,
        client=counted.client,
        user_id=whose.user_id,
        username=whose.username,
        group_id=whose.group_id,
        project_id=whose.project_id,
        refused=whose.reason,
        credential=whose.kind,
        id=whose.id,
        times=counted.refused,
    )


def _stranger(counted: _Counted) -> Entry:
    return access_log.entry(Action.AUTHENTICATE, client=counted.client, refused="unknown", times=counted.refused)


async def _read(snap: Snapshot, hashes: Sequence[bytes]) -> dict[bytes, _Credential | None]:
    """Whose credentials these were; None for what has become valid again meanwhile."""
    if not hashes:
        return {}
    credentials: dict[bytes, _Credential | None] = {}
    tokens = select(Token, User).join(User, User.id == Token.user_id).where(Token.sha256 == func.any(list(hashes)))
    for token, user in await snap.execute(tokens):
        reason = _reason(user, ended=token.revoked_at, expires=token.expires_at, word="revoked")
        about = (token.project_id, token.group_id)
        credentials[token.sha256] = (
            _Credential("token", token.id, user.id, user.username, reason, *about) if reason else None
        )
    sessions = select(Session, User).join(User, User.id == Session.user_id)
    for session, user in await snap.execute(sessions.where(Session.sha256 == func.any(list(hashes)))):
        reason = _reason(user, ended=session.ended_at, expires=session.expires_at, word="ended")
        credentials[session.sha256] = _Credential("session", session.id, user.id, user.username, reason or "idle")
    return credentials


def _reason(user: User, *, ended: datetime | None, expires: datetime | None, word: str) -> str | None:
    if user.blocked_at is not None and not user.is_bot:
        return "deactivated"
    if ended is not None:
        return word
    return "expired" if expires is not None and expires <= datetime.now(UTC) else None
