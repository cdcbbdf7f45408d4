"""What browsers let the pages do: only what this service serves runs and is loaded, but for files in the store."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from app.settings import Settings

TRUSTED_TYPES = ("modelyard-html", "dompurify", "modelyard-worker")
"""Names under which scripts may make HTML from text (Trusted Types §4.2): what the server or DOMPurify sanitised."""
_WITHHELD = (
    "accelerometer", "camera", "clipboard-read", "display-capture", "geolocation", "gyroscope", "magnetometer",
    "microphone", "midi", "payment", "publickey-credentials-get", "serial", "usb",
)  # fmt: skip
"""Abilities of browsers that no page of ours has a use for."""


def headers(settings: Settings | None = None) -> dict[str, str]:
    """What every answer of the pages says to browsers; without settings no store can be reached.

    `X-Content-Type-Options` is with all answers of the server.
    """
    return {
        "Content-Security-Policy": content_policy(settings.s3_public_url if settings is not None else None),
        "Permissions-Policy": ", ".join(f"{ability}=()" for ability in _WITHHELD),
        # Not `no-referrer`: with that, browsers send `Origin: null` with forms, also to our own pages (Fetch §3.2).
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }


@lru_cache(16)
def content_policy(store: str | None) -> str:
    """The Content-Security-Policy; ``store`` is where browsers reach the store itself, if they do.

    Files come from there and go there; nothing of it runs, and frames show it only within a sandbox of their own.
    """
    own = "'self'" if store is None else f"'self' {_origin(store)}"
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"{own} data: blob:",
        "media-src": f"{own} blob:",
        "font-src": "'self'",
        "connect-src": own,
        "frame-src": f"{own} blob:",
        "worker-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": " ".join(TRUSTED_TYPES),
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
