"""Under which address a client can come back to us."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from app.http.hosts import LOOPBACK
from app.settings import Settings


def base(request: HTTPConnection, settings: Settings) -> str:
    """The public address of this service, for links in answers.

    An address on the loopback is not public: then the client gets the one under which it has reached us.
    """
    if urlsplit(settings.url).hostname not in LOOPBACK or not request.headers.get("host"):
        return settings.url
    scheme = {"ws": "http", "wss": "https"}.get(request.url.scheme, request.url.scheme)
    return f"{scheme}://{request.url.netloc}"
