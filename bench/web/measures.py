"""What is measured of a page in a browser: the first row, frames while it scrolls, memory, and what it loads."""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, CDPSession, Page

from bench.web.views import View
from tests.support.browser import waiting

FRAMES = 240
PATIENCE_MS = 120_000.0
_FIRST_ROW = """(selector) => {
  const look = () => {
    if (document.querySelector(selector)) globalThis.__firstRow = performance.now();
    else requestAnimationFrame(look);
  };
  look();
}"""
_SCROLL = """async ([selector, step, count]) => {
  let scroller = document.querySelector(selector);
  while (scroller && scroller !== document.documentElement && scroller.scrollHeight <= scroller.clientHeight + 1) {
    scroller = scroller.parentElement;
  }
  const times = [];
  let before = await new Promise(requestAnimationFrame);
  for (let frame = 0; frame < count; frame++) {
    scroller.scrollTop += step;
    const now = await new Promise(requestAnimationFrame);
    times.push(now - before);
    before = now;
  }
  return times;
}"""


@dataclass
class Loaded:
    """Bytes of scripts: as they went over the wire, and as the browser ran them; and how many requests there were."""

    script_sent: int = 0
    script_size: int = 0
    requests: int = 0
    kinds: dict[str, str] = field(default_factory=dict)

    async def listen(self, page: Page) -> CDPSession:
        session = await page.context.new_cdp_session(page)
        session.on("Network.responseReceived", self._received)
        session.on("Network.dataReceived", self._data)
        session.on("Network.loadingFinished", self._finished)
        await session.send("Network.enable")
        return session

    def _received(self, event: dict[str, Any]) -> None:
        self.kinds[event["requestId"]] = event["type"]
        self.requests += 1

    def _data(self, event: dict[str, Any]) -> None:
        if self.kinds.get(event["requestId"]) == "Script":
            self.script_size += event["dataLength"]

    def _finished(self, event: dict[str, Any]) -> None:
        if self.kinds.get(event["requestId"]) == "Script":
            self.script_sent += int(event["encodedDataLength"])


@dataclass
class Opening:
    """One page, opened by a browser that has nothing of it, or that has all of its files already."""

    first_row_ms: float
    script_sent: int
    script_size: int
    requests: int


async def opened(context: BrowserContext, view: View) -> tuple[Page, Opening]:
    """Open a page and wait for its first row, which is looked for in every frame."""
    page = await context.new_page()
    loaded = Loaded()
    await loaded.listen(page)
    await page.add_init_script(f"({_FIRST_ROW})({view.first_row!r})")
    await page.goto(view.address, wait_until="commit", timeout=PATIENCE_MS)
    first = float(await waiting.value_of(page, "globalThis.__firstRow", PATIENCE_MS / 1000))
    return page, Opening(first, loaded.script_sent, loaded.script_size, loaded.requests)


async def frames(page: Page, view: View, step: int) -> float:
    """Milliseconds from frame to frame, at the 95th percentile, while a table scrolls by ``step`` pixels a frame."""
    times: list[float] = await page.evaluate(_SCROLL, [view.scroller, step, FRAMES])
    return statistics.quantiles(times, n=20)[-1]


async def heap(page: Page) -> float:
    """What its script holds after a collection. Megabytes of 10⁶."""
    session = await page.context.new_cdp_session(page)
    await session.send("HeapProfiler.collectGarbage")
    await session.send("Performance.enable")
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    await session.detach()
    return float(next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize")) / 1e6


async def use(page: Page, view: View, other: View, seconds: float) -> int:
    """Go to and fro between two tables within the page and scroll both, for so long; how often.

    What a page keeps of what it has shown before is in its memory afterwards.
    """
    ends, rounds = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        await _visited(page, other)
        await page.evaluate(_SCROLL, [other.scroller, 200, FRAMES // 4])
        await _visited(page, view)
        await page.evaluate(_SCROLL, [view.scroller, 200, FRAMES // 2])
        rounds += 1
    return rounds


async def _visited(page: Page, view: View) -> None:
    await page.evaluate(view.visit)
    await page.locator(view.first_row).first.wait_for(timeout=PATIENCE_MS)


@asynccontextmanager
async def fresh(browser: Browser, cookies: list[Any]) -> AsyncIterator[BrowserContext]:
    """A browser without a cache, signed in."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    try:
        await context.add_cookies(cookies)
        yield context
    finally:
        await context.close()
