"""What files say of themselves, and whether they are dangerous: looked at by a worker, soon after they are in place.

Rows without an inspection are the to-do list; jobs only make it fast.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select, tuple_, update

from app import faults
from app.artifacts import row_locks
from app.artifacts.artifacts import Root
from app.artifacts.background_jobs import InspectArtifacts
from app.artifacts.tables import Artifact, Blob
from app.artifacts.upkeep import quarantine, verdicts
from app.db.database import Database, Tx
from app.inspection.detection import HEAD, detect
from app.inspection.equality import name_kind
from app.inspection.inspector import Outcome, Report, inspect
from app.queue import outbox
from app.storage.blobs import BlobMissing, BlobStore

Progress = Callable[[int, int | None], Awaitable[None]]

SOON = timedelta(seconds=1)
"""Files of a folder come one after the other; one look serves them all."""
OVERDUE = timedelta(minutes=1)
ALIKE = 1_000
"""Files with the same bytes that go into quarantine together."""
SMALL_BYTES = 256 * 1024
"""Up to here bytes are asked for as a whole."""
BATCH = 200
SLICE_FILES = 100
"""Most files of a root that are looked at before it is others' turn."""
SLICE_BYTES = 1024**3
"""Files of so many bytes together end a slice, too."""
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
    """Whether a file with these bytes is of no kind that is looked into: that is known without a process."""
    return detect(data[:HEAD], len(data), path) is None


async def inspect_file(blobs: BlobStore, path: str, key: str, size: int) -> Report:
    """The same for bytes that have just arrived.

    Raises:
        BlobMissing: they are not there.
        Unavailable: the store is away; try again.
    """
    return await inspect(path, BlobReader(blobs, key, size))


async def report_on(blobs: BlobStore, path: str, key: str, size: int) -> Report:
    """Look at a stored file; what is wrong with it stands in the report.

    Raises:
        Unavailable: the store is away; try again.
    """
    try:
        return await inspect_file(blobs, path, key, size)
    except BlobMissing as missing:
        # That is no verdict on the bytes: they may come back.
        return Report(Outcome.FAILED, missing.message, None, {}, None, is_final=False)


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


async def inspect_root(db: Database, blobs: BlobStore, project_id: int, root_id: UUID, *, progress: Progress) -> bool:
    """Inspect some of the new files of a root; True: there are more, for another turn.

    Safe to repeat and to run twice at once: what a look finds depends on the bytes alone, and is noted only while
    the path still holds these bytes.
    """
    waiting = await _waiting(db, project_id, root_id)
    taken = _slice(waiting)
    done = await _apply_verdicts(db, project_id, taken)
    await progress(len(done), None)
    left = [one for one in taken if one.artifact.id not in done]
    for start in range(0, len(left), AT_ONCE):
        some = left[start : start + AT_ONCE]
        await asyncio.gather(*(_inspect(db, blobs, one) for one in some))
        await progress(len(done) + start + len(some), None)
    return len(taken) < len(waiting)


async def promise_overdue(db: Database) -> int:
    """Promise again what was lost: roots with files that have waited for a minute; the number of them.

    All of them, in batches by key: roots that stay uninspected for longer must not keep others from their turn.
    """
    promised = 0
    after = (0, UUID(int=0))
    while True:
        statement = (
            select(Artifact.project_id, Artifact.root_id)
            .where(
                Artifact.inspected_at.is_(None),
                Artifact.created_at < func.now() - OVERDUE,
                tuple_(Artifact.project_id, Artifact.root_id) > tuple_(*after),
            )
            .distinct()
            .order_by(Artifact.project_id, Artifact.root_id)
            .limit(BATCH)
        )
        async with db.write() as tx:
            roots = (await tx.execute(statement)).all()
            for project_id, root_id in roots:
                job = InspectArtifacts(project_id, root_id)
                await outbox.enqueue_later(tx, job, timedelta(), project_id=project_id)
        promised += len(roots)
        if len(roots) < BATCH:
            return promised
        after = (roots[-1].project_id, roots[-1].root_id)


@dataclass(frozen=True, slots=True)
class InspectedFile:
    """A file, and what a look at its bytes has found."""

    artifact_id: UUID
    blob_id: UUID
    path: str
    report: Report


async def record(tx: Tx, project_id: int, looked: Sequence[InspectedFile]) -> None:
    """Step: keep what looks have found, unless a path holds other bytes by now. No other function does that.

    Of bytes that go into quarantine all files are met that wait for a look under such a name.
    """
    await verdicts.lock_refused(
        tx, project_id, {one.blob_id for one in looked if one.report.outcome is not Outcome.READY}
    )
    reports = [(one, await _columns(tx, project_id, one)) for one in looked]
    await remember(tx, project_id, [(one.blob_id, one.path, one.report, values) for one, values in reports])
    for one, values in reports:
        alike = await _waiting_alike(tx, project_id, one) if one.report.outcome is Outcome.QUARANTINED else []
        if one.report.outcome is not Outcome.READY:
            await row_locks.lock_states(tx, project_id, [one.artifact_id, *alike])
        await _set(tx, project_id, one.blob_id, [one.artifact_id, *alike], values)
        if one.report.outcome is Outcome.QUARANTINED:
            log.warning("artifact.quarantined", project=project_id, artifact=str(one.artifact_id))


