"""Stands between client and API, counts what passes, and breaks on demand."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


@dataclass
class Proxy:
    url: str = ""
    bytes_left: int | None = None
    """How many bytes of bodies may still go up; then every connection that sends is cut."""
    is_held: bool = False
    """Whether bodies wait when no bytes are left, instead of being cut."""
    held: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the first body waits."""
    lose: list[str] = field(default_factory=list)
    """Words; the next request that has one of them is done, and its answer lost."""
    spoil: Callable[[bytes], bytes] = bytes
    """What becomes of the bytes of downloads."""
    spoil_up: Callable[[bytes], bytes] = bytes
    """What becomes of the bytes of uploads."""
    statuses: dict[str, list[int]] = field(default_factory=dict)
    """By method what is answered instead of asking the API."""
    hold_gets_after: int | None = None
    """After so many downloads the next ones wait for ``go_on``."""
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    puts: list[int] = field(default_factory=list)
    """Bytes of each part that has passed."""
    gets: list[str] = field(default_factory=list)
    """Range of each download."""

    def take(self, count: int) -> bool:
        """Whether so many bytes may pass."""
        if self.bytes_left is None:
            return True
        self.bytes_left -= count
        return self.bytes_left >= 0


@asynccontextmanager
async def proxying(upstream: str) -> AsyncIterator[Proxy]:
    proxy = Proxy()
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def handle(request: web.Request) -> web.StreamResponse:
            planned = proxy.statuses.get(request.method)
            if planned:
                return web.Response(status=planned.pop(0), text="planned")
            body = await _body(proxy, request)
            if body is None:
                return _cut(request)
            body = proxy.spoil_up(body) if request.method == "PUT" else body
            url = URL(upstream + request.raw_path, encoded=True)
            async with session.request(request.method, url, data=io.BytesIO(body), headers=request.headers) as answer:
                content = await answer.read()
            if any(word.encode() in body for word in proxy.lose):
                proxy.lose.clear()
                return _cut(request)
            if request.method == "PUT":
                proxy.puts.append(len(body))
            if request.method == "GET":
                await _hold(proxy)
                proxy.gets.append(request.headers.get("Range", ""))
                content = proxy.spoil(content)
            headers = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
            return web.Response(status=answer.status, body=content, headers=headers)

        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield proxy
        finally:
            await runner.cleanup()


async def _body(proxy: Proxy, request: web.Request) -> bytes | None:
    """The body; None when the connection is to be cut."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        if request.method == "PUT" and not proxy.take(len(chunk)):
            if not proxy.is_held:
                return None
            proxy.held.set()
            await asyncio.Event().wait()
        body += chunk
    return bytes(body)


async def _hold(proxy: Proxy) -> None:
    if proxy.hold_gets_after is not None and len(proxy.gets) >= proxy.hold_gets_after:
        proxy.held.set()
        await proxy.go_on.wait()


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
