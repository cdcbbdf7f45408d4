"""A quiet tenant beside a noisy one, and the probe of a load balancer, in one run.

    python -m bench.fairness [--seconds 20] [--noisy 100,300]

The noisy clients belong to one project and call one after the other as fast as they are answered: batches of a thousand
metrics, pages of 100 candidates, PUTs of 10 kB and GraphQL. They run in a process of their own. The quiet tenant has
another project and another token, and begins 25 calls a second, unless the last one is still under way. `/health/live`
is called each 100 ms on a connection of its own. A client that is refused by 503 or 429 waits for a second, as MLflow's
client does.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from multiprocessing.connection import Connection as Pipe
from typing import Any

import orjson
import uvloop

from bench.clients.http1 import Address, CallFailed, Connection
from bench.clients.load import Round
from bench.servers import peers
from bench.servers.machine import running
from bench.servers.peers import API, Peer
from bench.servers.processors import Watch
from bench.stock import experiments

_FILES = "/api/2.0/mlflow-artifacts/artifacts"
_QUIET_CLIENTS = 2
_QUIET_PAUSE = 0.08
"""Seconds between the beginnings of two calls of one quiet client."""
_PROBE_PAUSE = 0.1
_BACK_OFF = 1.0
_BATCH = 1000
_CANDIDATES = """query Page($p: String!, $e: String!) { experiment(by: {name: {project: $p, name: $e}}) {
  candidates(first: 50) { nodes { id name status params { key value } metrics { key value step } } } } }"""


@dataclass(frozen=True)
class Tenant:
    """A project with a token, a candidate, and an experiment to search in."""

    address: Address
    project: str
    run: str
    folder: str
    experiment: str
    experiment_name: str

    def post(self, path: str, body: dict[str, Any]) -> bytes:
        return self.address.request("POST", API + path, orjson.dumps(body))

    def batch(self, step: int, metrics: int) -> bytes:
        points = [
            {"key": f"metric-{key}", "value": random.random(), "timestamp": 1_700_000_000_000, "step": step}
            for key in range(metrics)
        ]
        return self.post("/runs/log-batch", {"run_id": self.run, "metrics": points, "params": [], "tags": []})

    def search(self, most: int) -> bytes:
        return self.post("/runs/search", {"experiment_ids": [self.experiment], "max_results": most})

    def put(self) -> bytes:
        name = os.urandom(8).hex()
        return self.address.request(
            "PUT", f"{self.folder}/{name}.bin", b"no format that is inspected\n" + os.urandom(10_000)
        )

    def graphql(self) -> bytes:
        variables = {"p": self.project, "e": self.experiment_name}
        body = orjson.dumps({"query": _CANDIDATES, "variables": variables})
        return replace(self.address, prefix="").request("POST", "/graphql", body)

    def get_run(self) -> bytes:
        return self.address.request("GET", f"{API}/runs/get?run_id={self.run}")


def noisy_requests(tenant: Tenant, number: int) -> Iterator[bytes]:
    """The endless requests of one client; clients begin at different points of the round."""
    template = tenant.batch(-7_777, _BATCH)
    for turn in count(number):
        match turn % 4:
            case 0:
                yield template.replace(b"-7777", b"%05d" % (10_000 + turn))
            case 1:
                yield tenant.search(100)
            case 2:
                yield tenant.put()
            case _:
                yield tenant.graphql()


def quiet_requests(tenant: Tenant, number: int) -> Iterator[tuple[str, bytes]]:
    """The same kinds, as a user sends them who looks and logs now and then."""
    for turn in count(number):
        match turn % 5:
            case 0:
                yield "log-batch", tenant.batch(turn, 10)
            case 1:
                yield "search", tenant.search(20)
            case 2:
                yield "put", tenant.put()
            case 3:
                yield "graphql", tenant.graphql()
            case _:
                yield "get-run", tenant.get_run()


@dataclass
class Seen:
    """What clients saw: seconds of each answered call, and how many were refused."""

    latencies: list[float] = field(default_factory=list)
    by_kind: dict[str, list[float]] = field(default_factory=dict)
    refused: int = 0

    def note(self, kind: str, seconds: float) -> None:
        self.latencies.append(seconds)
        self.by_kind.setdefault(kind, []).append(seconds)


def percentile(latencies: Sequence[float], share: float) -> float:
    """Milliseconds."""
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else float("nan")


async def _call(connection: Connection, request: bytes, seen: Seen, kind: str) -> bool:
    began = time.perf_counter()
    try:
        await connection.call(request)
    except CallFailed as error:
        if " answered 503" not in str(error) and " answered 429" not in str(error):
            raise
        seen.refused += 1
        return False
    seen.note(kind, time.perf_counter() - began)
    return True


async def _noisy_client(tenant: Tenant, number: int, end: float, seen: Seen) -> None:
    connection = await Connection.open(tenant.address)
    try:
        for request in noisy_requests(tenant, number):
            if time.perf_counter() >= end:
                return
            if not await _call(connection, request, seen, ""):
                await asyncio.sleep(_BACK_OFF)
    finally:
        connection.close()


def _make_noise(tenant: Tenant, clients: int, pipe: Pipe) -> None:
    """The life of the process of the noisy clients: they call for so many seconds, then it tells what they saw."""

    async def make(seconds: float) -> None:
        end = time.perf_counter() + seconds
        await asyncio.gather(*(_noisy_client(tenant, number, end, seen) for number in range(clients)))

    seen = Seen()
    seconds = pipe.recv()
    began = time.perf_counter()
    uvloop.run(make(seconds))
    pipe.send((len(seen.latencies) / (time.perf_counter() - began), percentile(seen.latencies, 0.5), seen.refused))


@contextmanager
def noise(tenant: Tenant, clients: int, seconds: float) -> Iterator[Callable[[], tuple[float, float, int]]]:
    """So many noisy clients while the block runs; then the function tells calls a second, their median, refusals."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_make_noise, args=(tenant, clients, theirs))
    process.start()
    ours.send(seconds)
    answers: list[tuple[float, float, int]] = []
    try:
        time.sleep(2)  # the process starts, the queues fill
        yield lambda: answers[0]
        answers.append(ours.recv() if ours.poll(seconds + 60) else (0.0, 0.0, 0))
    finally:
        process.terminate()
        process.join()


