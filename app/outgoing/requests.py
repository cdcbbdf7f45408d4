"""One request to an address outside of the installation: short, to the very address that was checked, no redirects."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from app.errors import Unavailable
from app.outgoing.addresses import AddressRefused, AddressRules, is_global
from app.text import quoted


class Unreachable(Unavailable):
    """There was no answer; the message goes on after the name of who should have answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the body up to the limit, and whether there was more of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool


async def send(
    rules: AddressRules,
    method: str,
    url: URL,
    headers: Mapping[str, str],
    *,
    body: bytes | None = None,
    limit: int,
    timeout_seconds: float,
) -> Answer:
    """Send once. The URL has passed ``rules.check``; never within a transaction.

    Raises:
        AddressRefused: the host does not resolve to global addresses only, and the operator has not named it.
        Unreachable: no connection, no valid TLS, or no whole answer in time.
    """
    resolver: AbstractResolver = ThreadedResolver() if rules.trusts(url) else GlobalResolver(rules.setting)
    connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, force_close=True)
    try:
        # No proxy of the environment: it would connect to addresses that were not checked.
        async with (
            aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=timeout_seconds),
                trust_env=False,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            ) as session,
            session.request(method, url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            read = await _head(answer, limit + 1)
            return Answer(answer.status, answer.headers, read[:limit], len(read) <= limit)
    except TimeoutError:
        raise Unreachable(f"gave no answer within {timeout_seconds:g} seconds") from None
    except (aiohttp.ClientError, OSError, ssl.SSLError, UnicodeError) as error:  # the last: a name no resolver takes
        raise Unreachable(f"cannot be reached: {type(error).__name__}") from error


class GlobalResolver(AbstractResolver):
    """Names to addresses, all of which must be global; the connection goes to these and is not resolved again.

    ``setting`` is what a refusal names as the way to allow others.
    """

    def __init__(self, setting: str) -> None:
        self._setting = setting
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        addresses = await self._inner.resolve(host, port, family)
        if not addresses or not all(is_global(ip_address(one["host"])) for one in addresses):
            raise AddressRefused(
                f"The host {quoted(host)} does not resolve to global addresses only; operators allow others by "
                f"{self._setting}.",
                field="url",
            )
        return addresses

    async def close(self) -> None:
        await self._inner.close()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """``Retry-After`` in seconds, from seconds or from a date (RFC 9110 §10.2.3); None for anything else."""
    text = headers.get("Retry-After")
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


async def _head(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    body = b""
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) >= limit:
            break
    return body[:limit]
