"""Issuers of signed tokens (OpenID Connect): what they publish of themselves and their public keys.

Both are fetched together (OpenID Connect Discovery 1.0), kept for an hour, and fetched again with restraint: at most
once a minute, whatever keys tokens name. While an issuer is away, what it published is used for a day.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from yarl import URL

from app.errors import Unavailable
from app.outgoing import json_documents
from app.outgoing.addresses import AddressRules
from app.outgoing.json_documents import DocumentUnreadable

FRESH_SECONDS = 3_600.0
STALE_SECONDS = 86_400.0
"""How long what was published is still used while the issuer cannot be reached."""
PAUSE_SECONDS, PAUSE_AFTER_FAILURE_SECONDS = 60.0, 10.0
"""The least time between two fetches from one issuer, whatever keys are needed."""
MAX_ISSUERS, MAX_KEYS, MAX_ADDRESS = 200, 50, 2_000
TIMEOUT_SECONDS = 10.0
log = structlog.get_logger()

Key = dict[str, Any]
"""A public key as its issuer publishes it (RFC 7517)."""


class IssuerAway(Unavailable):
    """The issuer cannot be reached, or does not describe itself; the message goes on after its name."""


@dataclass(slots=True)
class _Issuer:
    description: dict[str, Any] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)
    fetched_at: float = -STALE_SECONDS
    next_try_at: float = 0.0
    failure: str = ""
    failed_at: float = -STALE_SECONDS
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.fetched_at < FRESH_SECONDS

    @property
    def is_usable(self) -> bool:
        return time.monotonic() - self.fetched_at < STALE_SECONDS

    def key(self, key_id: str | None) -> Key | None:
        """The key of that id; without an id the only one (OpenID Connect Core 1.0 §10.1)."""
        if key_id is None:
            return self.keys[0] if len(self.keys) == 1 else None
        return next((key for key in self.keys if key.get("kid") == key_id), None)


class Issuers:
    """What this process has fetched, by issuer.

    ``own_host``: keys have to be on the host of their issuer; for issuers that users name.
    """

    def __init__(self, rules: AddressRules, *, own_host: bool, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._rules, self._own_host, self._timeout = rules, own_host, timeout_seconds
        self._issuers: dict[str, _Issuer] = {}

    async def key(self, issuer: str, key_id: str | None) -> Key | None:
        """The issuer's key of that id; None when it has none, or cannot be reached. Never within a transaction."""
        entry = self._entry(issuer)
        await self._refresh(issuer, entry, lambda: entry.key(key_id) is None)
        return entry.key(key_id) if entry.is_usable else None

    async def description(self, issuer: str) -> Mapping[str, Any]:
        """What the issuer says of itself: its endpoints, what it supports. Never within a transaction.

        Raises:
            IssuerAway: it cannot be reached and has not been for a day, or what it says is no description of it.
        """
        entry = self._entry(issuer)
        await self._refresh(issuer, entry, lambda: False)
        if not entry.is_usable:
            raise IssuerAway(entry.failure)
        return entry.description

    def is_away(self, issuer: str) -> bool:
        """Whether the last fetch failed a moment ago, and nothing is left of what the issuer published before."""
        entry = self._issuers.get(issuer)
        if entry is None or entry.failed_at < entry.fetched_at:
            return False
        return not entry.is_usable and time.monotonic() - entry.failed_at < PAUSE_SECONDS

    def _entry(self, issuer: str) -> _Issuer:
        # The one that was used last stands last.
        entry = self._issuers.pop(issuer, None) or _Issuer()
        self._issuers[issuer] = entry
        while len(self._issuers) > MAX_ISSUERS:
            del self._issuers[next(iter(self._issuers))]
        return entry

    async def _refresh(self, issuer: str, entry: _Issuer, lacks: Callable[[], bool]) -> None:
        """Fetch what is old or lacks something; who lacks nothing does not wait for a fetch that is under way."""
        if entry.is_fresh and not lacks():
            return
        if entry.lock.locked() and entry.is_usable and not lacks():
            return
        async with entry.lock:
            if (lacks() or not entry.is_fresh) and time.monotonic() >= entry.next_try_at:
                await self._fetch(issuer, entry)

    async def _fetch(self, issuer: str, entry: _Issuer) -> None:
        try:
            entry.description, entry.keys = await self._published(issuer)
        except DocumentUnreadable as failure:
            entry.next_try_at = time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS
            entry.failure, entry.failed_at = failure.message, time.monotonic()
            log.warning("issuer.failed", issuer=issuer, reason=failure.message)
        else:
            entry.fetched_at = time.monotonic()
            entry.next_try_at = entry.fetched_at + PAUSE_SECONDS

    async def _published(self, issuer: str) -> tuple[dict[str, Any], list[Key]]:
        description = await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if description.get("issuer") != issuer:
            raise DocumentUnreadable(f"describes another issuer: {str(description.get('issuer'))[:200]!r}")
        address = description.get("jwks_uri")
        if not isinstance(address, str) or len(address) > MAX_ADDRESS:
            raise DocumentUnreadable("names no keys (`jwks_uri`)")
        if self._own_host and _origin(address) != URL(issuer).origin():
            raise DocumentUnreadable("keeps its keys on another host")
        listed = (await self._get(address)).get("keys")
        keys = [key for key in listed[:MAX_KEYS] if isinstance(key, dict)] if isinstance(listed, list) else []
        return description, [key for key in keys if key.get("use", "sig") == "sig"]

    async def _get(self, address: str) -> dict[str, Any]:
        return await json_documents.get(self._rules, address, timeout_seconds=self._timeout)


def _origin(address: str) -> URL | None:
    try:
        return URL(address).origin()
    except ValueError:
        return None
