"""Memory of an installation that works steadily: after five minutes and after twenty, process by process.

    .venv-dev/bin/python -m bench.steady [--marks 300,1200] [--clients 8] [--pause 0.05] [--json FILE]

Starts `up` in a temporary directory. Each client does one thing after the other, with a pause: candidates with params
and metrics, searches, files up and down, models and versions by GraphQL, pages of both; two subscriptions listen all
the time. Prints the PSS (what processes share is divided among them) of every process at each mark, and what has grown.
What the page cache and the tables hold is not in it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app.embedded.application import answers_ready
from bench.servers.peers import ROOT
from bench.servers.processors import tree
from bench.servers.started import free_port, started

_EVENTS = "subscription ($p: String!) { projectEvents(project: {path: $p}) { type objectId occurredAt cursor } }"
_MAKE = """mutation ($p: String!, $n: String!) {
  modelCreate(input: {project: {path: $p}, name: $n}) { model { id } userErrors { message } } }"""
_RELEASE = """mutation ($p: String!, $n: String!) {
  modelVersionCreate(input: {model: {path: {project: $p, name: $n}}}) { userErrors { message } } }"""
_PAGE = """query ($p: String!) { project(by: {path: $p}) { models(first: 50) { edges { node { name
  latestVersion { version } } } } experiments(first: 10) { edges { node { name } } } } }"""
_FILE_BYTES = 10_000
_SERVERS = ("api 1", "api 2", "worker", "postgres", "valkey-server", "weed", "python")


class Client:
    """One user of the installation, who does everything in turn."""

    def __init__(self, connection: dict[str, str], pause: float, done: Counter[str]) -> None:
        self._project = connection["MODELYARD_PROJECT"]
        self._tracking = f"{connection['MLFLOW_TRACKING_URI']}/api/2.0"
        headers = {"Authorization": f"Bearer {connection['MODELYARD_TOKEN']}"}
        self._http = httpx.AsyncClient(base_url=connection["MODELYARD_URL"], headers=headers, timeout=60)
        self._pause = pause
        self._done = done
        self._run = self._model = ""

    async def live(self) -> None:
        """Work until cancelled."""
        steps: tuple[Callable[[], Awaitable[httpx.Response]], ...] = (
            self._begin, self._batch, self._metric, self._metric, self._put, self._get, self._search, self._read,
            self._make, self._release, self._page, self._page,
        )  # fmt: skip
        async with self._http:
            while True:
                for step in steps:
                    answer = await step()
                    self._done[f"{step.__name__.strip('_')} {answer.status_code}"] += 1
                    await asyncio.sleep(self._pause * random.uniform(0.5, 1.5))

    async def _post(self, call: str, **body: object) -> httpx.Response:
        return await self._http.post(f"{self._tracking}/mlflow/{call}", json=body)

    async def _ask(self, document: str, **more: str) -> httpx.Response:
        given = {"query": document, "variables": {"p": self._project, **more}}
        answer = await self._http.post("/graphql", json=given)
        if '"errors"' in answer.text or '"message"' in answer.text:
            raise RuntimeError(f"GraphQL refused: {answer.text[:500]}")
        return answer

    async def _begin(self) -> httpx.Response:
        answer = await self._post("runs/create", experiment_id="0")
        self._run = answer.json()["run"]["info"]["run_id"]
        return answer

    async def _batch(self) -> httpx.Response:
        params = [{"key": f"p{number}", "value": uuid4().hex} for number in range(20)]
        metrics = [{"key": f"m{n % 10}", "value": n, "timestamp": n, "step": n} for n in range(200)]
        return await self._post("runs/log-batch", run_id=self._run, params=params, metrics=metrics)

    async def _metric(self) -> httpx.Response:
        now = time.time_ns() // 1_000_000
        return await self._post("runs/log-metric", run_id=self._run, key="loss", value=0.5, timestamp=now, step=now)

    async def _put(self) -> httpx.Response:
        return await self._http.put(self._file(), content=os.urandom(_FILE_BYTES))

    async def _get(self) -> httpx.Response:
        return await self._http.get(self._file())

    async def _search(self) -> httpx.Response:
        return await self._post("runs/search", experiment_ids=["0"], filter="metrics.m3 > 5", max_results=50)

    async def _read(self) -> httpx.Response:
        return await self._http.get(f"{self._tracking}/mlflow/runs/get", params={"run_id": self._run})

    async def _make(self) -> httpx.Response:
        self._model = f"model-{uuid4().hex}"
        return await self._ask(_MAKE, n=self._model)

    async def _release(self) -> httpx.Response:
        return await self._ask(_RELEASE, n=self._model)

    async def _page(self) -> httpx.Response:
        return await self._ask(_PAGE)

    def _file(self) -> str:
        return f"{self._tracking}/mlflow-artifacts/artifacts/0/{self._run}/artifacts/file.bin"


async def listen(connection: dict[str, str], done: Counter[str]) -> None:
    """One subscription to all that happens, again whenever it ends."""
    address = connection["MODELYARD_URL"].replace("http://", "ws://", 1)
    given = {"query": _EVENTS, "variables": {"p": connection["MODELYARD_PROJECT"]}}
    signed = {"authorization": f"Bearer {connection['MODELYARD_TOKEN']}"}
    while True:
        with suppress(ConnectionClosed, OSError):
            async with connect(f"{address}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
                await socket.send(json.dumps({"type": "connection_init", "payload": signed}))
                await socket.recv()
                await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": given}))
                async for message in socket:
                    done[json.loads(message)["type"]] += 1
        await asyncio.sleep(1)


async def work(connection: dict[str, str], up: int, arguments: argparse.Namespace) -> list[dict[str, float]]:
    """Load it, and look at the memory at each mark."""
    done: Counter[str] = Counter()
    tasks = [asyncio.create_task(listen(connection, done)) for _ in range(2)]
    tasks += [asyncio.create_task(Client(connection, arguments.pause, done).live()) for _ in range(arguments.clients)]
    began, sizes = time.monotonic(), []
    for mark in arguments.marks:
        wait = asyncio.create_task(asyncio.sleep(began + mark - time.monotonic()))
        await asyncio.wait({wait, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
        sizes.append(memory(up))
        print(f"after {mark:g} s: {sizes[-1]['all']:.0f} MiB; {sum(done.values())} answers and events", flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    print("  " + ", ".join(f"{name}: {count}" for name, count in sorted(done.items())))
    return sizes


def memory(up: int) -> dict[str, float]:
    """MiB by the name of the process; those of one name together, and all."""
    sizes: Counter[str] = Counter()
    for pid in tree(up):
        with suppress(OSError):
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            kib = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
            sizes[name if name in _SERVERS else "other"] += kib
    mebibytes = {name: kib / 1024 for name, kib in sorted(sizes.items())}
    return mebibytes | {"all": sum(mebibytes.values())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--marks", type=_marks, default=[300.0, 1200.0], help="seconds, separated by commas")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--pause", type=float, default=0.05, help="seconds between two calls of a client, on average")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mysteady", ignore_cleanup_errors=True) as directory:
        folder, port = Path(directory), free_port()
        where = {"MODELYARD_DATA_DIR": str(folder / "up"), "MODELYARD_PORT": str(port), "PYTHONPATH": str(ROOT)}
        command, url = [sys.executable, "-m", "app.cli", "up"], f"http://127.0.0.1:{port}"
        written = folder / "up" / "connection.env"
        with started(
            command, folder, folder / "up.log", lambda: written.exists() and answers_ready(url), **where
        ) as process:
            lines = written.read_text().splitlines()
            connection = dict(line.removeprefix("export ").split("=", 1) for line in lines)
            sizes = asyncio.run(work(connection, process.pid, arguments))
    _print(arguments.marks, sizes)
    if arguments.json:
        arguments.json.write_text(json.dumps(dict(zip(map(str, arguments.marks), sizes, strict=True)), indent=1))


def _print(marks: list[float], sizes: list[dict[str, float]]) -> None:
    print("PSS in MiB".ljust(16) + "".join(f"{f'{mark / 60:.3g} min':>10}" for mark in marks) + f"{'last/first':>12}")
    for name in sizes[-1]:
        row = [size.get(name, 0.0) for size in sizes]
        ratio = f"{row[-1] / row[0]:.2f}" if row[0] else "-"
        print(name.ljust(16) + "".join(f"{size:>10.1f}" for size in row) + f"{ratio:>12}")


def _marks(text: str) -> list[float]:
    return sorted(float(part) for part in text.split(","))


if __name__ == "__main__":
    main()
