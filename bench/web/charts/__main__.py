"""Draw times, frames while curves are moved, and memory: ``python -m bench.web.charts``.

A frame is the time between two calls of requestAnimationFrame, one move of the plot apart; a browser without a screen
calls it 60 times a second at most, so 16.7 ms is the best figure. On a busy machine look at the time of the processor.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, CDPSession

from bench.web.charts import serving
from tests.support.browser import chromium

FRAMES = 90
CASES = {
    "10 curves of 10,000": "chart=line&curves=10&points=10000",
    "the same, smoothed, logarithmic": "chart=line&curves=10&points=10000&smoothing=0.9&logY",
    "50 curves of 10,000": "chart=line&curves=50&points=10000",
    "the same, smoothed": "chart=line&curves=50&points=10000&smoothing=0.9",
    "one curve of 100,000": "chart=line&curves=1&points=100000",
    "100,000 points scattered": "chart=scatter&points=100000",
}
_MOVE = """async ([frames]) => {
  const over = document.querySelector('.u-over');
  const box = over.getBoundingClientRect();
  const at = (type, x) => over.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, clientX: box.left + x, clientY: box.top + 50, shiftKey: true, bubbles: true, pointerType: 'mouse' }));
  over.setPointerCapture = () => undefined;
  const plot = document.querySelector('[role=application]');
  for (let press = 0; press < 3; press++) plot.dispatchEvent(new KeyboardEvent('keydown', { key: '+', bubbles: true }));
  at('pointerdown', 400);
  const times = [], work = [];
  let before = await new Promise(requestAnimationFrame);
  for (let frame = 0; frame < frames; frame++) {
    const start = performance.now();
    at('pointermove', 400 + 150 * Math.sin(frame / 20));
    await new Promise((resolve) => setTimeout(resolve));
    work.push(performance.now() - start);
    const now = await new Promise(requestAnimationFrame);
    times.push(now - before);
    before = now;
  }
  at('pointerup', 400);
  return { times, work };
}"""
_REFUSALS = (
    "document.addEventListener('securitypolicyviolation', (e) => (globalThis.refused ??= []).push(e.violatedDirective))"
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="another page of the same kind, built already")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    if options.folder:
        rows = _figures(options.folder, options.rounds)
    else:
        with serving.built() as folder:
            rows = _figures(folder, options.rounds)
    print(f"{os.cpu_count()} processors; load {load:.1f} before, {os.getloadavg()[0]:.1f} after")
    print("| | shown after, ms | frame p50, ms | p95 | processor per frame, ms | work p50, ms | heap, MB | refused |")
    print("|---|---|---|---|---|---|---|---|")
    print("\n".join(rows))


def _figures(folder: Path, rounds: int) -> list[str]:
    with serving.served(folder) as address:
        return asyncio.run(_measured(address, rounds))


async def _measured(address: str, rounds: int) -> list[str]:
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in CASES}
    async with chromium.started() as browser:
        for _ in range(rounds):
            for name, search in CASES.items():
                results[name].append(await _opened(browser, f"{address}/bench/charts.html?{search}"))
    return [_row(name, rounds_of) for name, rounds_of in results.items()]


async def _opened(browser: Browser, address: str) -> dict[str, Any]:
    context = await browser.new_context(viewport={"width": 1400, "height": 900}, locale="en")
    page = await context.new_page()
    await page.add_init_script(_REFUSALS)
    await page.goto(address)
    await page.wait_for_selector(".u-over", timeout=120_000)
    shown = await page.evaluate("new Promise((done) => requestAnimationFrame(() => done(performance.now())))")
    session = await context.new_cdp_session(page)
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = await _busy(session)
    moved = await page.evaluate(_MOVE, [FRAMES])
    busy = (await _busy(session) - before) * 1_000 / FRAMES
    await session.send("HeapProfiler.collectGarbage")
    heap = (await session.send("Runtime.getHeapUsage"))["usedSize"] / 1e6
    refused = await page.evaluate("globalThis.refused?.length ?? 0")
    await context.close()
    return {"shown": shown, "heap": heap, "refused": refused, "busy": busy, **moved}


async def _busy(session: CDPSession) -> float:
    """Seconds of the processor that the page's main thread has used: not more when others use it, too."""
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")


def _row(name: str, rounds: list[dict[str, Any]]) -> str:
    def middle(pick: Callable[[dict[str, Any]], float]) -> float:
        return statistics.median(pick(one) for one in rounds)

    def share(key: str, part: float) -> float:
        return middle(lambda one: sorted(one[key])[int(len(one[key]) * part)])

    figures = [
        middle(lambda one: one["shown"]),
        share("times", 0.5),
        share("times", 0.95),
        middle(lambda one: one["busy"]),
    ]
    figures += [share("work", 0.5), middle(lambda one: one["heap"])]
    texts = [f"{figures[0]:.0f}", *(f"{figure:.1f}" for figure in figures[1:])]
    return f"| {name} | {' | '.join(texts)} | {max(one['refused'] for one in rounds)} |"


if __name__ == "__main__":
    main()
