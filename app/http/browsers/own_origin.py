"""Whether a request comes from a page of this service: what keeps other sites from using a browser's session.

Browsers send `Origin` with everything but plain reading, and no page can change it (Fetch §3.2).
"""

from __future__ import annotations

from functools import lru_cache

from starlette.types import Scope

from app.settings import Settings

_HTTP = {"http": "http", "ws": "http", "https": "https", "wss": "https"}


def is_own(scope: Scope, settings: Settings) -> bool:
    """Whether the request has one `Origin`, that of the public address or of the host that it was sent to.

    `null`, which sandboxed frames and redirected forms send, is not ours; nor is none at all.
    """
    given, host = [], b""
    for name, value in scope["headers"]:
        if name == b"origin":
            given.append(value)
        elif name == b"host":
            host = host or value
    origins = _origins(scope.get("scheme", ""), host.decode("latin-1").lower(), settings.url)
    return len(given) == 1 and given[0].decode("latin-1").lower() in origins


@lru_cache(256)
def _origins(scheme: str, host: str, url: str) -> frozenset[str]:
    schemes = {_HTTP.get(scheme, "http"), "https"}
    # A proxy that the operator has not named may speak https for us: then the page's origin is more secure than what
    # this process sees. The other way round is never right.
    own = {_without_default_port(f"{scheme}://{host}") for scheme in schemes} if host else set()
    return frozenset(own | {_without_default_port(url.lower())})


def _without_default_port(origin: str) -> str:
    """As browsers write it."""
    scheme, _, netloc = origin.partition("://")
    return f"{scheme}://{netloc.partition('/')[0].removesuffix(':443' if scheme == 'https' else ':80')}"
