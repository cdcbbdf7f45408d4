"""Whether a request comes from a page of this service: what keeps other sites from using a browser's session.

Browsers send `Origin` with everything but plain reading, and no page can change it (Fetch §3.2).
"""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import Scope

from app.settings import Settings

_HTTP = {"http": "http", "ws": "http", "https": "https", "wss": "https"}


def is_own(scope: Scope, settings: Settings) -> bool:
    """Whether the request has one `Origin`, that of the public address or of the host that it was sent to.

    `null`, which sandboxed frames and redirected forms send, is not ours; nor is none at all.
    """
    given = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"origin"]
    return len(given) == 1 and given[0] in _origins(scope, settings)


def _origins(scope: Scope, settings: Settings) -> set[str]:
    host = HTTPConnection(scope).headers.get("host", "").lower()
    schemes = {_HTTP.get(scope.get("scheme", ""), "http"), "https"}
    # A proxy that the operator has not named may speak https for us: then the page's origin is more secure than what
    # this process sees. The other way round is never right.
    own = {_without_default_port(f"{scheme}://{host}") for scheme in schemes} if host else set()
    return own | {_without_default_port(settings.url.lower())}


def _without_default_port(origin: str) -> str:
    """As browsers write it."""
    scheme, _, netloc = origin.partition("://")
    return f"{scheme}://{netloc.partition('/')[0].removesuffix(':443' if scheme == 'https' else ':80')}"
