"""Counts what callers pull, in the memory of this process.

A download costs one entry of a dictionary and no statement. What was counted is written every few seconds while there
is anything, and when the process ends; killed, it loses what it counted since (decision 0050). Moments are ages by the
steady clock of this process, so that only the database's clock says when and on which day something was.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import structlog
from prometheus_client import Counter

from app.access.policy import Actor
from app.artifacts.artifacts import ArtifactDetails
from app.db.database import Database
from app.errors import ModelyardError, OutcomeUnknown
from app.lifecycle.pulls import storage
from app.lifecycle.pulls.storage import Counted
from app.registry.versions.lookup import ModelVersion

MAX_ENTRIES = 10_000
"""Combinations of files, callers and doors between two writings; further ones are counted as dropped."""
_CLOSE_SECONDS = 3.0
DROPPED = Counter(
    "modelyard_pulls_dropped_total",
    "Downloads that were not counted for who pulled what, since too many were different.",
)
log = structlog.get_logger()


class Door(StrEnum):
    """By which door files were pulled."""

    LINK = "link"
    MLFLOW = "mlflow"
    PACKAGES = "packages"


class _Key(NamedTuple):
    project_id: int
    version_id: int
    root_id: UUID | None
    folder: str
    user_id: int
    door: Door


@dataclass(slots=True)
class _Amount:
    first: float
    last: float
    downloads: int = 0
    bytes: int = 0
    resolutions: int = 0


class PullCounter:
    """What was pulled through one process since it was last written."""

    def __init__(self, db: Database, *, every: float, most: int = MAX_ENTRIES) -> None:
        """``every``: seconds between two writings; 0: nothing is counted. ``most`` entries are kept."""
        self._db, self._every, self._most = db, every, most
        self._amounts: dict[_Key, _Amount] = {}
        self._full = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._is_closing = False

    def downloaded(
        self, actor: Actor, file: ArtifactDetails, door: Door, *, size: int, is_begun: bool = True, version_id: int = 0
    ) -> None:
        """Count bytes of a file that are sent, or that the caller is sent to the store for.

        ``is_begun``: they are the beginning of the file, so this is another download and not a further part of one.
        ``version_id``: the version by which the file was reached, where that is known; else all that have it count.
        """
        if self._every:
            folder = "" if version_id else file.path.rpartition("/")[0]
            root = None if version_id else file.root_id
            key = _Key(file.project_id, version_id, root, folder, actor.user_id or 0, door)
            amount = self._amount(key)
            if amount is not None:
                amount.downloads += is_begun
                amount.bytes += size

    def resolved(self, actor: Actor, version: ModelVersion, door: Door) -> None:
        """Count a call that asks where the files of a version are."""
        if self._every:
            amount = self._amount(_Key(version.project_id, version.id, None, "", actor.user_id or 0, door))
            if amount is not None:
                amount.resolutions += 1

    async def write(self) -> None:
        """Write what was counted; what the database did not take is kept for the next time."""
        amounts, self._amounts = self._amounts, {}
        self._full.clear()
        entries = list(amounts.items())
        for start in range(0, len(entries), storage.AT_ONCE):
            part = entries[start : start + storage.AT_ONCE]
            now = time.monotonic()
            try:
                await storage.add(self._db, [_counted(key, amount, now) for key, amount in part])
            except OutcomeUnknown:
                log.warning("pulls.outcome_unknown", entries=len(part))  # again might count it twice
            except ModelyardError as error:
                log.warning("pulls.not_written", entries=len(entries) - start, reason=error.message)
                self._keep(dict(entries[start:]))
                return

    async def close(self) -> None:
        """Write what is left, for some seconds at most."""
        self._is_closing = True
        self._full.set()
        writer = self._writer
        if writer is None or writer.done():
            writer = asyncio.get_running_loop().create_task(self.write())
        await asyncio.wait([writer], timeout=_CLOSE_SECONDS)

    def _amount(self, key: _Key) -> _Amount | None:
        now = time.monotonic()
        amount = self._amounts.get(key)
        if amount is not None:
            amount.last = now
            return amount
        if len(self._amounts) >= self._most:
            self._full.set()
            DROPPED.inc()
            return None
        if self._writer is None or self._writer.done():
            # In a context of its own: what it logs is not about the request that happened to be first.
            self._writer = asyncio.get_running_loop().create_task(self._run(), context=Context())
        amount = self._amounts[key] = _Amount(now, now)
        return amount

    def _keep(self, amounts: dict[_Key, _Amount]) -> None:
        for key, amount in amounts.items():
            current = self._amounts.get(key)
            if current is None:
                if len(self._amounts) < self._most:
                    self._amounts[key] = amount
                else:
                    DROPPED.inc(amount.downloads + amount.resolutions)
                continue
            current.first = amount.first
            current.downloads += amount.downloads
            current.bytes += amount.bytes
            current.resolutions += amount.resolutions

    async def _run(self) -> None:
        """Until there is nothing to write: a process that sends no files has no timer."""
        while self._amounts:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await self._full.wait()
            await self.write()
            if self._is_closing:
                return
            await asyncio.sleep(min(1.0, self._every))  # full again at once, or the database is away


def _counted(key: _Key, amount: _Amount, now: float) -> Counted:
    return Counted(
        key.project_id,
        key.version_id,
        key.root_id,
        key.folder,
        key.user_id,
        key.door,
        amount.downloads,
        amount.bytes,
        amount.resolutions,
        now - amount.first,
        now - amount.last,
    )
