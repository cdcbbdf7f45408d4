"""A receiver of webhooks on loopback that remembers what it got and answers what it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from app.webhooks import webhooks
from app.webhooks.webhooks import CreateWebhook


@dataclass
class Receiver:
    url: str = ""
    hangs: bool = False
    """It does not answer before ``release`` is set."""
    release: asyncio.Event = field(default_factory=asyncio.Event)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Status and headers, one for each request; 200 when none is left."""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        if self.hangs:
            await self.release.wait()
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        return web.Response(status=status, headers=headers, text=f"answer {status}")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    running = Receiver()
    application = web.Application()
    application.router.add_post("/{path:.*}", running.receive)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    running.url = f"http://127.0.0.1:{port}/hook"
    try:
        yield running
    finally:
        running.release.set()
        await runner.cleanup()


@pytest.fixture
def subscribe(runtime, project, receiver):
    """Make a webhook in the test's project that goes to the receiver."""

    async def make(*events: str, secret: str | None = "s3cret", **values):
        command = CreateWebhook("hook", values.pop("url", receiver.url), events, secret=secret, **values)
        return await webhooks.create(runtime.db, project.owner, runtime.webhook_client, project.id, command)

    return make
