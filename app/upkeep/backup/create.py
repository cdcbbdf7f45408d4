"""Makes a backup: a hold, a dump, and every object that the dump names, each compared with its SHA-256.

The order is what makes it whole (docs/decisions/0025-backups-hold-the-sweep.md): the hold is committed before the
dump's snapshot, so no object that the dump names leaves the store before the hold ends, which is after the last copy.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Never, TypeVar, cast
from uuid import UUID

from app import faults
from app.artifacts.upkeep import backup_holds, references
from app.db.database import Database, Snapshot
from app.db.revisions import LAST_MIGRATION
from app.db.statements import Statement
from app.errors import ModelyardError, Unavailable
from app.storage.blobs import BlobMissing, BlobStore
from app.upkeep.backup import dump
from app.upkeep.backup.folder import BackupFolder, BackupSummary, ObjectEntry

LIFE = timedelta(minutes=10)
"""Of a hold that is renewed every minute: a backup that was killed keeps bytes for no longer."""
RENEWED_SECONDS = 60.0
AT_ONCE = 8
ATTEMPTS = 5
_PAGE = 5000
_READ_SUMMARY = Statement(
    "upkeep.read_summary",
    "When a snapshot was taken, and its last migration.",
    f"""
    SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS taken_at, ({LAST_MIGRATION}) AS schema
    """,
)

T = TypeVar("T")
Progress = Callable[[str, int, int], None]
"""Called with what is being done, and how many of how many bytes are done."""


@dataclass(slots=True)
class Copied:
    """Progress of the copying."""

    objects: int = 0
    bytes: int = 0
    damaged: int = 0
    lost: list[str] = field(default_factory=list)
    """Keys that the store does not have, or has with other bytes, though the database has noted no damage."""


async def create(
    db: Database,
    blobs: BlobStore,
    folder: BackupFolder,
    *,
    url: str,
    pg_dump: Path,
    secret_key: str | None,
    like: BackupFolder | None = None,
    progress: Progress = lambda _what, _done, _all: None,
) -> BackupSummary:
    """Make a backup of database and store while the service works; its summary.

    ``like`` is an older backup on the same disk: objects that it has are linked instead of copied, since keys are never
    used twice. Without ``secret_key`` the backup does not hold it, and it has to be given for a restore.

    Raises:
        HoldExpired: this process was held up for so long that bytes may have been removed; the folder is no backup.
        DumpFailed: pg_dump failed.
        Unavailable: a server is away.
    """
    hold = await backup_holds.begin(db, LIFE, f"modelyard backup create {folder.path}")
    try:
        return await _first_of(
            _make(db, blobs, folder, like, hold.id, url, pg_dump, secret_key, progress), _renew(db, hold.id)
        )
    except BaseException:
        with suppress(ModelyardError):
            await backup_holds.end(db, hold.id)
        raise


async def _make(
    db: Database,
    blobs: BlobStore,
    folder: BackupFolder,
    like: BackupFolder | None,
    hold_id: UUID,
    url: str,
    pg_dump: Path,
    secret_key: str | None,
    progress: Progress,
) -> BackupSummary:
    progress("dumping the database", 0, 0)
    async with db.exported_snapshot() as (snap, name):
        (taken,) = await _READ_SUMMARY.fetch(snap)
        await dump.write(pg_dump, url, name, folder.dump)
        total = await _list(snap, folder)
    await faults.point("backup.dumped")
    copied = await _copy(blobs, folder, like, total, progress)
    await backup_holds.end(db, hold_id)
    if secret_key is not None:
        folder.keep_secret_key(secret_key)
    summary = BackupSummary(
        taken_at=taken["taken_at"],
        schema=taken["schema"],
        objects=copied.objects,
        bytes=copied.bytes,
        damaged=copied.damaged,
        lost=copied.lost,
        has_secret_key=secret_key is not None,
    )
    folder.finish(summary)
    return summary


async def _renew(db: Database, hold_id: UUID) -> Never:
    while True:
        await asyncio.sleep(RENEWED_SECONDS)
        with suppress(Unavailable):  # the next attempt is early enough
            await backup_holds.renew(db, hold_id, LIFE)


async def _first_of(work: Coroutine[Any, Any, T], *others: Coroutine[Any, Any, Any]) -> T:
    """The result of the first, or the error of whichever fails first; nothing is left running."""
    tasks = [asyncio.ensure_future(one) for one in (work, *others)]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return cast("T", next(task for task in tasks if task in ended).result())
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _list(snap: Snapshot, folder: BackupFolder) -> int:
    """Write down which objects the snapshot names; their bytes."""
    after, total = "", 0
    while True:
        objects = await references.list_stored(snap, after, _PAGE)
        folder.write_entries([ObjectEntry(one.object_key, one.size, one.sha256, one.damage) for one in objects])
        total += sum(one.size for one in objects)
        if len(objects) < _PAGE:
            return total
        after = objects[-1].object_key


async def _copy(
    blobs: BlobStore, folder: BackupFolder, like: BackupFolder | None, total: int, progress: Progress
) -> Copied:
    copied, entries = Copied(), folder.entries()

    async def some() -> None:
        for entry in entries:
            if _link(like, folder, entry) or await _fetch(blobs, folder, entry):
                copied.objects, copied.bytes = copied.objects + 1, copied.bytes + entry.size
            elif entry.damage:
                copied.damaged += 1
            else:
                copied.lost.append(entry.key)
            progress(f"copying objects: {copied.objects:,}", copied.bytes, total)

    await all_or_first_error([some() for _ in range(AT_ONCE)])
    return copied


async def all_or_first_error(work: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Do all of it at once; the first error ends the others."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _link(like: BackupFolder | None, folder: BackupFolder, entry: ObjectEntry) -> bool:
    """Whether an older backup has the object: its bytes were compared then, and objects never change."""
    if like is None:
        return False
    there, here = like.file(entry.key), folder.file(entry.key)
    if not there.exists() or there.stat().st_size != entry.size:
        return False
    here.parent.mkdir(parents=True, exist_ok=True)
    os.link(there, here)
    return True


async def _fetch(blobs: BlobStore, folder: BackupFolder, entry: ObjectEntry) -> bool:
    """Copy an object; False: it is missing, or not what the database says."""
    file = folder.file(entry.key)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.draft")
    try:
        sha256 = await with_retries(lambda: _receive(blobs, entry.key, draft))
    except BlobMissing:
        return False
    if sha256 != entry.sha256:
        draft.unlink()
        return False
    draft.rename(file)
    return True


async def with_retries(work: Callable[[], Awaitable[T]]) -> T:
    """Do the work, and again after a while when a server is away; a missing object is no reason to."""
    for attempt in range(1, ATTEMPTS):
        try:
            return await work()
        except BlobMissing:
            raise
        except Unavailable:
            await asyncio.sleep(2.0**attempt)
    return await work()


async def _receive(blobs: BlobStore, key: str, to: Path) -> str:
    """Write an object to a file; its SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    async with blobs.open(key) as reading:
        with to.open("wb") as file:
            async for chunk in reading.chunks:
                digest.update(chunk)
                file.write(chunk)
    return digest.hexdigest()
