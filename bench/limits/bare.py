"""The limits on this machine: the same rows, bytes and requests with nothing of a server around them."""

from __future__ import annotations

import random
import sys
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import orjson
from minio import Minio

from bench.clients.http1 import Address
from bench.clients.load import Figures, Plan, drive, repeat
from bench.servers.machine import PROCESSES, Machine
from bench.servers.peers import ROOT, ready
from bench.servers.processors import Watch
from bench.servers.started import free_port, started
from bench.works.files import content

_SCHEMA = """DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare;
CREATE TABLE bare.metric_points (LIKE public.metric_points INCLUDING ALL);
CREATE TABLE bare.latest_metrics (LIKE public.latest_metrics INCLUDING ALL);
ALTER TABLE bare.latest_metrics ALTER experiment_number SET DEFAULT 0, ALTER newest_first SET DEFAULT 0;
CREATE TABLE bare.candidates (LIKE public.candidates INCLUDING ALL)"""
_COLUMNS = ("project_id", "candidate_id", "key", "value", "step", "timestamp")
_POINT = f"INSERT INTO bare.metric_points ({', '.join(_COLUMNS)}) VALUES (1, $1, 'loss', $2, $3, 1700000000000)"
_POINTS = f"""INSERT INTO bare.metric_points ({", ".join(_COLUMNS)}) SELECT 1, $1, key, value, step, 1700000000000
  FROM unnest($2::text[], $3::float8[], $4::bigint[]) _ (key, value, step)"""
_LATEST = f"""INSERT INTO bare.latest_metrics ({", ".join(_COLUMNS)}) SELECT 1, $1, key, value, step, 1700000000000
  FROM unnest($2::text[], $3::float8[], $4::bigint[]) _ (key, value, step)
  ON CONFLICT (project_id, candidate_id, key) DO UPDATE SET (value, step, timestamp) =
    (EXCLUDED.value, EXCLUDED.step, EXCLUDED.timestamp)
  WHERE (latest_metrics.step, latest_metrics.timestamp) <= (EXCLUDED.step, EXCLUDED.timestamp)"""
_CANDIDATE = """INSERT INTO bare.candidates (project_id, id, experiment_number, name, start_time, created_by)
  VALUES (1, uuidv7(), 0, 'run', 1700000000000, 1)"""
_BATCH = 1000
Call = Callable[[], Awaitable[object]]
Kind = tuple[str, str, Address, Plan, int]
"""Name, title, where, what, and the number of clients."""


@dataclass(frozen=True)
class Limit:
    """One of them, measured."""

    name: str
    title: str
    figures: Figures
    unit: str = "calls"
    amount: int = 1


async def limits(machine: Machine, seconds: float, rounds: int) -> list[Limit]:
    """All of them; each in as many rounds as the servers get."""
    return [
        *await _database(machine.store["MODELYARD_DATABASE_OWNER_URL"], seconds, rounds),
        await _store(machine, seconds, rounds),
    ]


def web(machine: Machine) -> Generator[Kind, None, None]:
    """Starlette and uvicorn alone, running until the generator is closed."""
    port = free_port()
    address = Address("127.0.0.1", port)
    page = address.request("GET", "/page")
    echo = address.request("POST", "/echo", orjson.dumps({"run_id": "0" * 32, "key": "loss", "value": 0.5}))
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "bench.limits.bare_app:app",
        "--workers",
        str(PROCESSES),
        "--port",
        str(port),
    ]
    command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--app-dir", str(ROOT)]
    log = machine.scratch / "bare.log"
    with started(command, machine.scratch / "bare", log, lambda: ready(address, page), PYTHONPATH=str(ROOT)):
        yield "http", "Starlette alone: JSON read and answered, 16 clients", address, _same(echo), 16
        yield "http-page", "Starlette alone: answers of 250 kB, 4 clients", address, _same(page), 4


async def web_limit(one: Kind, seconds: float, rounds: int) -> Limit:
    """The rate of one of these."""
    name, title, address, plan, clients = one
    figures = Figures()
    for _ in range(rounds):
        with Watch(()) as watch:
            measured = await drive(address, plan, clients, seconds)
        figures.rounds.append(watch.told(measured))
    return Limit(name, title, figures)


