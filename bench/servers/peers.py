"""The two servers that are compared: ours, and `mlflow server` with a database in the same PostgreSQL cluster."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import asyncpg
import orjson

from bench.clients.http1 import Address, CallFailed, Connection
from bench.servers.machine import PROCESSES, Machine
from bench.servers.started import free_port, started

ROOT = Path(__file__).parents[2]
MLFLOW = ROOT / ".venv-mlflow-server" / "bin" / "mlflow"
OURS = "Modelyard"
THEIRS = "mlflow server"
DATABASE = "mlflow"
API = "/api/2.0/mlflow"
_NEARLY_EMPTY = 64 * 1024
"""Bytes."""


@dataclass
class Peer:
    """A running server that speaks MLflow's REST API."""

    name: str
    address: Address
    database_url: str
    processes: tuple[int, ...]
    """All that it consists of, but PostgreSQL."""
    is_ours: bool
    project: str = ""
    stock: dict[str, Any] = field(default_factory=dict)
    """What has been put into it, by name; see `bench.stock.experiments`."""

    def get(self, path: str, **query: str | int) -> bytes:
        return self.address.request("GET", f"{API}{path}?{urlencode(query)}")

    def post(self, path: str, body: dict[str, Any]) -> bytes:
        return self.address.request("POST", API + path, orjson.dumps(body))

    async def ask(self, request: bytes) -> Any:
        """One answer on a connection of its own."""
        connection = await Connection.open(self.address)
        try:
            return orjson.loads(await connection.call(request) or b"null")
        finally:
            connection.close()

    async def connect(self) -> asyncpg.Connection:
        """To its database, with a commit that need not wait: for filling and counting only."""
        return await asyncpg.connect(self.database_url, server_settings={"synchronous_commit": "off", "jit": "off"})

    async def tidy(self, connection: asyncpg.Connection) -> None:
        """What autovacuum would have done of itself by and by; it leaves tables alone that are nearly empty."""
        tables = "SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        rows = await connection.fetch(f"{tables} AND pg_relation_size(oid) > {_NEARLY_EMPTY}")
        await connection.execute(f"VACUUM ANALYZE {', '.join(row[0] for row in rows)}")


def ours(machine: Machine) -> Peer:
    """The installation that runs already, asked with its token."""
    parts = urlsplit(machine.connection["MLFLOW_TRACKING_URI"])
    assert parts.hostname, "an address"
    assert parts.port, "an address with a port"
    headers = (("Authorization", f"Bearer {machine.connection['MLFLOW_TRACKING_TOKEN']}"),)
    address = Address(parts.hostname, parts.port, parts.path, headers, OURS)
    pids = tuple(machine.processes.values())
    return Peer(
        "Modelyard",
        address,
        machine.store["MODELYARD_DATABASE_OWNER_URL"],
        pids,
        is_ours=True,
        project=machine.connection["MODELYARD_PROJECT"],
    )


@contextmanager
def mlflow(machine: Machine) -> Iterator[Peer]:
    """`mlflow server` as its documentation starts it, artifacts on the local disk, no authentication."""
    if not MLFLOW.exists():
        raise SystemExit("There is no .venv-mlflow-server; `make bench` makes it. `--ours` measures without.")
    url = asyncio.run(_database(machine.store["MODELYARD_DATABASE_OWNER_URL"]))
    with serving(machine, url) as (process, address):
        yield Peer(THEIRS, address, url, (process.pid,), is_ours=False)


@contextmanager
def serving(machine: Machine, url: str) -> Iterator[tuple[subprocess.Popen[bytes], Address]]:
    """The server's process, ready; it and what it started are gone at the end."""
    port, folder = free_port(), machine.scratch / "mlflow"
    store = url.replace("postgresql://", "postgresql+psycopg2://")  # SQLAlchemy 2.1 would look for psycopg 3
    command = [
        str(MLFLOW),
        "server",
        "--backend-store-uri",
        store,
        "--artifacts-destination",
        str(folder / "artifacts"),
    ]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(PROCESSES)]
    address = Address("127.0.0.1", port, name=THEIRS)
    question = address.request("POST", f"{API}/experiments/search", orjson.dumps({"max_results": 1}))
    with started(command, folder, machine.scratch / "mlflow.log", lambda: ready(address, question)) as process:
        yield process, address


def ready(address: Address, question: bytes) -> bool:
    """Whether a server answers; from outside of any event loop."""
    return asyncio.run(_answers(address, question))


async def _database(url: str) -> str:
    """A database beside ours, in the same cluster, and its address."""
    connection = await asyncpg.connect(url)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()
    return urlsplit(url)._replace(path=f"/{DATABASE}").geturl()


async def _answers(address: Address, question: bytes) -> bool:
    with suppress(OSError, CallFailed, TimeoutError):
        connection = await Connection.open(address)
        try:
            return bool(await asyncio.wait_for(connection.call(question), 10))
        finally:
            connection.close()
    return False
