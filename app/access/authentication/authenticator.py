"""Who a secret speaks for: the first step of every request."""

from __future__ import annotations

from dataclasses import replace

from app.access import tokens
from app.access.authentication.access_cache import CachedToken, RequestCache, TokenCache
from app.access.authentication.client_info import UNKNOWN, ClientInfo
from app.access.authentication.epoch import Epoch
from app.access.authentication.refusals import Refusals
from app.access.policy import Actor
from app.db.database import Database
from app.errors import Unauthenticated


class Authenticator:
    """Reads a token once, and from then on only whether anything about access has changed since."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._epoch = Epoch(db)
        self._cache = TokenCache()
        self.refusals = Refusals(db)

    async def actor(self, secret: str, client: ClientInfo = UNKNOWN) -> Actor:
        """Who the token speaks for, as of now; a refusal is noted for the access log.

        Raises:
            Unauthenticated: unknown, expired or revoked, all alike.
        """
        sha256 = tokens.digest(secret)
        epoch = await self._epoch.current()
        cached = self._cache.get(epoch, sha256)
        if cached is None:
            try:
                token, actor = await tokens.read(self._db, secret)
            except Unauthenticated:
                self.refusals.note(sha256, client)
                raise
            cached = CachedToken(actor, token.expires_at, token.last_used_at)
            self._cache.put(epoch, sha256, cached)
        cached.last_used_at = await tokens.record_use(self._db, cached.actor.token_id, cached.last_used_at)
        return replace(cached.actor, cache=RequestCache.of(cached))

    async def holder(self, token_id: int) -> Actor:
        """Who a token speaks for, as of now, by its id: for links that were signed on behalf of its holder.

        That is no use of the token: when it was used last stays as it is.

        Raises:
            Unauthenticated: it has expired or was revoked.
        """
        epoch = await self._epoch.current()
        cached = self._cache.get(epoch, token_id)
        if cached is None:
            token, actor = await tokens.read_by_id(self._db, token_id)
            cached = CachedToken(actor, token.expires_at, token.last_used_at)
            self._cache.put(epoch, token_id, cached)
        return replace(cached.actor, cache=RequestCache.of(cached))
