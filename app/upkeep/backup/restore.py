"""Restores a backup into an empty installation: the objects first, then the database in one transaction.

So a restore that dies can be started again: until the database is there, nothing is.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

from app.access.authentication import epoch
from app.db import migrate
from app.db.database import Database
from app.db.statements import Statement
from app.errors import Conflict, Invalid
from app.storage.blobs import BlobMissing, BlobStore
from app.upkeep.backup import dump
from app.upkeep.backup.create import AT_ONCE, Progress, all_or_first_error, with_retries
from app.upkeep.backup.folder import BackupFolder, BackupSummary, ObjectEntry

_CHUNK = 1024 * 1024
_COUNT_TABLES = Statement(
    "upkeep.count_tables",
    "Tables of the database that are not PostgreSQL's own.",
    "SELECT count(*) FROM pg_tables WHERE schemaname = ANY (current_schemas(false))",
)


class NotEmpty(Conflict):
    """There is an installation already; a backup is restored into an empty database only."""

    code = "NOT_EMPTY"


async def restore(
    db: Database,
    blobs: BlobStore,
    folder: BackupFolder,
    *,
    url: str,
    application_url: str,
    pg_restore: Path,
    progress: Progress = lambda _what, _done, _all: None,
) -> BackupSummary:
    """Bring database and store to where the backup was made. API and workers must not run.

    Objects that the store has already, with the same bytes, stay as they are; others of the same key are replaced.
    ``url`` is the database as its owner, ``application_url`` as the role of the application, which gets its rights.

    Raises:
        NotEmpty: the database has tables.
        Invalid: the folder is no complete backup, or was changed since.
        DumpFailed: pg_restore failed; the database is as it was.
        Unavailable: a server is away.
    """
    summary = folder.summary()
    async with db.read() as snap:
        if await _COUNT_TABLES.fetch_value(snap):
            raise NotEmpty("The database has tables already; a backup is restored into an empty one only.")
    await blobs.ensure_bucket()
    entries, lost, done = folder.entries(), set(summary.lost), [0, 0]

    async def some() -> None:
        for entry in entries:
            if entry.key not in lost:
                await _restore_object(blobs, folder, entry)
            done[0], done[1] = done[0] + 1, done[1] + entry.size
            progress(f"storing objects: {done[0]:,}", done[1], summary.bytes)

    await all_or_first_error([some() for _ in range(AT_ONCE)])
    progress("restoring the database", 0, 0)
    await dump.read(pg_restore, url, folder.dump)
    await migrate.grant_application_role(url, application_url)
    async with db.write() as tx:
        await epoch.reset(tx)
    return summary


async def _restore_object(blobs: BlobStore, folder: BackupFolder, entry: ObjectEntry) -> None:
    file = folder.file(entry.key)
    if not file.exists():
        if entry.damage:
            return
        raise Invalid(f"{file} is missing; the backup was changed after it was made.")
    if file.stat().st_size != entry.size:
        raise Invalid(
            f"{file} has not the {entry.size} bytes that were copied; the backup was changed after it was made."
        )
    await with_retries(lambda: _store(blobs, file, entry))


async def _store(blobs: BlobStore, file: Path, entry: ObjectEntry) -> None:
    if await blobs.stat(entry.key) is not None:
        if await _hash(blobs, entry.key) == entry.sha256:
            return
        await blobs.remove([entry.key])
    stored = await blobs.put(entry.key, _chunks(file), size=entry.size, limit=entry.size)
    if stored.sha256.hex() != entry.sha256:
        await blobs.remove([entry.key])
        raise Invalid(f"{file} has not the bytes that were copied; the backup was changed after it was made.")


async def _hash(blobs: BlobStore, key: str) -> str | None:
    digest = hashlib.sha256()
    try:
        async with blobs.open(key) as reading:
            async for chunk in reading.chunks:
                digest.update(chunk)
    except BlobMissing:
        return None
    return digest.hexdigest()


async def _chunks(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            yield chunk