async def _pace(pause: float, end: float, call: Callable[[], Awaitable[object]]) -> None:
    """Begin a call each so many seconds; one that takes longer delays the next."""
    following = time.perf_counter() + random.random() * pause
    while following < end:
        await asyncio.sleep(max(0.0, following - time.perf_counter()))
        await call()
        following = max(following + pause, time.perf_counter())


async def watch(tenant: Tenant, seconds: float) -> tuple[Seen, Seen]:
    """What the quiet tenant and the probe see."""
    quiet, live = Seen(), Seen()
    end = time.perf_counter() + seconds
    probe = replace(tenant.address, prefix="", headers=()).request("GET", "/health/live")

    async def client(number: int) -> None:
        connection, source = await Connection.open(tenant.address), quiet_requests(tenant, number)

        async def call() -> None:
            kind, request = next(source)
            if not await _call(connection, request, quiet, kind):
                await asyncio.sleep(_BACK_OFF)

        await _pace(_QUIET_PAUSE, end, call)
        connection.close()

    async def look() -> None:
        began = time.perf_counter()
        connection = await Connection.open(tenant.address)
        with suppress(CallFailed):
            await connection.call(probe)
            live.note("live", time.perf_counter() - began)
        connection.close()

    await asyncio.gather(_pace(_PROBE_PAUSE, end, look), *(client(number) for number in range(_QUIET_CLIENTS)))
    return quiet, live


async def tenants(peer: Peer) -> tuple[Tenant, Tenant]:
    """The noisy one in the first project, the quiet one in a project and with a token of its own."""
    filled = await experiments.fill(peer, 2000)
    noisy = await _tenant(peer.address, peer.project, filled.id)
    group = peer.project.rpartition("/")[0]
    made = await _graphql(
        peer,
        'mutation m($g: String!) { projectCreate(input: {group: {path: $g}, path: "quiet"}) {'
        " project { fullPath } userErrors { message } } }",
        g=group,
    )
    path = made["projectCreate"]["project"]["fullPath"]
    issued = await _graphql(
        peer,
        'mutation m($p: String!) { tokenCreate(input: {name: "quiet", groupOrProject: {project: {path: $p}}}) {'
        " secret userErrors { message } } }",
        p=path,
    )
    headers = (("Authorization", f"Bearer {issued['tokenCreate']['secret']}"),)
    prefix = f"/api/v4/projects/{path.replace('/', '%2F')}/ml/mlflow"
    address = replace(peer.address, prefix=prefix, headers=headers)
    quiet = await _tenant(address, path, "0")
    for _ in range(20):
        await _ask(address, quiet.post("/runs/create", {"experiment_id": "0"}))
    return noisy, quiet


