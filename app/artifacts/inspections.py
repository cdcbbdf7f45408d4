"""What files say of themselves, and whether they are dangerous: looked at by a worker, soon after they are in place.

A row that nobody has looked at is the to-do list; jobs only make it fast.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, func, select, update

from app.artifacts import quarantine
from app.artifacts.artifacts import Root
from app.artifacts.tables import Artifact, Blob
from app.db.database import Database, Tx
from app.inspection.detection import HEAD, detect
from app.inspection.inspecting import Outcome, Report, inspect
from app.queue import outbox
from app.queue.jobs import InspectArtifacts
from app.storage.blobs import BlobMissing, BlobStore

Progress = Callable[[int, int | None], Awaitable[None]]

SOON = timedelta(seconds=1)
"""Files of a folder come one after the other; one look serves them all."""
OVERDUE = timedelta(minutes=1)
SMALL_BYTES = 256 * 1024
"""Up to here bytes are asked for as a whole."""
BATCH = 200
AT_ONCE = 4
REPLACED = (
    "blob_id", "media_type", "created_by", "state", "state_reason", "format", "facts", "scan", "inspected_at",
    "released_by", "released_at",
)  # fmt: skip
"""Columns that say nothing any more when another file takes the path."""
log = structlog.get_logger()


@dataclass(slots=True)
class BlobReader:
    """A stored file, read in ranges."""

    blobs: BlobStore
    key: str
    size: int

    async def read(self, start: int, end: int) -> bytes:
        """The bytes from ``start`` up to ``end``, fewer at the end of the file."""
        end = min(end, self.size)
        if start >= end:
            return b""
        if end - start <= SMALL_BYTES:
            return await self.blobs.read(self.key, start, end)
        async with self.blobs.open(self.key, start=start, end=end) as reading:
            return b"".join([chunk async for chunk in reading.chunks])


async def promise(tx: Tx, root: Root) -> None:
    """Step: files of this root are new and have to be looked at."""
    await outbox.enqueue_later(tx, InspectArtifacts(root.project_id, root.id), SOON, project_id=root.project_id)


def is_plain(path: str, data: bytes) -> bool:
    """Whether a file with these bytes is of no kind that anybody looks into: that is known without a process."""
    return detect(data[:HEAD], len(data), path) is None


async def report_on(blobs: BlobStore, path: str, key: str, size: int) -> Report:
    """Look at a stored file; what is wrong with it stands in the report.

    Raises:
        Unavailable: the store is away; try again.
    """
    try:
        return await inspect(path, BlobReader(blobs, key, size))
    except BlobMissing as missing:
        return Report(Outcome.FAILED, missing.message, None, {}, None)


def columns(report: Report) -> dict[str, Any]:
    """A report as columns of the artifact."""
    return {
        "state": report.outcome.value,
        "state_reason": report.reason,
        "format": report.format,
        "facts": dict(report.facts) or None,
        "scan": asdict(report.scan) if report.scan else None,
        "inspected_at": datetime.now(UTC),
    }


async def inspect_root(db: Database, blobs: BlobStore, project_id: int, root_id: UUID, *, progress: Progress) -> None:
    """Look at all files of a root that nobody has looked at; those that come meanwhile, too.

    Safe to repeat and to run twice at once: what a look finds depends on the bytes alone, and is noted only while
    the path still holds these bytes.
    """
    done = 0
    while waiting := await _waiting(db, project_id, root_id):
        for start in range(0, len(waiting), AT_ONCE):
            some = waiting[start : start + AT_ONCE]
            await asyncio.gather(*(_inspect(db, blobs, *one) for one in some))
            done += len(some)
            await progress(done, None)


async def promise_overdue(db: Database) -> int:
    """Promise again what was lost: roots with files that have waited for a minute; the number of them."""
    statement = (
        select(Artifact.project_id, Artifact.root_id)
        .where(Artifact.inspected_at.is_(None), Artifact.created_at < func.now() - OVERDUE)
        .distinct()
        .limit(BATCH)
    )
    async with db.write() as tx:
        roots = (await tx.execute(statement)).all()
        for project_id, root_id in roots:
            job = InspectArtifacts(project_id, root_id)
            await outbox.enqueue_later(tx, job, timedelta(), project_id=project_id)
    return len(roots)


async def note(tx: Tx, artifact: Artifact, report: Report) -> None:
    """Step: keep what a look at the file has found, unless the path holds other bytes by now."""
    found = columns(report)
    if report.outcome is Outcome.QUARANTINED:
        found |= await quarantine.released(tx, artifact.project_id, artifact.blob_id)
        log.warning("artifact.quarantined", project=artifact.project_id, artifact=str(artifact.id))
    await tx.execute(
        update(Artifact)
        .where(*_same(artifact.project_id, artifact.id), Artifact.blob_id == artifact.blob_id)
        .values(**found)
        .execution_options(synchronize_session=False)
    )


async def _waiting(db: Database, project_id: int, root_id: UUID) -> list[tuple[Artifact, str, int]]:
    statement = (
        select(Artifact, Blob.object_key, Blob.size)
        .join(Blob, (Blob.project_id == Artifact.project_id) & (Blob.id == Artifact.blob_id))
        .where(Artifact.project_id == project_id, Artifact.root_id == root_id, Artifact.inspected_at.is_(None))
        .order_by(Artifact.path)
        .limit(BATCH)
    )
    async with db.read() as snap:
        return [(row[0], row[1], row[2] or 0) for row in await snap.execute(statement)]


async def _inspect(db: Database, blobs: BlobStore, artifact: Artifact, key: str, size: int) -> None:
    report = await report_on(blobs, artifact.path, key, size)
    async with db.write() as tx:
        await note(tx, artifact, report)


def _same(project_id: int, artifact_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return Artifact.project_id == project_id, Artifact.id == artifact_id
