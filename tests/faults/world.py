"""What the columns of the matrix share: the installation, a client, and a ledger of everything that was promised."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.faults.client import Client, Outcome, sha256
from tests.faults.ground_truth import Truth, eventually
from tests.faults.installation import Installation, Trap
from tests.support.ci.fake_servers import GitLab

_CI_SETTINGS = (
    "mutation c($input: CiSettingsUpdateInput!) { ciSettingsUpdate(input: $input) { userErrors { message } } }"
)


@dataclass
class Ledger:
    """Promises by folder and path."""

    present: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """Acknowledged: to be downloaded, byte by byte, until the end."""
    doubtful: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """Unknown: whole, or absent."""
    gone: set[tuple[str, str]] = field(default_factory=set)
    gone_hashes: set[str] = field(default_factory=set)
    """Bytes that only deleted files had: they must leave the bucket."""


class World:
    """One installation during the whole matrix."""

    def __init__(self, installation: Installation, client: Client, truth: Truth, gitlab: GitLab, *, seed: int) -> None:
        self.installation, self.client, self.truth, self.gitlab = installation, client, truth, gitlab
        self.ledger = Ledger()
        self.random = random.Random(seed)
        self._names = count(1)

    async def know_ci(self) -> None:
        """Tell the project where its CI system is."""
        settings = {"ciProject": self.gitlab.project, "baseUrl": self.gitlab.url, "apiToken": self.gitlab.token}
        project = {"path": self.installation.connection["MODELYARD_PROJECT"]}
        done = await self.client.graphql(_CI_SETTINGS, input={"project": project, "provider": "GITLAB", **settings})
        assert done.data["data"]["ciSettingsUpdate"]["userErrors"] == [], done

    def name(self, what: str) -> str:
        return f"{what}-{next(self._names)}"

    def content(self, size: int = 2_000) -> bytes:
        """Bytes that no other file has."""
        return self.random.randbytes(size)

    def trap(self, point: str, action: str = "hold") -> Trap:
        return self.installation.trap(point, action)

    async def put(self, folder: str, path: str, content: bytes) -> None:
        """Store a file; it is acknowledged when this returns."""
        await self.insist(lambda: self.client.put(folder, path, content))
        self.ledger.doubtful.pop((folder, path), None)
        self.ledger.present[folder, path] = content

    async def insist(self, request: Callable[[], Awaitable[Outcome]], seconds: float = 60) -> Outcome:
        """Send a request until it is acknowledged; nothing but the unknown excuses another try."""
        last: list[Outcome] = []

        async def acknowledged() -> bool:
            last.append(await request())
            assert last[-1].is_ok or last[-1].is_unknown, last[-1]
            return last[-1].is_ok

        await eventually(acknowledged, "it was never acknowledged", seconds)
        return last[-1]

    def note(self, outcome: Outcome, folder: str, path: str, content: bytes) -> None:
        """What an upload has become, as far as its sender knows."""
        if outcome.is_ok:
            self.ledger.present[folder, path] = content
        else:
            assert outcome.is_unknown, outcome
            self.ledger.doubtful[folder, path] = content

    async def check(self, folder: str, path: str) -> bool:
        """Compare one file with what is known of it; whether it is there."""
        key = (folder, path)
        answer = await self.certain(lambda: self.client.get(folder, path))
        if key in self.ledger.gone:
            assert answer.status == 404, f"{path} is back: {answer.status}"
        elif key in self.ledger.present:
            assert answer.is_ok, f"{path} is lost: {answer.status}"
            assert sha256(answer.body) == sha256(self.ledger.present[key]), f"{path} has other bytes"
        else:
            assert answer.status == 404 or sha256(answer.body) == sha256(self.ledger.doubtful[key]), f"{path} is torn"
        return answer.is_ok

    async def certain(self, request: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """An answer that says something: reading may be repeated at will."""
        last: list[Outcome] = []

        async def answered() -> bool:
            last.append(await request())
            return not last[-1].is_unknown

        await eventually(answered, "there was no answer")
        return last[-1]

    def forget(self, folder: str) -> None:
        """Everything in this folder was deleted, and that was acknowledged."""
        for key in [key for key in self.ledger.present if key[0] == folder]:
            self.ledger.gone_hashes.add(sha256(self.ledger.present.pop(key)))
            self.ledger.gone.add(key)

    async def model(self, versions: int = 1) -> tuple[str, list[tuple[str, str]]]:
        """A model with versions, each with a file of its own; its name, and number and folder of each version."""
        name = self.name("model")
        await self.client.surely("registered-models/create", name=name)
        made = [await self.client.version(name) for _ in range(versions)]
        for _, folder in made:
            await self.put(folder, "weights.bin", self.content())
        return name, made

    async def check_all(self) -> None:
        """Every promise of the ledger, some at a time."""
        slots = asyncio.Semaphore(8)

        async def one(folder: str, path: str) -> None:
            async with slots:
                await self.check(folder, path)

        keys = [*self.ledger.present, *self.ledger.doubtful, *self.ledger.gone]
        await asyncio.gather(*(one(*key) for key in keys))

    async def bytes_in_bucket_are_those_of_rows(self) -> dict[str, Any]:
        """Bucket and rows say the same, nothing is pending, and what was deleted has no bytes."""
        blobs = await self.truth.rows("SELECT object_key, size, encode(sha256, 'hex'), state FROM blobs")
        objects = await self.truth.objects()
        return {
            "missing": [row.object_key for row in blobs if objects.get(row.object_key) != row.size],
            "unknown": sorted(objects.keys() - {row.object_key for row in blobs}),
            "pending": [row.object_key for row in blobs if row.state != "stored"],
            "deleted": sorted(self.ledger.gone_hashes & {row[2] for row in blobs}),
            "condemned": [row[0] for row in await self.truth.rows("SELECT object_key FROM condemned_objects")],
            "parts": await self.truth.uploads(),
        }


async def halves(content: bytes, middle: asyncio.Event, go_on: asyncio.Event) -> AsyncIterator[bytes]:
    """A body that pauses half-way."""
    half = len(content) // 2
    yield content[:half]
    middle.set()
    await go_on.wait()
    yield content[half:]
