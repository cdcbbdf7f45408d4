"""HTTP: one session, failures told apart into those that may pass and those that will not, and trying again."""

from __future__ import annotations

import asyncio
import random
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from modelyard_client.failures import Failure, QuotaExceeded, TemporaryFailure, Unreachable

if TYPE_CHECKING:
    import aiohttp  # loading it takes longer than all the rest of a command that only helps

T = TypeVar("T")

IDLE_SECONDS = 60.0
"""How long a connection may be silent; the service has to read or write something within that time."""
_CONNECT_SECONDS = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0
_TOO_MANY = 429
_TEMPORARY = frozenset({408, 425, _TOO_MANY, 500, 502, 503, 504})
_LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes; far more than any answer of the API has."""
RESUME = "Run the same command again to resume."


@asynccontextmanager
async def session(connections: int) -> AsyncIterator[aiohttp.ClientSession]:
    """A session without cookies and without credentials of its own: links carry their own permission."""
    import aiohttp  # noqa: PLC0415 - as above

    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=IDLE_SECONDS)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        timeout=timeout,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "modelyard-client", "Accept-Encoding": "identity"},
    ) as opened:
        if sys.version_info < (3, 10):
            # aiohttp 3.13 would repeat a PUT whose connection broke with what is left of its body, and wait for more.
            opened._retry_connection = False  # noqa: SLF001 - it has no public switch
        yield opened


def proxy(url: str) -> str | None:
    """The proxy that the environment names for an address (``HTTP_PROXY``, ``HTTPS_PROXY``, ``NO_PROXY``).

    Not aiohttp's ``trust_env``: that would send what ``~/.netrc`` has, too.
    """
    parts = urlsplit(url)
    address = getproxies().get(parts.scheme)
    return None if not address or proxy_bypass(parts.hostname or "") else address


@contextmanager
def translate_errors(url: str) -> Iterator[None]:
    """Turn what aiohttp raises into :class:`TemporaryFailure` or :class:`Unreachable`."""
    import aiohttp  # noqa: PLC0415 - as above

    host = urlsplit(url).netloc
    try:
        yield
    except (aiohttp.ClientSSLError, ssl.SSLError, aiohttp.InvalidURL) as error:
        raise Unreachable(f"{host} cannot be used: {error}.") from None
    except TimeoutError:  # two classes before Python 3.11
        raise TemporaryFailure(f"{host} gave no sign of life for a while") from None
    except aiohttp.ClientConnectorError as error:
        raise TemporaryFailure(f"{host} cannot be reached: {error.os_error.strerror}") from None
    except (aiohttp.ClientError, OSError) as error:
        raise TemporaryFailure(f"{host} cannot be reached: {str(error) or type(error).__name__}") from None


def raise_if_temporary(answer: aiohttp.ClientResponse) -> None:
    """Refuse answers that may be different soon.

    Raises:
        TemporaryFailure: 408, 425, 429 or 5xx.
    """
    if answer.status in _TEMPORARY:
        wait = answer.headers.get("Retry-After", "")
        seconds = float(wait) if wait.isascii() and wait.isdigit() and len(wait) < 5 else None
        reason = f"{answer.url.authority} answered {answer.status} {answer.reason}"
        raise TemporaryFailure(reason, seconds, is_limit=answer.status == _TOO_MANY)


def refuse_redirect(url: str, answer: aiohttp.ClientResponse) -> None:
    """Refuse an answer that names another address: the token belongs to the one that was meant.

    Raises:
        Failure: it is one.
    """
    if 300 <= answer.status < 400:
        target = answer.headers.get("Location", "")[:200]
        raise Failure(f"{url} redirects to {target}. The token was not sent there; if that is right, use its address.")


async def read(url: str, answer: aiohttp.ClientResponse) -> bytes:
    """The body of an answer of the API.

    Raises:
        Failure: it is larger than any that makes sense.
    """
    chunks, size = [], 0
    async for chunk in answer.content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > _LARGEST_ANSWER:
            raise Failure(f"{url} answered with more than {_LARGEST_ANSWER // 1024**2} MiB; is the address right?")
    return b"".join(chunks)


async def retry(
    attempt: Callable[[], Awaitable[T]], patience: float, notice: Callable[[str], None] = lambda _: None
) -> T:
    """Try until it works, with growing pauses, for ``patience`` seconds from the first failure on.

    Raises:
        Unreachable: it still failed then.
        QuotaExceeded: it was still too much then.
    """
    began, pause = None, _FIRST_PAUSE
    while True:
        try:
            return await attempt()
        except TemporaryFailure as failure:
            now = time.monotonic()
            began = now if began is None else began
            wait = max(pause * random.uniform(0.5, 1.0), failure.retry_after or 0.0)  # noqa: S311 - not a secret
            if now - began + wait > patience:
                message = f"{failure.reason}; given up after {now - began:.0f} s. {RESUME}"
                if failure.is_limit:
                    raise QuotaExceeded(message, code="RATE_LIMITED") from None
                raise Unreachable(message) from None
            notice(failure.reason)
        await asyncio.sleep(wait)
        pause = min(pause * 2, _LONGEST_PAUSE)
