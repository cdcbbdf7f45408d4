"""Open the tables of both user interfaces by turns and print what was measured: ``python -m bench.web [--ours]``.

The browser has nothing of a page before each opening; the same pages are opened again from its cache. What counts are
the ratios: both take turns on a machine that may do other things, too.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser

from bench.servers import peers
from bench.servers.machine import running
from bench.servers.peers import Peer
from bench.web import measures, views
from bench.web.views import View
from tests.support.browser import chromium

_INVITE = """mutation I($project: String!) {
  userInvite(input: {memberships: [{groupOrProject: {project: {path: $project}}, role: OWNER}]}) {
    url userErrors { message } } }"""
Figures = dict[str, dict[str, list[float]]]


@dataclass(frozen=True)
class Stock:
    """How many rows the pages have."""

    large: int = 100_000
    """Candidates that ours alone has."""
    both: int = 2_000
    """Candidates of both."""
    models: int = 10_000


QUICK = Stock(large=2_000, both=200, models=300)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", action="store_true", help="without MLflow")
    parser.add_argument("--quick", action="store_true", help="with few rows, to see whether it runs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=0, help="of use, before memory is looked at again")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with running() as machine, contextlib.ExitStack() as stack:
        rivals = [] if options.ours else [stack.enter_context(peers.mlflow(machine))]
        servers, stock = [peers.ours(machine), *rivals], QUICK if options.quick else Stock()
        figures = asyncio.run(_measure(servers, stock, options.rounds, options.minutes))
    head = f"{os.cpu_count()} processors; load {load:.1f} before, {os.getloadavg()[0]:.1f} after"
    print(table(figures, head))
    if options.json:
        options.json.write_text(json.dumps({"head": head, "figures": figures}, indent=1))


async def _measure(servers: list[Peer], stock: Stock, rounds: int, minutes: float) -> Figures:
    figures: Figures = defaultdict(lambda: defaultdict(list))
    _tell("filling both with rows")
    cookies = await _signed_in(servers[0])
    shown = [(peer, await _views(peer, stock)) for peer in servers]
    async with chromium.started() as browser:
        for number in range(rounds + 1):
            _tell(f"round {number} of {rounds}" if number else "a round that warms the servers")
            for peer, view in [(peer, view) for peer, its_views in shown for view in its_views]:
                measured = await _round(browser, view, cookies)
                for what, value in measured.items() if number else ():
                    figures[f"{peer.name}: {view.name}"][what].append(value)
        if minutes:
            _tell(f"{minutes:g} minutes of use of all, beside each other")
            used = await asyncio.gather(*(_used(browser, its_views, cookies, minutes) for _, its_views in shown))
            for (peer, _), measured in zip(shown, used, strict=True):
                figures[f"{peer.name}: {minutes:g} minutes of use"] = {name: [one] for name, one in measured.items()}
    return figures


async def _used(browser: Browser, shown: list[View], cookies: list[Any], minutes: float) -> dict[str, float]:
    table, registry = shown[0], shown[-1]
    async with measures.fresh(browser, cookies) as context:
        page, _ = await measures.opened(context, table)
        before = await measures.heap(page)
        rounds = await measures.use(page, table, registry, minutes * 60)
        return {"heap, MB": await measures.heap(page), "heap at first, MB": before, "times to and fro": rounds}


async def _views(peer: Peer, stock: Stock) -> list[View]:
    """The table of candidates that both have comes first, the models last."""
    sizes = (stock.both, stock.large) if peer.is_ours else (stock.both,)
    return [*[await views.candidates(peer, size) for size in sizes], await views.registry(peer, stock.models)]


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


async def _round(browser: Browser, view: View, cookies: list[Any]) -> dict[str, float]:
    async with measures.fresh(browser, cookies) as context:
        page, cold = await measures.opened(context, view)
        await asyncio.sleep(2)  # what a page loads after its first row
        values = {
            "first row, ms": cold.first_row_ms,
            "script sent, kB": cold.script_sent / 1000,
            "script, kB": cold.script_size / 1000,
            "requests": cold.requests,
        }
        values["frame p95, 60 px, ms"] = await measures.frames(page, view, 60)
        values["frame p95, 500 px, ms"] = await measures.frames(page, view, 500)
        values["heap, MB"] = await measures.heap(page)
        await page.close()
        page, warm = await measures.opened(context, view)
        values["first row from the cache, ms"] = warm.first_row_ms
    return values


async def _signed_in(peer: Peer) -> list[Any]:
    """The cookie of a person who may see the project: an invitation is accepted as a browser would."""
    origin = f"http://{peer.address.host}:{peer.address.port}"
    async with httpx.AsyncClient(base_url=origin, headers=dict(peer.address.headers)) as client:
        sent = {"query": _INVITE, "variables": {"project": peer.project}}
        answer = (await client.post("/graphql", json=sent)).json()
    link = answer["data"]["userInvite"]["url"]
    async with chromium.started() as browser:
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(link)
        await page.locator("[name=username]").fill("bench")
        for name in ("password", "password_again"):
            await page.locator(f"[name={name}]").fill("correct horse battery staple")
        await page.keyboard.press("Enter")
        await page.wait_for_url(lambda url: "/invitations/" not in url)
        return list(await context.cookies())


def table(figures: Figures, head: str) -> str:
    """Medians, one column for each page."""
    names = list(dict.fromkeys(what for measured in figures.values() for what in measured))
    rows = [f"{head}; medians", "", f"| | {' | '.join(figures)} |", "|---|" + "---:|" * len(figures)]
    for what in names:
        cells = [
            f"{statistics.median(measured[what]):,.0f}" if what in measured else "" for measured in figures.values()
        ]
        rows.append(f"| {what} | {' | '.join(cells)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