async def _database(url: str, seconds: float, rounds: int) -> list[Limit]:
    async with AsyncExitStack() as stack:
        links = []
        for _ in range(16):
            links.append(await asyncpg.connect(url))
            stack.push_async_callback(links[-1].close)
        await links[0].execute(_SCHEMA)

        async def measured(name: str, title: str, calls: Sequence[Call], unit: str = "rows", amount: int = 1) -> Limit:
            await repeat(calls, seconds / 10)
            figures = Figures()
            for _ in range(rounds):
                with Watch(()) as watch:
                    one = await repeat(calls, seconds)
                figures.rounds.append(watch.told(one))
            return Limit(name, f"PostgreSQL alone: {title}", figures, unit, amount)

        results = [
            await measured("row", "a row and a commit each, 16 clients", [_row(link) for link in links]),
            await measured("shared", "16 rows share a commit, 1 client", [_batch(links[0], 16)], amount=16),
            await measured("unnest", "1,000 points by unnest, 8 clients", _batches(links, _batch), amount=_BATCH),
            await measured("latest", "the same and the latest of each key", _batches(links, _both), amount=_BATCH),
            await measured("copy", "1,000 points by COPY, 8 clients", _batches(links, _copy), amount=_BATCH),
            await measured("candidate", "a candidate and a commit each, 16 clients", [_new(link) for link in links]),
        ]
        await links[0].execute("DROP SCHEMA bare CASCADE")
        return results


def _batches(links: Sequence[Any], kind: Callable[[Any, int], Call]) -> list[Call]:
    return [kind(link, _BATCH) for link in links[:8]]


def _row(link: Any) -> Call:
    id, steps = uuid4(), count()
    return lambda: link.execute(_POINT, id, random.random(), next(steps))


def _new(link: Any) -> Call:
    return lambda: link.execute(_CANDIDATE)


def _values(size: int, step: int) -> tuple[list[str], list[float], list[int]]:
    return [f"metric-{number}" for number in range(size)], [random.random() for _ in range(size)], [step] * size


def _batch(link: Any, size: int) -> Call:
    id, steps = uuid4(), count()
    return lambda: link.execute(_POINTS, id, *_values(size, next(steps)))


def _both(link: Any, size: int) -> Call:
    id, steps = uuid4(), count()

    async def call() -> None:
        values = _values(size, next(steps))
        async with link.transaction():
            await link.execute(_POINTS, id, *values)
            await link.execute(_LATEST, id, *values)

    return call


def _copy(link: Any, size: int) -> Call:
    id: UUID = uuid4()
    steps = count()

    def call() -> Awaitable[object]:
        rows = [
            (1, id, key, value, step, 1_700_000_000_000)
            for key, value, step in zip(*_values(size, next(steps)), strict=True)
        ]
        copied: Awaitable[object] = link.copy_records_to_table(
            "metric_points", schema_name="bare", columns=_COLUMNS, records=rows
        )
        return copied

    return call


async def _store(machine: Machine, seconds: float, rounds: int) -> Limit:
    parts = urlsplit(machine.store["MODELYARD_S3_URL"])
    keys = (machine.store["MODELYARD_S3_ACCESS_KEY"], machine.store["MODELYARD_S3_SECRET_KEY"])
    client = Minio(parts.netloc, *keys, secure=False, region="us-east-1")
    bucket = machine.store["MODELYARD_S3_BUCKET"]
    assert parts.hostname, "an address"
    address = Address(parts.hostname, parts.port or 80)

    def requests(_client: int) -> Iterator[bytes]:
        while True:
            url = client.presigned_put_object(bucket, f"bench/{uuid4().hex}", timedelta(hours=1))
            path = url.removeprefix(f"http://{parts.netloc}")
            yield address.request("PUT", path, content(), "application/octet-stream")

    plan = Plan(requests)
    figures = Figures()
    for _ in range(rounds):
        with Watch((machine.processes["weed"],)) as watch:
            one = await drive(address, plan, 16, seconds)
        figures.rounds.append(watch.told(one))
    return Limit("store", "the store alone: PUT of 10 kB, 16 clients", figures, "files")


def _same(request: bytes) -> Plan:
    def requests(_client: int) -> Iterator[bytes]:
        while True:
            yield request

    return Plan(requests)
