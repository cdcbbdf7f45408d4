"""Models and versions: pages, the latest, new ones."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import orjson

from bench.clients.load import Plan
from bench.servers.peers import Peer
from bench.stock import models as stock_models
from bench.works.work import Preparation, Work

_MODELS = 1000


def page(count: int = _MODELS, **query: str) -> Preparation:
    """A page of 100 out of so many models."""

    async def prepare(peer: Peer) -> Plan:
        await stock_models.fill(peer, count)
        request = peer.get("/registered-models/search", max_results=100, **query)

        def check(answer: bytes) -> None:
            assert len(orjson.loads(answer)["registered_models"]) == 100, answer[:300]

        return Plan(lambda _client: _always(request), check)

    return prepare


def latest(count: int = _MODELS, versions: int = stock_models.VERSIONS) -> Preparation:
    """The latest versions of any of so many models."""

    async def prepare(peer: Peer) -> Plan:
        names = await stock_models.fill(peer, count, versions)

        def requests(_client: int) -> Iterator[bytes]:
            while True:
                yield peer.post("/registered-models/get-latest-versions", {"name": random.choice(names)})

        def check(answer: bytes) -> None:
            versions = orjson.loads(answer)["model_versions"]
            assert {one["current_stage"].lower() for one in versions} == {"none", "production"}, answer[:300]

        return Plan(requests, check)

    return prepare


async def _by_alias(peer: Peer) -> Plan:
    names = await stock_models.fill(peer, _MODELS)

    def requests(_client: int) -> Iterator[bytes]:
        while True:
            yield peer.get("/registered-models/alias", name=random.choice(names), alias="champion")

    def check(answer: bytes) -> None:
        assert orjson.loads(answer)["model_version"]["version"] == "1", answer[:300]

    return Plan(requests, check)


async def _versions(peer: Peer, models: int) -> Plan:
    info = (await peer.ask(peer.post("/runs/create", {"experiment_id": "0"})))["run"]["info"]
    names = [f"growing-{time.time_ns()}-{number}" for number in range(models)]
    for name in names:
        await peer.ask(peer.post("/registered-models/create", {"name": name}))
    source = f"{info['artifact_uri']}/model"

    def requests(_client: int) -> Iterator[bytes]:
        while True:
            body = {"name": random.choice(names), "source": source, "run_id": info["run_id"]}
            yield peer.post("/model-versions/create", body)

    def check(answer: bytes) -> None:
        assert orjson.loads(answer)["model_version"]["status"] == "READY", answer[:300]

    return Plan(requests, check)


async def _one(peer: Peer) -> Plan:
    return await _versions(peer, 1)


async def _many(peer: Peer) -> Plan:
    return await _versions(peer, 64)


def _always(request: bytes) -> Iterator[bytes]:
    while True:
        yield request


WORKS = (
    Work("models", "registered-models/search, page of 100 of 1,000, 4 clients", 4, page(), 15, 30),
    Work("models-name", "the same, filter by name", 4, page(filter="name LIKE 'model-%'"), 15, 30),
    Work("latest", "latest versions of a model, 16 clients", 16, latest(), 10, 20),
    Work("alias", "version by alias, 16 clients", 16, _by_alias, 10, 20),
    Work("version-one", "create-version, one model, 16 clients", 16, _one, 10, 20),
    Work("version-many", "create-version, 64 models, 16 clients", 16, _many, 10, 20),
)
