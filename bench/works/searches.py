"""Pages of 100 candidates out of many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from bench.clients.load import Plan
from bench.servers.peers import Peer
from bench.stock import experiments
from bench.works.work import Preparation, Work

_CLIENTS = 4
SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("", {}),
    "metric": (", filter by metric", {"filter": "metrics.`metric-1` > 0.9"}),
    "param": (", filter by param", {"filter": "params.`param-1` = '3'"}),
    "tag": (", filter by tag", {"filter": "tags.`tag-1` = 'value-7'"}),
    "order": (", order by metric", {"order_by": ["metrics.`metric-1` DESC"]}),
    "all": (
        ", filter by metric and param, order by metric",
        {"filter": "metrics.`metric-1` > 0.5 and params.`param-1` != '3'", "order_by": ["metrics.`metric-2` ASC"]},
    ),
}


def searching(size: int, question: dict[str, Any], shape: experiments.Shape = experiments.WIDE) -> Preparation:
    """How a search among so many candidates is prepared."""

    async def prepare(peer: Peer) -> Plan:
        id = (await experiments.fill(peer, size, shape)).id
        body = {"experiment_ids": [id], "max_results": 100, "run_view_type": "ACTIVE_ONLY", **question}
        request = peer.post("/runs/search", body)

        def requests(_client: int) -> Iterator[bytes]:
            while True:
                yield request

        def check(answer: bytes) -> None:
            runs = orjson.loads(answer)["runs"]
            assert 0.6 * min(100, size / 20) <= len(runs) <= 100, f"{len(runs)} found by {question}"
            assert len(runs[0]["data"]["metrics"]) == shape.metrics, runs[0]

        return Plan(requests, check)

    return prepare


def _works(size: int, floor: float, aim: float, *, is_long: bool) -> Iterator[Work]:
    for name, (words, question) in SHAPES.items():
        title = f"search-runs, page of 100 of {size:,}{words}, {_CLIENTS} clients"
        key = f"search-{name}" if size == 2000 else f"large-{name}"
        yield Work(key, title, _CLIENTS, searching(size, question), floor, aim, is_long=is_long)


WORKS = (*_works(2000, 25, 50, is_long=False), *_works(100_000, 100, 300, is_long=True))
