"""Public keys of those who sign identity tokens: discovered, kept for an hour, fetched again with restraint."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import structlog
from yarl import URL

from app.ci.providers import json_values
from app.ci.providers.http_api import HttpApi
from app.ci.providers.protocol import HOPEFUL, HOPELESS, FetchFailed
from app.outgoing.addresses import AddressRules

FRESH_SECONDS = 3_600.0
STALE_SECONDS = 86_400.0
"""How long keys are still used while their issuer cannot be reached."""
PAUSE_SECONDS, PAUSE_AFTER_FAILURE_SECONDS = 60.0, 10.0
"""The least time between two fetches from one issuer, whatever keys are needed."""
MAX_ISSUERS, MAX_KEYS = 200, 50
log = structlog.get_logger()

Key = dict[str, Any]
"""A public key as its issuer publishes it (RFC 7517)."""


@dataclass(slots=True)
class _Issuer:
    keys: dict[str, Key] = field(default_factory=dict)
    fetched_at: float = -STALE_SECONDS
    next_try_at: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class IssuerKeys:
    """The keys that this process has fetched, by issuer."""

    def __init__(self, rules: AddressRules) -> None:
        self._rules = rules
        self._issuers: dict[str, _Issuer] = {}

    async def key(self, issuer: str, key_id: str) -> Key | None:
        """The issuer's key of that id; None when it has none, or cannot be reached. Never within a transaction."""
        entry = self._entry(issuer)
        if not self._is_fresh(entry, key_id):
            async with entry.lock:
                if not self._is_fresh(entry, key_id) and time.monotonic() >= entry.next_try_at:
                    await self._fetch(issuer, entry)
        is_usable = time.monotonic() - entry.fetched_at < STALE_SECONDS
        return entry.keys.get(key_id) if is_usable else None

    def _entry(self, issuer: str) -> _Issuer:
        # The one that was used last stands last.
        entry = self._issuers.pop(issuer, None) or _Issuer()
        self._issuers[issuer] = entry
        while len(self._issuers) > MAX_ISSUERS:
            del self._issuers[next(iter(self._issuers))]
        return entry

    @staticmethod
    def _is_fresh(entry: _Issuer, key_id: str) -> bool:
        return key_id in entry.keys and time.monotonic() - entry.fetched_at < FRESH_SECONDS

    async def _fetch(self, issuer: str, entry: _Issuer) -> None:
        try:
            entry.keys = await _published(self._rules, issuer)
        except FetchFailed as failure:
            entry.next_try_at = time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS
            log.warning("issuer.failed", issuer=issuer, reason=failure.message)
        else:
            entry.fetched_at = time.monotonic()
            entry.next_try_at = entry.fetched_at + PAUSE_SECONDS


async def _published(rules: AddressRules, issuer: str) -> dict[str, Key]:
    """The keys that an issuer publishes (OpenID Connect Discovery 1.0)."""
    title = "The issuer of identity tokens"
    metadata = json_values.members(await HttpApi(rules, issuer, title).get("/.well-known/openid-configuration", {}))
    address = json_values.link(metadata.get("jwks_uri"))
    if metadata.get("issuer") != issuer or address is None:
        raise FetchFailed(f"{title} describes another issuer, or names no keys.", patience=HOPEFUL)
    url = URL(address)
    if url.origin() != URL(issuer).origin():
        raise FetchFailed(f"{title} keeps its keys on another host.", patience=HOPELESS)
    listed = json_values.members(await HttpApi(rules, str(url.origin()), title).get(url.raw_path_qs, {})).get("keys")
    keys = [json_values.members(key) for key in listed[:MAX_KEYS]] if isinstance(listed, list) else []
    return {key["kid"]: key for key in keys if isinstance(key.get("kid"), str) and key.get("use", "sig") == "sig"}
