"""Who a secret speaks for: the first step of every request."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from app.access import sessions, tokens
from app.access.authentication.access_cache import CachedSession, CachedToken, RequestCache, TokenCache
from app.access.authentication.client_info import UNKNOWN, ClientInfo
from app.access.authentication.epoch import Epoch
from app.access.authentication.refusals import Refusals
from app.access.limits.requests import Defaults, RequestMeter, Subject
from app.access.policy import Actor
from app.db.database import Database
from app.errors import Unauthenticated


class Authenticator:
    """Reads a token or session once, and from then on only whether anything about access has changed since."""

    def __init__(self, db: Database, *, session_idle: timedelta, limits: Defaults) -> None:
        """``session_idle`` is how long a session may go unused, ``limits`` those of requests."""
        self._db = db
        self._epoch = Epoch(db)
        self._tokens: TokenCache[CachedToken] = TokenCache()
        self._sessions: TokenCache[CachedSession] = TokenCache()
        self.session_idle = session_idle
        self.refusals = Refusals(db)
        self.meter = RequestMeter(db, limits)

    async def actor(self, secret: str, client: ClientInfo = UNKNOWN) -> Actor:
        """Who the token speaks for, as of now; a refusal is noted for the access log.

        Raises:
            Unauthenticated: unknown, expired or revoked, all alike.
            RequestLimitReached: the token has used up its minute.
        """
        sha256 = tokens.digest(secret)
        epoch = await self._epoch.current()
        cached = self._tokens.get(epoch, sha256)
        if cached is None:
            with self._noted(sha256, client):
                token, actor = await tokens.read(self._db, secret)
            cached = CachedToken(actor, actor.valid_until, token.last_used_at)
            self._tokens.put(epoch, sha256, cached)
        await self.count(cached.actor)
        cached.last_used_at = await tokens.record_use(self._db, cached.actor.token_id, cached.last_used_at, client)
        return replace(cached.actor, client=client, cache=RequestCache.of(cached, self.meter))

    async def holder(self, token_id: int, client: ClientInfo = UNKNOWN) -> Actor:
        """Who a token speaks for, as of now, by its id: for links that were signed on behalf of its holder.

        That is no use of the token: when it was used last stays as it is.

        Raises:
            Unauthenticated: it has expired or was revoked.
        """
        epoch = await self._epoch.current()
        cached = self._tokens.get(epoch, token_id)
        if cached is None:
            token, actor = await tokens.read_by_id(self._db, token_id)
            cached = CachedToken(actor, actor.valid_until, token.last_used_at)
            self._tokens.put(epoch, token_id, cached)
        await self.count(cached.actor)
        return replace(cached.actor, client=client, cache=RequestCache.of(cached, self.meter))

    async def person(self, secret: str, client: ClientInfo = UNKNOWN) -> Actor:
        """Whose session the secret of a cookie is, as of now; a refusal is noted likewise.

        Raises:
            SessionEnded: unknown or ended, all alike.
        """
        sha256 = tokens.digest(secret)
        epoch = await self._epoch.current()
        cached = self._sessions.get(epoch, sha256)
        if cached is None:
            with self._noted(sha256, client):
                session, actor = await sessions.read(self._db, secret, idle=self.session_idle)
            cached = CachedSession(
                actor, actor.valid_until or session.expires_at, session.last_used_at, self.session_idle
            )
            self._sessions.put(epoch, sha256, cached)
        assert cached.actor.session_id is not None, "it was read as a session"
        cached.last_used_at = await sessions.record_use(self._db, cached.actor.session_id, cached.last_used_at, client)
        return replace(cached.actor, client=client, cache=RequestCache.of(cached, self.meter))

    async def session_holder(self, session_id: int, client: ClientInfo = UNKNOWN) -> Actor:
        """Whose a session is, as of now, by its id, like :meth:`holder`.

        Raises:
            SessionEnded: it has ended.
        """
        epoch = await self._epoch.current()
        cached = self._sessions.get(epoch, session_id)
        if cached is None:
            session, actor = await sessions.read_by_id(self._db, session_id, idle=self.session_idle)
            cached = CachedSession(
                actor, actor.valid_until or session.expires_at, session.last_used_at, self.session_idle
            )
            self._sessions.put(epoch, session_id, cached)
        return replace(cached.actor, client=client, cache=RequestCache.of(cached, self.meter))

    def visitor(self, client: ClientInfo) -> Actor:
        """Who sends neither a token nor a session."""
        return Actor(client=client, cache=RequestCache({}, time.monotonic(), meter=self.meter))

    async def count(self, actor: Actor) -> None:
        """Count a request for the limit of its token; sessions have none.

        Raises:
            RequestLimitReached: the token has used up its minute.
        """
        if actor.token_id is not None:
            await self.meter.count(Subject.TOKEN, actor.token_id, actor.request_limit)

    @contextmanager
    def _noted(self, sha256: bytes, client: ClientInfo) -> Iterator[None]:
        try:
            yield
        except Unauthenticated:
            self.refusals.note(sha256, client)
            raise
