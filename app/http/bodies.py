"""Bodies of requests that are bytes and not a message."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from app.errors import Invalid


class BrokenBody(Invalid):
    """The body broke off before its end."""


async def chunks(request: Request) -> AsyncIterator[bytes]:
    """The body, piece by piece as it arrives.

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
    """A body that is already in memory."""
    yield data


def announced(request: Request) -> int | None:
    """The body's size in bytes as `Content-Length` says it; None for a stream of unknown length."""
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
