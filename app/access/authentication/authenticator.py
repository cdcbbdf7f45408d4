"""Who a secret speaks for, asked with every request."""

from __future__ import annotations

from dataclasses import replace

from app.access import tokens
from app.access.authentication.access_cache import CachedToken, RequestCache, TokenCache
from app.access.authentication.epoch import Epoch
from app.access.policy import Actor
from app.db.database import Database


class Authenticator:
    """Reads tokens once, and from then on only whether anything about access has changed since."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._epoch = Epoch(db)
        self._memory = TokenCache()

    async def actor(self, secret: str) -> Actor:
        """Who the token speaks for, as of now.

        Raises:
            Unauthenticated: unknown, expired or revoked, all alike.
        """
        sha256 = tokens.digest(secret)
        epoch = await self._epoch.current()
        known = self._memory.recall(epoch, sha256)
        if known is None:
            token, actor = await tokens.read(self._db, secret)
            known = CachedToken(actor, token.expires_at, token.last_used_at)
            self._memory.remember(epoch, sha256, known)
        known.last_used_at = await tokens.record_use(self._db, known.actor.token_id, known.last_used_at)
        return replace(known.actor, known=RequestCache.of(known))

    async def holder(self, token_id: int) -> Actor:
        """Who a token speaks for, as of now, by its id: for links that were signed on behalf of its holder.

        That is no use of the token: when it was used last stays as it is.

        Raises:
            Unauthenticated: it has expired or was revoked.
        """
        epoch = await self._epoch.current()
        known = self._memory.recall(epoch, token_id)
        if known is None:
            token, actor = await tokens.read_by_id(self._db, token_id)
            known = CachedToken(actor, token.expires_at, token.last_used_at)
            self._memory.remember(epoch, token_id, known)
        return replace(known.actor, known=RequestCache.of(known))
