"""GraphiQL as this service serves it: a page of seven lines, one script and one style sheet, nothing from elsewhere.

The content policy allows no inline script, no inline style and no other origin. The addresses of the two files hold the
digest of what is in them, so that browsers keep them for a year and still get new ones with the next release.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

_ASSETS = Path(__file__).parent / "assets"
_TYPES = {"explorer.css": "text/css", "explorer.js": "text/javascript", "LICENSES.txt": "text/plain"}
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
}
_ASSET_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


def answer() -> Response:
    """The page; browsers ask each time whether it has changed."""
    return HTMLResponse(_page(), headers=_PAGE_HEADERS)


async def asset(request: Request) -> Response:
    """The script, the style sheet or the licences of both, compressed where the browser takes that."""
    name, digest = request.path_params["name"], request.path_params["digest"]
    if name not in _TYPES or digest != _digest(name):
        return PlainTextResponse("There is no such file; load the page again.", 404, {"Cache-Control": "no-store"})
    headers, content = dict(_ASSET_HEADERS), _content(name)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        content = await asyncio.to_thread(_compressed, name)
    return Response(content, 200, headers, media_type=_TYPES[name])


@cache
def _page() -> str:
    # Relative to /graphql, so that the page works below a path of a proxy, too.
    style, script, licences = (f"graphql/explorer/{_digest(name)}/{name}" for name in _TYPES)
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Modelyard GraphQL</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f'<link rel="license" href="{licences}">\n'
        f'<link rel="stylesheet" href="{style}"></head>\n<body><div id="root"></div><script src="{script}"></script>'
        "</body>\n</html>\n"
    )


def _content(name: str) -> bytes:
    return (_ASSETS / name).read_bytes()


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(_content(name)).hexdigest()[:16]


@cache
def _compressed(name: str) -> bytes:
    """Once, when the first browser asks: a process that none visits keeps nothing."""
    return gzip.compress(_content(name), 9, mtime=0)
