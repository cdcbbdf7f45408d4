"""Built files as answers: compressed by the build, and not sent again to who has them (RFC 9110 §12.5.3, §13)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from app.http.browsers.accepts import IDENTITY, coding
from app.http.errors import HttpError, path_not_found
from app.runtime import Runtime
from app.web import built, policy
from app.web.built import Built, File

_ASSET = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
_DOCUMENT = {"Cache-Control": "no-cache", "Vary": "Accept, Accept-Encoding"}
"""Programs that open the same address get another answer."""


class NotAcceptable(HttpError):
    """The request refuses every coding that there is, no coding included."""

    code = "NOT_ACCEPTABLE"


async def asset(request: Request, pages: Built | None, name: str) -> Response:
    """The file of that name: its name changes with its content, so that it never has to be loaded twice.

    Raises:
        PathNotFound: no file of this build has that name.
        NotAcceptable: see there.
    """
    file = None if pages is None else pages.assets.get(name)
    if file is None:
        raise path_not_found(request.scope)
    return await _answer(request, file, _ASSET)


async def document(request: Request, file: File) -> Response:
    """A file whose name stays when it changes: browsers ask each time whether it has.

    Raises:
        PathNotFound: the pages were built anew in this moment.
        NotAcceptable: see there.
    """
    return await _answer(request, file, _DOCUMENT)


async def _answer(request: Request, file: File, caching: Mapping[str, str]) -> Response:
    given = request.headers.getlist("accept-encoding")
    chosen = coding(",".join(given) if given else None, file.codings)
    if chosen is None:
        raise NotAcceptable(406, "The request refuses every coding; leave Accept-Encoding out.")
    try:
        content, tag = await asyncio.to_thread(built.read, file.forms[chosen])
    except OSError:
        raise path_not_found(request.scope) from None
    runtime: Runtime = request.app.state.runtime
    headers = {**policy.headers(runtime.settings), **caching, "ETag": tag, "Accept-Ranges": "none"}
    if _holds(request, tag):
        return Response(None, 304, headers)
    if chosen != IDENTITY:
        headers["Content-Encoding"] = chosen
    return Response(content, 200, headers, media_type=file.media_type)


def _holds(request: Request, tag: str) -> bool:
    given = ",".join(request.headers.getlist("if-none-match"))
    return given.strip() == "*" or tag in {one.strip().removeprefix("W/") for one in given.split(",")}
