"""What counting pulls costs a download: two API processes over one installation, with and without it, in turn.

    python -m bench.lifecycle.pull_counting [--rounds 20] [--each 200] [--clients 8]

Both serve the same file of 10 kB through MLflow's path, and tell where a version's files are (get-download-uri). The
processor time of the serving process is compared, too, since it does not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import httpx

from app import installation
from app.access import bootstrap, groups, projects
from app.access.groups import CreateGroup
from app.access.projects import CreateProject
from app.access.tokens import authenticate
from app.embedded import servers as embedded
from app.registry import models
from app.registry.models import CreateModel
from app.registry.versions import create as versions
from app.registry.versions.request import CreateVersion
from app.runtime import open_runtime
from app.settings import Settings

WAYS = {"without": "0", "with": "5"}


async def main(rounds: int, each: int, clients: int) -> None:
    """Measure and print."""
    directory = Path(tempfile.mkdtemp(prefix="myp"))
    running = embedded.start(directory)
    apis: dict[str, subprocess.Popen[bytes]] = {}
    try:
        os.environ.update(running.environment)
        settings = Settings.read()
        await installation.prepare_schema(settings)
        token, project_id, run = await _prepare(settings)
        ports = {way: _free_port() for way in WAYS}
        for way, seconds in WAYS.items():
            apis[way] = _start(ports[way], seconds)
        addresses = {way: f"http://127.0.0.1:{port}" for way, port in ports.items()}
        base = f"/api/v4/projects/{project_id}/ml/mlflow/api/2.0"
        paths = {
            "download of 10 kB": f"{base}/mlflow-artifacts/artifacts/0/{run}/artifacts/f.bin",
            "get-download-uri": f"{base}/mlflow/model-versions/get-download-uri?name=m&version=1",
        }
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(timeout=60, headers=headers) as http:
            for address in addresses.values():
                await _ready(http, address)
            (
                await http.put(f"{addresses['with']}{paths['download of 10 kB']}", content=b"x" * 10_000)
            ).raise_for_status()
            for name, path in paths.items():
                await _compare(http, name, path, addresses, apis, rounds, each, clients)
    finally:
        for process in apis.values():
            process.terminate()
            process.wait(20)
        running.stop()
        shutil.rmtree(directory, ignore_errors=True)


async def _compare(
    http: httpx.AsyncClient, name: str, path: str, addresses: dict[str, str],
    apis: dict[str, subprocess.Popen[bytes]], rounds: int, each: int, clients: int,
) -> None:  # fmt: skip
    times: dict[str, list[float]] = {way: [] for way in WAYS}
    processor: dict[str, list[float]] = {way: [] for way in WAYS}
    for number in range(rounds + 1):
        for way in sorted(WAYS, reverse=bool(number % 2)):
            before, began = _processor_seconds(apis[way].pid), time.perf_counter()
            await _load(http, addresses[way] + path, each, clients)
            if number:  # the first warms up
                times[way].append((time.perf_counter() - began) / each)
                processor[way].append((_processor_seconds(apis[way].pid) - before) / each)
    print(name)
    for label, values in (("elapsed", times), ("processor", processor)):
        shown = {way: statistics.median(values[way]) * 1000 for way in WAYS}
        ratio = statistics.median(b / a for a, b in zip(values["without"], values["with"], strict=True) if a)
        print(f"  {label:9}  {shown['without']:.3f} ms without, {shown['with']:.3f} ms with: ×{ratio:.3f}")


async def _load(http: httpx.AsyncClient, url: str, each: int, clients: int) -> None:
    async def client() -> None:
        for _ in range(each // clients):
            (await http.get(url)).raise_for_status()

    await asyncio.gather(*(client() for _ in range(clients)))


async def _prepare(settings: Settings) -> tuple[str, int, str]:
    async with open_runtime(settings) as runtime:
        await runtime.blobs.ensure_bucket()
        first = await bootstrap.ensure(runtime.db, token=None)
        actor = await authenticate(runtime.db, first.token)
        group = await groups.create(runtime.db, actor, CreateGroup(f"g{uuid4().hex}"))
        project = await projects.create(runtime.db, actor, CreateProject(group.id, "p"))
        await models.create(runtime.db, actor, project.id, CreateModel("m"))
        made = await versions.create(runtime.db, actor, project.id, CreateVersion("m"))
        return first.token, project.id, made.candidate_id.hex


def _start(port: int, seconds: str) -> subprocess.Popen[bytes]:
    own = {"MODELYARD_PORT": str(port), "MODELYARD_PULL_FLUSH_SECONDS": seconds, "MODELYARD_LOG_LEVEL": "WARNING"}
    return subprocess.Popen([sys.executable, "-m", "app.cli", "api"], env={**os.environ, **own})


async def _ready(http: httpx.AsyncClient, address: str) -> None:
    for _ in range(200):
        try:
            if (await http.get(f"{address}/healthz")).status_code < 500:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.2)
    raise SystemExit(f"{address} does not answer")


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--each", type=int, default=200)
    parser.add_argument("--clients", type=int, default=8)
    given = parser.parse_args()
    asyncio.run(main(given.rounds, given.each, given.clients))
