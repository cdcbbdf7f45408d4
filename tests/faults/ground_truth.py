"""What really is there: rows and objects, read behind the API's back, and the one clock that is turned."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Self

from sqlalchemy import text

from app.errors import ModelyardError
from app.runtime import open_runtime
from app.settings import Settings


class Truth:
    """The servers of an installation. What they do not answer while they are down is asked again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.runtime = await self._stack.enter_async_context(open_runtime(self._settings, name="checker"))
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        async def ask() -> list[Any]:
            async with self.runtime.db.read() as snap:
                return list(await snap.execute(text(statement), values))

        return await patiently(ask)

    async def number(self, statement: str, **values: Any) -> int:
        return int((await self.rows(statement, **values))[0][0])

    async def write(self, *statements: str) -> None:
        async def work() -> None:
            async with self.runtime.db.write() as tx:
                for statement in statements:
                    await tx.execute(text(statement))

        await patiently(work)

    async def objects(self) -> dict[str, int]:
        """Keys and sizes of everything in the bucket but its mark."""

        async def ask() -> dict[str, int]:
            return {listed.key: listed.size async for listed in self.runtime.blobs.list_keys("v1/")}

        return await patiently(ask)

    async def uploads(self) -> list[str]:
        """Keys of uploads in parts that the store still holds."""

        async def ask() -> list[str]:
            return [pending.key async for pending in self.runtime.blobs.list_uploads()]

        return await patiently(ask)

    async def version_id(self, model: str, number: str) -> int:
        return await self.number(
            "SELECT v.id FROM model_versions v JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id"
            " WHERE m.name = :model AND v.number = :number",
            model=model,
            number=int(number),
        )

    async def model_id(self, model: str) -> int:
        return await self.number("SELECT id FROM models WHERE name = :model AND deleted_at IS NULL", model=model)

    async def object_key(self, sha256: str) -> str:
        """Where bytes that only one file has are kept."""
        return str(
            (await self.rows("SELECT object_key FROM blobs WHERE sha256 = decode(:hash, 'hex')", hash=sha256))[0][0]
        )

    async def job_done(self, kind: str, key: str, value: object) -> None:
        """Wait until the job of this kind and payload has succeeded."""
        statement = "SELECT state FROM background_jobs WHERE kind = :kind AND payload ->> :key = :value"

        async def ended() -> bool:
            states = [row[0] for row in await self.rows(statement, kind=kind, key=key, value=str(value))]
            assert "dead" not in states
            return states == ["succeeded"]

        await eventually(ended, f"the job {kind} of {value} did not succeed")

    async def none(self, of: str, **values: Any) -> None:
        """Wait until there are no such rows."""

        async def ended() -> bool:
            return await self.number(f"SELECT count(*) FROM {of}", **values) == 0

        await eventually(ended, f"there still are {of}")

    async def quiet(self, seconds: float = 90) -> None:
        """Wait until no job waits or runs; those that only look at files come and go with every upload."""
        statement = "SELECT count(*) FROM background_jobs WHERE state IN ('queued', 'running')"

        async def ended() -> bool:
            return await self.number(statement) == 0

        await eventually(ended, "jobs are left", seconds)

    async def let_time_pass(self) -> None:
        """As if a day had passed: what waits for a lease, a grace or an end of life is due now."""
        past = "now() - interval '1 second'"
        await self.write(
            f"UPDATE blobs SET lease_until = {past} WHERE state = 'pending'",
            f"UPDATE multipart_uploads SET expires_at = {past} WHERE state IN ('open', 'aborted')",
            f"UPDATE condemned_objects SET not_before = {past}",
        )


async def patiently(work: Callable[[], Awaitable[Any]], seconds: float = 60) -> Any:
    """The answer, asked for again while a server is down."""
    end = time.monotonic() + seconds
    while True:
        try:
            return await work()
        except (ModelyardError, OSError):
            if time.monotonic() > end:
                raise
        await asyncio.sleep(0.1)


async def eventually(condition: Callable[[], Awaitable[bool]], message: str, seconds: float = 75) -> None:
    """Wait for a condition to come true."""
    end = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < end, message
        await asyncio.sleep(0.05)