async def remember(tx: Tx, project_id: int, reports: Sequence[tuple[UUID, str, Report, dict[str, Any]]]) -> None:
    """Step: keep verdicts by blob and path, as far as the bytes alone are their reason."""
    await verdicts.keep(
        tx, project_id, [((blob_id, path), values) for blob_id, path, report, values in reports if report.is_final]
    )


async def _columns(tx: Tx, project_id: int, looked: InspectedFile) -> dict[str, Any]:
    released: dict[str, Any] = {}
    if looked.report.outcome is Outcome.QUARANTINED:
        released = dict(await quarantine.released(tx, project_id, looked.blob_id))
    return columns(looked.report) | released


async def _set(tx: Tx, project_id: int, blob_id: UUID, artifact_ids: Sequence[UUID], values: dict[str, Any]) -> None:
    """Files that another transaction replaces or deletes are left out: it holds such a row and may wait for the blob,
    which is held here. Those that stay after all are still on the to-do list.
    """
    mine = (Artifact.project_id == project_id, Artifact.id == func.any(list(artifact_ids)), Artifact.blob_id == blob_id)
    free = select(Artifact.id).where(*mine).with_for_update(skip_locked=True)
    changed = update(Artifact).where(Artifact.project_id == project_id, Artifact.id.in_(free)).values(**values)
    if artifact_ids:
        await tx.execute(changed.execution_options(synchronize_session=False))


async def _waiting_alike(tx: Tx, project_id: int, looked: InspectedFile) -> list[UUID]:
    """Files with the same bytes and a name of the same kind without an inspection; those that are locked are left
    to their own look.
    """
    alike = (
        select(Artifact.id, Artifact.path)
        .where(
            Artifact.project_id == project_id,
            Artifact.blob_id == looked.blob_id,
            Artifact.inspected_at.is_(None),
            Artifact.id != looked.artifact_id,
        )
        .limit(ALIKE)  # each owner's versions take a lock; the others are found by their owners' own look
        .with_for_update(skip_locked=True)
    )
    kind = name_kind(looked.path)
    return [row.id for row in await tx.execute(alike) if name_kind(row.path) == kind]


@dataclass(frozen=True, slots=True)
class _Waiting:
    artifact: Artifact
    key: str
    size: int


async def _waiting(db: Database, project_id: int, root_id: UUID) -> list[_Waiting]:
    """One more than a slice, to see whether there are more."""
    statement = (
        select(Artifact, Blob.object_key, Blob.size)
        .join(Blob, (Blob.project_id == Artifact.project_id) & (Blob.id == Artifact.blob_id))
        .where(Artifact.project_id == project_id, Artifact.root_id == root_id, Artifact.inspected_at.is_(None))
        .order_by(Artifact.path)
        .limit(SLICE_FILES + 1)
    )
    async with db.read() as snap:
        return [_Waiting(row[0], row[1], row[2] or 0) for row in await snap.execute(statement)]


def _slice(waiting: Sequence[_Waiting]) -> list[_Waiting]:
    taken: list[_Waiting] = []
    for one in waiting[:SLICE_FILES]:
        taken.append(one)
        if sum(each.size for each in taken) >= SLICE_BYTES:
            break
    return taken


async def _apply_verdicts(db: Database, project_id: int, waiting: Sequence[_Waiting]) -> set[UUID]:
    """Files whose bytes have been looked at under such a name get that verdict; the artifacts that are done."""
    files = {one.artifact.id: (one.artifact.blob_id, one.artifact.path) for one in waiting}
    if not files:
        return set()
    async with db.write() as tx:
        verdicts_by_file = await verdicts.find_held(tx, project_id, set(files.values()))
        for one in waiting:
            values = verdicts_by_file.get(files[one.artifact.id])
            if values is not None:
                await _set(tx, project_id, one.artifact.blob_id, [one.artifact.id], values)
    return {artifact_id for artifact_id, file in files.items() if file in verdicts_by_file}


async def _inspect(db: Database, blobs: BlobStore, one: _Waiting) -> None:
    artifact = one.artifact
    report = await report_on(blobs, artifact.path, one.key, one.size)
    await faults.point("inspection.looked")
    async with db.write() as tx:
        await record(tx, artifact.project_id, [InspectedFile(artifact.id, artifact.blob_id, artifact.path, report)])
