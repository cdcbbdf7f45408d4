"""How the time of an answer grows with what is stored, beside `mlflow server`.

    python -m bench.growth [--ours] [--candidates 1000,10000,100000] [--points …] [--models …] [--versions …] [--docs]

One client asks again and again; the figure is the median time of an answer in milliseconds. Everything is put straight
into the tables. The other server is left out of amounts that would take it minutes. ``--docs`` writes the table and a
plot into ``docs/``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson
import uvloop

from bench import curves
from bench.clients.http1 import CallFailed
from bench.clients.load import Figures, Plan, drive
from bench.servers import peers
from bench.servers.machine import running
from bench.servers.peers import ROOT, Peer
from bench.servers.processors import settle
from bench.stock import experiments, models, points
from bench.works import registry, searches
from bench.works.work import Preparation

_ENOUGH_FOR_THEM = {"candidates": 100_000, "points": 100_000, "models": 10_000, "versions": 10_000}
"""Larger amounts are ours alone."""


@dataclass
class Curve:
    """One question with one server, asked of more and more."""

    title: str
    unit: str
    """What there is more and more of."""
    server: str
    times: dict[int, float] = field(default_factory=dict)
    """Milliseconds by amount."""


def main() -> None:
    """Measure, print, write."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are ended
    with running() as machine, contextlib.ExitStack() as stack:
        rivals = [] if options.ours else [stack.enter_context(peers.mlflow(machine))]
        servers = [*rivals, peers.ours(machine)]
        settle(peer.processes for peer in servers)
        measured = uvloop.run(_measure(servers, options))
    text = _table(measured)
    print("\n" + text)
    if options.docs:
        (ROOT / "docs" / "growth.svg").write_text(curves.svg(measured))
        (ROOT / "docs" / "growth.md").write_text(_PAGE.format(table=text, processors=os.cpu_count()))


_PAGE = """# How answers grow

Median time of an answer in milliseconds, one client, {processors} processors that clients and servers share. `python -m
bench.growth --docs` writes this page; `mlflow server` is version 3.17.2 with the same PostgreSQL.

![Growth](growth.svg)

{table}"""


def _questions(options: argparse.Namespace) -> Iterator[tuple[str, str, int, Preparation]]:
    """What there is more of, the question, the amount, and how it is prepared; from little to much."""
    for size in options.candidates:
        for name in ("plain", "metric", "param", "order"):
            words, query = searches.SHAPES[name]
            yield (
                "candidates",
                f"search-runs, page of 100{words}",
                size,
                searches.searching(size, query, experiments.NARROW),
            )
    for size in options.points:
        yield "points", "metric history, all points", size, _history(size)
        yield "points", "metric history, 300 points of all", size, _sample(size)
    for size in options.models:
        yield "models", "registered-models/search, page of 100", size, registry.page(size)
        yield "models", "latest versions of a model", size, registry.latest(size)
    for size in options.versions:
        yield "versions", "latest versions of one model", size, registry.latest(1, size)
        yield "versions", "model-versions/search, page of 100 of one model", size, _versions(size)
        yield "versions", "create-version of one model", size, _next(size)


async def _measure(servers: Sequence[Peer], options: argparse.Namespace) -> list[Curve]:
    measured: dict[tuple[str, str], Curve] = {}
    for unit, title, size, prepare in _questions(options):
        for peer in servers:
            if size > _ENOUGH_FOR_THEM[unit] and not peer.is_ours:
                continue
            curve = measured.setdefault((title, peer.name), Curve(title, unit, peer.name))
            try:
                plan = await prepare(peer)
                await drive(peer.address, plan, 1, options.seconds / 5)
                figures = Figures([await drive(peer.address, plan, 1, options.seconds)])
            except (AssertionError, OSError, TimeoutError, CallFailed) as error:
                print(f"{peer.name}, {title}, {size}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
                continue
            curve.times[size] = figures.percentile(0.5) * 1000
            print(f"{peer.name:14}{title:60}{size:>9,} {unit:10} {curve.times[size]:9.1f} ms", flush=True)
    return list(measured.values())


def _history(size: int) -> Preparation:
    async def prepare(peer: Peer) -> Plan:
        run = await points.points(peer, size)
        return _asking(peer.get("/metrics/get-history", run_uuid=run, run_id=run, metric_key="loss"), "metrics", size)

    return prepare


def _sample(size: int) -> Preparation:
    """What a plot of the web interface asks."""

    async def prepare(peer: Peer) -> Plan:
        run = await points.points(peer, size)
        path = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval"
        return _asking(
            peer.address.request("GET", f"{path}?run_ids={run}&metric_key=loss&max_results=300"), "metrics", 200
        )

    return prepare


def _versions(size: int) -> Preparation:
    async def prepare(peer: Peer) -> Plan:
        (name,) = await models.fill(peer, 1, size)
        return _asking(
            peer.get("/model-versions/search", filter=f"name = '{name}'", max_results=100),
            "model_versions",
            min(100, size),
        )

    return prepare


def _next(size: int) -> Preparation:
    async def prepare(peer: Peer) -> Plan:
        (name,) = await models.fill(peer, 1, size)
        info = (await peer.ask(peer.post("/runs/create", {"experiment_id": "0"})))["run"]["info"]
        body: dict[str, Any] = {"name": name, "source": f"{info['artifact_uri']}/model", "run_id": info["run_id"]}

        def requests(_client: int) -> Iterator[bytes]:
            for number in count():
                yield peer.post("/model-versions/create", {**body, "description": f"The {number}th."})

        return Plan(requests)

    return prepare


def _asking(request: bytes, key: str, least: int) -> Plan:
    def requests(_client: int) -> Iterator[bytes]:
        while True:
            yield request

    def check(answer: bytes) -> None:
        assert len(orjson.loads(answer)[key]) >= least, answer[:300]

    return Plan(requests, check)


def _table(measured: Sequence[Curve]) -> str:
    parts = []
    for unit in dict.fromkeys(curve.unit for curve in measured):
        chosen = [curve for curve in measured if curve.unit == unit]
        sizes = sorted({size for curve in chosen for size in curve.times})
        heads = "".join(f" {size:,} {unit} |" for size in sizes)
        rows = [f"| question | server |{heads}", "|---" * (2 + len(sizes)) + "|"]
        for curve in sorted(chosen, key=lambda one: one.title):
            cells = "".join(f" {curve.times[size]:,.1f} |" if size in curve.times else " |" for size in sizes)
            rows.append(f"| {curve.title} | {curve.server} |{cells}")
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def _options() -> argparse.Namespace:
    def sizes(text: str) -> list[int]:
        return [int(word) for word in text.split(",") if word]

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--ours", action="store_true", help="leave mlflow server out")
    parser.add_argument("--candidates", type=sizes, default=[1000, 10_000, 100_000], help="1000000 takes ten minutes")
    parser.add_argument("--points", type=sizes, default=[1000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--models", type=sizes, default=[100, 1000, 10_000])
    parser.add_argument("--versions", type=sizes, default=[10, 100, 1000, 10_000])
    parser.add_argument("--seconds", type=float, default=2.0, help="for each question")
    parser.add_argument("--docs", action="store_true", help="write docs/growth.md and docs/growth.svg")
    return parser.parse_args()


if __name__ == "__main__":
    main()
