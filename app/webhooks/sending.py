"""One POST to an address that nobody here controls: signed, short, to the very address that was checked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from uuid import UUID

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from app.quoting import quoted
from app.webhooks.addresses import AddressRefused, AddressRules, is_global

TIMEOUT_SECONDS = 10
MAX_BODY = 4_096
"""Bytes of the receiver's answer that are kept."""
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one POST; ``status`` is None when there was no answer, ``error`` when it succeeded."""

    status: int | None = None
    body: str = ""
    error: str | None = None
    may_retry: bool = False
    retry_after: float | None = None
    """Seconds that the receiver asked to wait."""

    @property
    def succeeded(self) -> bool:
        return self.error is None


def sign(secret: str, delivery_id: UUID, timestamp: str, body: bytes) -> str:
    """``v1,`` and the base64 HMAC-SHA256 over id, timestamp and body, joined by dots (MLflow REST: webhooks)."""
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


async def post(rules: AddressRules, url: str, delivery_id: UUID, body: bytes, secret: str | None) -> Attempt:
    """Send a body once. Never raises: refusals and failures are answers, too."""
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "modelyard-webhooks",
        "X-MLflow-Delivery-Id": str(delivery_id),
        "X-MLflow-Timestamp": timestamp,
    }
    if secret:
        headers["X-MLflow-Signature"] = sign(secret, delivery_id, timestamp, body)
    try:
        return await _post(rules, url, body, headers)
    except AddressRefused as refusal:
        return Attempt(error=refusal.message)
    except TimeoutError:
        return Attempt(error=f"The receiver gave no answer within {TIMEOUT_SECONDS} seconds.", may_retry=True)
    except (aiohttp.ClientError, OSError, ssl.SSLError) as error:
        return Attempt(error=f"The receiver cannot be reached: {type(error).__name__}.", may_retry=True)


async def _post(rules: AddressRules, url: str, body: bytes, headers: dict[str, str]) -> Attempt:
    target = rules.check(url)
    resolver: AbstractResolver = ThreadedResolver() if rules.trusts(target) else GlobalResolver()
    connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, force_close=True)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    # No proxy of the environment: it would connect to addresses that nobody has checked.
    async with (
        aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as session,
        session.post(target, data=body, headers=headers, allow_redirects=False) as answer,
    ):
        text = (await _head(answer)).decode("utf-8", "replace").replace("\0", "\ufffd")
        return _judged(answer.status, text, answer.headers.get("Retry-After"))


class GlobalResolver(AbstractResolver):
    """Names to addresses, all of which must be global; the connection goes to these and is not resolved again."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if not found or not all(is_global(ip_address(one["host"])) for one in found):
            raise AddressRefused(f"The host {quoted(host)} does not resolve to global addresses only.", field="url")
        return found

    async def close(self) -> None:
        await self._inner.close()


async def _head(answer: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) >= MAX_BODY:
            break
    return body[:MAX_BODY]


def _judged(status: int, body: str, retry_after: str | None) -> Attempt:
    if status in _SUCCESS:
        return Attempt(status, body)
    if 300 <= status < 400:
        return Attempt(status, body, f"The receiver answered {status}; redirects are not followed.")
    may_retry = status >= 500 or status == 429
    return Attempt(status, body, f"The receiver answered {status}.", may_retry, _seconds(retry_after))


def _seconds(text: str | None) -> float | None:
    """``Retry-After`` as seconds or as a date (RFC 9110 §10.2.3); None for anything else."""
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
