"""Bodies of requests that are bytes and not a message."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from app.errors import Invalid


class BrokenBody(Invalid):
    """The body broke off before its end."""


async def chunks(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes.

    Raises:
        BrokenBody: the client went away.
    """
    try:
        async for chunk in request.stream():
            if chunk:
                yield chunk
    except ClientDisconnect:
        raise BrokenBody from None


async def of(data: bytes) -> AsyncIterator[bytes]:
    """A body that has come as a whole."""
    yield data


def announced(request: Request) -> int | None:
    """The size that the sender gave; a stream of unknown length comes without."""
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
