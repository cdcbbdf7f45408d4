"""A proxy in front of the store that fails on demand."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

PASSED_ON = ("Content-Length", "Content-Range", "ETag", "Last-Modified")


@dataclass
class Faults:
    """Faults for the coming requests of a method, in order: a status, or one of the words below.

    ``507 Code`` is a status with an error of that name. ``reset`` cuts the connection before the store sees the
    request, ``lose`` after it has done the work;
    ``swallow`` answers 200 and does nothing; ``cut`` ends the answer half-way.
    """

    url: str = ""
    planned: dict[str, list[int | str]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def next(self, request: web.Request) -> int | str | None:
        self.seen.append(request.method)
        planned = self.planned.get(request.method)
        return planned.pop(0) if planned else None


@asynccontextmanager
async def faulty(upstream: str) -> AsyncIterator[Faults]:
    faults = Faults()
    session = aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=("Content-Type",))

    async def handle(request: web.Request) -> web.StreamResponse:
        fault = faults.next(request)
        fault = None if fault == "pass" else fault
        body = await request.read()
        if isinstance(fault, int):
            return web.Response(status=fault, text="<Error><Code>Planned</Code></Error>")
        if isinstance(fault, str) and fault[:1].isdigit():
            status, _, code = fault.partition(" ")
            return web.Response(status=int(status), text=f"<Error><Code>{code}</Code></Error>")
        if fault == "swallow":
            return web.Response(headers={"ETag": '"0123"'})
        if fault != "reset":
            url = URL(upstream + request.raw_path, encoded=True)
            async with session.request(
                request.method, url, data=io.BytesIO(body) if body else None, headers=request.headers
            ) as answer:
                content = await answer.read()
            headers = {name: answer.headers[name] for name in PASSED_ON if name in answer.headers}
            if fault is None:
                return web.Response(status=answer.status, body=content or None, headers=headers)
            if fault == "cut":
                await _send_half(request, headers, content)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    faults.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield faults
    finally:
        await runner.cleanup()
        await session.close()


async def _send_half(request: web.Request, headers: dict[str, str], content: bytes) -> None:
    half = web.StreamResponse(headers=headers)
    await half.prepare(request)
    await half.write(content[: len(content) // 2])
