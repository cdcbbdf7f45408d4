"""What subscriptions cost: memory and processor time of one API process, and how long an event is on its way.

Starts servers of its own in a temporary directory, and one API process:

    .venv-dev/bin/python -m bench.subscriptions --count 100
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from app.embedded import servers as embedded

EVENTS = "subscription e($p: String!) { projectEvents(project: {path: $p}) { type objectId occurredAt cursor } }"
CREATE = """mutation m($p: String!, $n: String!) {
  modelCreate(input: {project: {path: $p}, name: $n}) { model { id } userErrors { message } } }"""
PORT = 18_080


def memory(pid: int) -> float:
    """MiB of a process that are its own."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_", "Swap:"))) / 1024


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def subscribe(path: str, token: str, arrivals: list[float]) -> asyncio.Task[None]:
    """One socket with one subscription, which notes when events arrive."""
    socket = await connect(f"ws://127.0.0.1:{PORT}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")])
    await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
    await socket.recv()
    payload = {"query": EVENTS, "variables": {"p": path}}
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))

    async def read() -> None:
        async for message in socket:
            if json.loads(message)["type"] == "next":
                arrivals.append(time.perf_counter())  # noqa: PERF401 - others read the list meanwhile

    return asyncio.create_task(read())


async def measure(pid: int, count: int, events: int, path: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORT}", headers=headers) as client:

        async def create(name: str) -> None:
            answer = await client.post("/graphql", json={"query": CREATE, "variables": {"p": path, "n": name}})
            assert answer.json()["data"]["modelCreate"]["userErrors"] == [], answer.text

        for number in range(20):
            await create(f"warm-{number}")
        before = memory(pid)
        arrivals: list[float] = []
        readers = [await subscribe(path, token, arrivals) for _ in range(count)]
        await asyncio.sleep(3)
        held, used = memory(pid), processor(pid)
        await asyncio.sleep(10)
        idle = (processor(pid) - used) / 10
        delays, spans = [], []
        for number in range(events):
            arrivals.clear()
            began = time.perf_counter()
            await create(f"event-{number}")
            while len(arrivals) < count:  # noqa: ASYNC110 - there is nothing to wait for but the list
                await asyncio.sleep(0.005)
            delays.append(statistics.median(arrivals) - began)
            spans.append(max(arrivals) - began)
        print(f"subscriptions            {count}")
        print(f"memory before            {before:.1f} MiB")
        print(f"memory with them         {held:.1f} MiB, {(held - before) * 1024 / count:.0f} KiB each")
        print(f"memory after {events} events   {memory(pid):.1f} MiB")
        print(f"processor while idle     {idle * 100:.1f} % of one")
        print(f"change to event, median  {statistics.median(delays) * 1000:.0f} ms; slowest {max(spans) * 1000:.0f} ms")
        for reader in readers:
            reader.cancel()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=100)
    options.add_argument("--events", type=int, default=30)
    chosen = options.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="myb"))
    servers = embedded.start(directory)
    environment = {**os.environ, **servers.environment, "MODELYARD_PORT": str(PORT), "MODELYARD_LOG_LEVEL": "WARNING"}
    command = [sys.executable, "-m", "app.cli"]
    api = None
    try:
        subprocess.run([*command, "migrate"], env=environment, check=True)
        lines = subprocess.run([*command, "token"], env=environment, check=True, capture_output=True, text=True).stdout
        values = dict(line.removeprefix("export ").split("=", 1) for line in lines.splitlines() if "=" in line)
        values = {name: value.strip("'\"") for name, value in values.items()}
        api = subprocess.Popen([*command, "api"], env=environment)
        time.sleep(4)
        path, token = values["MODELYARD_PROJECT"], values["MODELYARD_TOKEN"]
        asyncio.run(measure(api.pid, chosen.count, chosen.events, path, token))
    finally:
        if api is not None:
            api.terminate()
            api.wait()
        servers.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
