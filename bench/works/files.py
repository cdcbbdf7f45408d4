"""Small files through the API."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count

from bench.clients.load import Plan
from bench.servers.peers import Peer
from bench.stock import files
from bench.works.work import Work

SIZE = 10_000
STORED = 10_000
"""Files that are there already, so that no first file of a run is measured."""
MARK = b"no format that is inspected\n"


def content() -> bytes:
    """Bytes that no project has already."""
    return MARK + os.urandom(SIZE - len(MARK))


async def _put(peer: Peer) -> Plan:
    await files.fill(peer, STORED)
    info = (await peer.ask(peer.post("/runs/create", {"experiment_id": "0"})))["run"]["info"]
    folder = "/api/2.0/mlflow-artifacts/artifacts" + info["artifact_uri"].removeprefix("mlflow-artifacts:")

    def requests(client: int) -> Iterator[bytes]:
        for number in count():
            path = f"{folder}/{client}/{number}-{os.urandom(3).hex()}.bin"
            yield peer.address.request("PUT", path, content(), "application/octet-stream")

    return Plan(requests)


async def _get(peer: Peer) -> Plan:
    info = (await peer.ask(peer.post("/runs/create", {"experiment_id": "0"})))["run"]["info"]
    folder = "/api/2.0/mlflow-artifacts/artifacts" + info["artifact_uri"].removeprefix("mlflow-artifacts:")
    paths = [f"{folder}/{number}.bin" for number in range(20)]
    for path in paths:
        await peer.ask(peer.address.request("PUT", path, content(), "application/octet-stream"))

    def requests(_client: int) -> Iterator[bytes]:
        while True:
            for path in paths:
                yield peer.address.request("GET", path)

    def check(answer: bytes) -> None:
        assert len(answer) == SIZE, f"{len(answer)} bytes"

    return Plan(requests, check)


WORKS = (
    Work("put", "PUT of 10 kB artifacts, 16 clients", 16, _put, 1, 2, "files"),
    Work("get-file", "GET of 10 kB artifacts, 16 clients", 16, _get, unit="files"),
)
