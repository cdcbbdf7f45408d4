"""Watching through the reference clients: one Node.js process for all tests of a run."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from typing import Any

from tests.support.graphql import nodejs

SECONDS = 10


class Clients:
    """The clients in a process, and what each subscription was told."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._told: dict[str, asyncio.Queue[dict[str, Any]]] = defaultdict(asyncio.Queue)
        self._reader = asyncio.create_task(self._read())
        self._count = 0

    @classmethod
    async def open(cls) -> Clients:
        return cls(await nodejs.start("clients.mjs"))

    async def close(self) -> None:
        self._process.stdin.close()
        await self._process.wait()
        await self._reader

    async def subscribe(self, url: str, query: str, token: str | None = None, **options: Any) -> Watched:
        """``transport``: ws or sse; ``by``: header or init; ``share``: the name of another on the same connection."""
        self._count += 1
        name = f"s{self._count}"
        command = {"do": "subscribe", "name": name, "url": f"{url}/graphql", "query": query, "token": token}
        await self._send({**command, **options})
        return Watched(self, name)

    async def stop(self, name: str) -> None:
        await self._send({"do": "stop", "name": name})

    async def next_of(self, name: str) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            return await self._told[name].get()

    def is_silent(self, name: str) -> bool:
        return self._told[name].empty()

    async def _send(self, command: dict[str, Any]) -> None:
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        await self._process.stdin.drain()

    async def _read(self) -> None:
        async for line in self._process.stdout:
            event = json.loads(line)
            self._told[event.pop("name")].put_nowait(event)


class Watched:
    """One subscription."""

    def __init__(self, clients: Clients, name: str) -> None:
        self._clients = clients
        self.name = name

    async def next(self) -> dict[str, Any]:
        """The next thing that its client was told, whatever kind it is."""
        return await self._clients.next_of(self.name)

    async def data(self) -> Any:
        """The next result's only field."""
        told = await self.next()
        assert told["kind"] == "next", told
        assert not told.get("errors"), told
        (value,) = told["data"].values()
        return value

    async def stop(self) -> None:
        await self._clients.stop(self.name)

    @property
    def is_silent(self) -> bool:
        return self._clients.is_silent(self.name)
