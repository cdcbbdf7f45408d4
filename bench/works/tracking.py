"""Candidates written and read one by one: metrics, batches, creation, history."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import orjson

from bench.clients.load import Plan
from bench.servers.peers import API, Peer
from bench.stock import experiments
from bench.works.work import Work

BATCH = 1000
POINTS = 20_000


async def _new_run(peer: Peer) -> str:
    made = await peer.ask(peer.post("/runs/create", {"experiment_id": "0", "start_time": _now()}))
    return str(made["run"]["info"]["run_id"])


def _now() -> int:
    return time.time_ns() // 1_000_000


def _metric(key: str, step: int) -> dict[str, Any]:
    return {"key": key, "value": random.random(), "timestamp": _now(), "step": step}


async def _log_metric(peer: Peer) -> Plan:
    run, steps = await _new_run(peer), count()

    def requests(_client: int) -> Iterator[bytes]:
        for step in steps:
            yield peer.post("/runs/log-metric", {"run_id": run, "run_uuid": run, **_metric("loss", step)})

    return Plan(requests)


async def _log_metric_own(peer: Peer) -> Plan:
    runs, steps = [await _new_run(peer) for _ in range(16)], count()

    def requests(client: int) -> Iterator[bytes]:
        run = runs[client]
        for step in steps:
            yield peer.post("/runs/log-metric", {"run_id": run, "run_uuid": run, **_metric("loss", step)})

    return Plan(requests)


async def _batches(peer: Peer, keys: int) -> Plan:
    """A thousand metrics: so many keys, each with as many steps as it takes.

    Messages are made from a template, so that clients spend next to nothing on them.
    """
    runs, batches = [await _new_run(peer) for _ in range(8)], count(1)
    metrics = [{**_metric(f"metric-{number % keys}", 0), "step": f"@{number // keys:03}"} for number in range(BATCH)]

    def template(run: str) -> bytes:
        body = orjson.dumps({"run_id": run, "metrics": metrics, "params": [], "tags": []})
        return re.sub(rb'"(@\d+)"', rb"\1", body)

    bodies = [template(run) for run in runs]

    def requests(client: int) -> Iterator[bytes]:
        for batch in batches:
            yield peer.address.request("POST", f"{API}/runs/log-batch", bodies[client].replace(b"@", b"%d" % batch))

    return Plan(requests)


async def _log_batch(peer: Peer) -> Plan:
    return await _batches(peer, BATCH)


async def _log_steps(peer: Peer) -> Plan:
    return await _batches(peer, 10)


async def _create_run(peer: Peer) -> Plan:
    tags = {"mlflow.user": "ada", "mlflow.source.name": "train.py", "mlflow.source.type": "LOCAL"}

    def requests(client: int) -> Iterator[bytes]:
        for number in count():
            name = f"run-{client}-{number}"
            listed = [{"key": key, "value": value} for key, value in {**tags, "mlflow.runName": name}.items()]
            body = {"experiment_id": "0", "user_id": "ada", "start_time": _now(), "run_name": name, "tags": listed}
            yield peer.post("/runs/create", body)

    def check(body: bytes) -> None:
        assert orjson.loads(body)["run"]["info"]["status"] == "RUNNING", body

    return Plan(requests, check)


async def _get_run(peer: Peer) -> Plan:
    runs = (await experiments.fill(peer, 2000)).some

    def requests(_client: int) -> Iterator[bytes]:
        while True:
            run = random.choice(runs)
            yield peer.get("/runs/get", run_uuid=run, run_id=run)

    def check(body: bytes) -> None:
        data = orjson.loads(body)["run"]["data"]
        assert (len(data["metrics"]), len(data["params"])) == (10, 10), body

    return Plan(requests, check)


async def _history(peer: Peer) -> Plan:
    run = await _new_run(peer)
    for first in range(0, POINTS, BATCH):
        metrics = [_metric("loss", step) for step in range(first, first + BATCH)]
        await peer.ask(peer.post("/runs/log-batch", {"run_id": run, "metrics": metrics, "params": [], "tags": []}))

    def requests(_client: int) -> Iterator[bytes]:
        request = peer.get("/metrics/get-history", run_uuid=run, run_id=run, metric_key="loss")
        while True:
            yield request

    def check(body: bytes) -> None:
        assert len(orjson.loads(body)["metrics"]) == POINTS, "all points"

    return Plan(requests, check)


WORKS = (
    Work("log-metric", "log-metric, 16 clients on one run", 16, _log_metric, 10, 25),
    Work("log-metric-own", "log-metric, 16 clients on a run of their own", 16, _log_metric_own),
    Work("log-batch", "log-batch of 1,000 keys, 8 clients", 8, _log_batch, 20, 40, "metrics", BATCH),
    Work("log-steps", "log-batch of 10 keys × 100 steps, 8 clients", 8, _log_steps, 20, 40, "metrics", BATCH),
    Work("create-run", "create-run, 16 clients", 16, _create_run, 12, 20),
    Work("get-run", "get-run, 16 clients", 16, _get_run, 12, 20),
    Work("history", "metric history of 20,000 points, 2 clients", 2, _history, 30, 100, "points", POINTS),
)
