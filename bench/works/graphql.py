"""Pages of the web interface, which only we have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import orjson

from bench.clients.load import Plan
from bench.graphql import CANDIDATES, MODELS
from bench.servers.peers import Peer
from bench.stock import experiments, models
from bench.works.work import Work

_CLIENTS = 4


def _asking(peer: Peer, document: str, count: Callable[[Any], int], **variables: Any) -> Plan:
    address = replace(peer.address, prefix="")
    body = orjson.dumps({"query": document, "variables": {"p": peer.project, **variables}})
    request = address.request("POST", "/graphql", body)

    def requests(_client: int) -> Iterator[bytes]:
        while True:
            yield request

    def check(answer: bytes) -> None:
        document = orjson.loads(answer)
        assert "errors" not in document, document["errors"]
        assert count(document["data"]) == 100, answer[:300]

    return Plan(requests, check)


async def _models(peer: Peer) -> Plan:
    await models.fill(peer, 1000)
    return _asking(peer, MODELS, lambda data: len(data["project"]["models"]["nodes"]))


async def _candidates(peer: Peer) -> Plan:
    id = (await experiments.fill(peer, 2000)).id
    name = (await peer.ask(peer.get("/experiments/get", experiment_id=id)))["experiment"]["name"]
    return _asking(peer, CANDIDATES, lambda data: len(data["experiment"]["candidates"]["nodes"]), e=name)


WORKS = (
    Work(
        "graphql-models",
        "GraphQL: 100 models with latest version, aliases, counts, 4 clients",
        _CLIENTS,
        _models,
        ours_only=True,
    ),
    Work(
        "graphql-candidates",
        "GraphQL: 100 candidates with metrics, params, tags, 4 clients",
        _CLIENTS,
        _candidates,
        ours_only=True,
    ),
)
