"""The public address of this service, for links in answers."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from app.http.hosts import LOOPBACK
from app.settings import Settings


def base(request: HTTPConnection, settings: Settings) -> str:
    """The public address of this service, for links in answers.

    If that is on the loopback it is not public: then it is the one that the client has used.
    """
    if urlsplit(settings.url).hostname not in LOOPBACK or not request.headers.get("host"):
        return settings.url
    scheme = {"ws": "http", "wss": "https"}.get(request.url.scheme, request.url.scheme)
    return f"{scheme}://{request.url.netloc}"