async def _tenant(address: Address, project: str, experiment: str) -> Tenant:
    created = await _ask(address, address.request("POST", f"{API}/runs/create", b'{"experiment_id": "0"}'))
    answer = await _ask(address, address.request("GET", f"{API}/experiments/get?experiment_id={experiment}"))
    info = created["run"]["info"]
    folder = _FILES + info["artifact_uri"].removeprefix("mlflow-artifacts:")
    return Tenant(address, project, info["run_id"], folder, experiment, answer["experiment"]["name"])


async def _ask(address: Address, request: bytes) -> Any:
    connection = await Connection.open(address)
    try:
        return orjson.loads(await connection.call(request))
    finally:
        connection.close()


async def _graphql(peer: Peer, document: str, **variables: Any) -> Any:
    body = orjson.dumps({"query": document, "variables": variables})
    answer = await _ask(peer.address, replace(peer.address, prefix="").request("POST", "/graphql", body))
    assert "errors" not in answer, answer
    return answer["data"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="length of one measurement")
    parser.add_argument("--noisy", default="100,300", help="numbers of noisy clients")
    options = parser.parse_args()
    with running() as machine:
        peer = peers.ours(machine)
        noisy, quiet = uvloop.run(tenants(peer))
        uvloop.run(watch(quiet, 3.0))
        print(f"{os.cpu_count()} processors; load {os.getloadavg()[0]:.1f} before")
        columns = ("noisy clients", "quiet p50", "quiet p99", "live p50", "live p99", "live most")
        print(f"| {' | '.join((*columns, 'noisy calls/s', 'noisy p50', 'refused', 'others'))} |")
        print("|---" * (len(columns) + 4) + "|")
        undisturbed, others = _watched(peer, quiet, options.seconds)
        _print("none", undisturbed, (0.0, float("nan"), 0), others)
        for clients in map(int, options.noisy.split(",")):
            with noise(noisy, clients, options.seconds + 4) as told:
                seen, others = _watched(peer, quiet, options.seconds)
            _print(str(clients), seen, told(), others)
            ratio = percentile(seen[0].latencies, 0.99) / percentile(undisturbed[0].latencies, 0.99)
            print(f"  quiet p99 is {ratio:.1f} times that without load", flush=True)
        undisturbed, others = _watched(peer, quiet, options.seconds)
        _print("none", undisturbed, (0.0, float("nan"), 0), others)


def _watched(peer: Peer, quiet: Tenant, seconds: float) -> tuple[tuple[Seen, Seen], float]:
    """What was seen, and how many processors other programs used meanwhile."""
    with Watch(peer.processes) as processors:
        seen = uvloop.run(watch(quiet, seconds))
    return seen, processors.told(Round(seconds, (), 0.0)).others


def _print(title: str, seen: tuple[Seen, Seen], noisy: tuple[float, float, int], others: float) -> None:
    quiet, live = seen
    figures = [percentile(one.latencies, share) for one in (quiet, live) for share in (0.5, 0.99)]
    cells = [f"{one:.1f} ms" for one in (*figures, percentile(live.latencies, 1.0))]
    rate, median, refused = noisy
    print(
        f"| {title} | {' | '.join(cells)} | {rate:.0f} | {median:.0f} ms | {refused} + {quiet.refused} | {others:.1f} |"
    )
    kinds = Counter({kind: percentile(latencies, 0.99) for kind, latencies in quiet.by_kind.items()})
    print(
        f"  {len(quiet.latencies)} quiet calls; p99 {', '.join(f'{kind} {ms:.0f}' for kind, ms in kinds.items())} ms",
        flush=True,
    )


if __name__ == "__main__":
    main()
