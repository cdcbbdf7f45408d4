"""Browsers of one test: each person has cookies of their own, all are watched, what a failed test showed is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Error, Page, expect

from app.access.policy import Actor
from tests.support.access import signed_in
from tests.support.browser.watch import Watch, origin

PATIENCE_MS = 20_000
"""For what a page is to show: machines that run the tests do other things, too."""
expect.set_options(timeout=PATIENCE_MS)
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


async def eventually(check: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so on the server that a page has asked for, without a page that shows it."""
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while not await check():  # noqa: ASYNC110 - the server sends no event for it
            await asyncio.sleep(0.1)


class Visits:
    """Opens pages; ``runtime`` is where sessions of people are made who need not sign in by hand."""

    def __init__(self, chromium: Browser, runtime: Any) -> None:
        self._chromium, self._runtime = chromium, runtime
        self._contexts: list[BrowserContext] = []
        self.watch = Watch(set())

    async def open(
        self, url: str, person: Actor | None = None, *, also: tuple[str, ...] = (), phone: bool = False, **options: Any
    ) -> Page:
        """An empty page of a browser that was never here, signed in as ``person``; paths are relative to ``url``.

        ``also`` are further origins that its pages may speak to; options are those of Playwright's `new_context`.
        """
        self.watch.origins |= {origin(url), *map(origin, also)}
        usual = {"viewport": PHONE if phone else DESKTOP, "locale": "en-GB", "timezone_id": "Europe/Berlin"}
        if phone:
            usual |= {"has_touch": True, "is_mobile": True, "device_scale_factor": 2}
        context = await self._chromium.new_context(base_url=url, **(usual | options))
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        await self.watch.attach(context)
        if person is not None:
            await self.sign_in(context, url, person)
        return await context.new_page()

    async def sign_in(self, context: BrowserContext, url: str, person: Actor) -> int:
        """Give a browser a session of a person; the number of the session."""
        session = await signed_in.sign_in(self._runtime, person, url)
        await context.add_cookies(
            [{"name": signed_in.SESSION, "value": session.secret, "url": url, "httpOnly": True, "sameSite": "Lax"}]
        )
        return session.session_id

    async def keep(self, folder: Path) -> None:
        """Write what every page shows at this moment, as picture and as text."""
        folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - the test has ended
        for number, page in enumerate(page for context in self._contexts for page in context.pages):
            try:
                await page.screenshot(path=folder / f"page-{number}.png", timeout=5000)
                (folder / f"page-{number}.html").write_text(f"<!-- {page.url} -->\n{await page.content()}")
            except Error:  # a page that hangs shows nothing more
                continue

    async def close(self) -> None:
        """End the browsers."""
        for context in self._contexts:
            await context.close()
