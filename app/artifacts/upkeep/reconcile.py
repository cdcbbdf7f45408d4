"""Bucket and tables side by side: what the one has and the other does not.

Both are read in the order of their keys, a page at a time, so a billion objects need no more memory than a thousand.
An object that no row knows is first suspected, and condemned a week later at the earliest, if still no row knows it:
after a restore these are the files that came after the dump, and an operator who restored the wrong one wants them
back. A row whose object is missing or of another size is marked as damaged; nothing is deleted for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, exists, func, or_, select, union_all
from sqlalchemy.dialects.postgresql import insert as upsert

from app.artifacts.tables import Blob, CondemnedObject, SuspectObject
from app.artifacts.upkeep import damage, garbage
from app.db.database import Database, Tx
from app.storage.blobs import BlobStore, Listed

PREFIX = "v1/"
ORPHAN_AGE = timedelta(hours=24)
"""Objects without a row are left alone for so long: their upload may be under way."""
SUSPICION = timedelta(days=7)
"""Between the first finding and condemnation."""
_FORGOTTEN = timedelta(days=30)
_PAGE = 1000
_LOCK = 0x4D594743

Progress = Callable[[int], None]
"""Told how many objects have been looked at."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a run has found: numbers of objects, and of rows that are damaged since."""

    objects: int = 0
    suspected: int = 0
    condemned: int = 0
    damaged: int = 0


@dataclass(frozen=True, slots=True)
class BlobRow:
    """A blob's row, as far as it can be compared with a listing."""

    key: str
    is_stored: bool
    size: int | None
    is_damaged: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """What stands under one key: an object, a row, or both."""

    listed: Listed | None
    row: BlobRow | None


def _silent(_objects: int) -> None:
    """No progress is reported."""


async def reconcile(db: Database, blobs: BlobStore, progress: Progress = _silent) -> Reconciled | None:
    """Walk the bucket; None when another process is at it.

    Deleting what no row knows cannot hurt: rows are written before their objects, and keys are never used twice.
    """
    async with db.advisory_lock(_LOCK) as is_held:
        if not is_held:
            return None
        await blobs.abort_stale_uploads(ORPHAN_AGE)
        return await _walk(db, blobs, progress)


async def side_by_side(db: Database, blobs: BlobStore) -> AsyncIterator[Pair]:
    """All objects and all rows in the order of their keys."""
    rows = _rows(db)
    row = await anext(rows, None)
    async for listed in blobs.list_keys(PREFIX):
        while row is not None and row.key < listed.key:
            yield Pair(None, row)
            row = await anext(rows, None)
        if row is not None and row.key == listed.key:
            yield Pair(listed, row)
            row = await anext(rows, None)
        else:
            yield Pair(listed, None)
    while row is not None:
        yield Pair(None, row)
        row = await anext(rows, None)


async def _walk(db: Database, blobs: BlobStore, progress: Progress) -> Reconciled:
    objects, damaged, suspected, condemned = 0, 0, 0, 0
    unknown: list[Listed] = []
    back: list[str] = []

    async def settle() -> None:
        nonlocal suspected, condemned
        more = await _judge(db, unknown)
        suspected, condemned = suspected + more[0], condemned + more[1]
        await damage.look_again(db, back)
        unknown.clear()
        back.clear()
        progress(objects)

    async for pair in side_by_side(db, blobs):
        objects += pair.listed is not None
        if pair.row is None:
            assert pair.listed is not None, "a pair has one of the two"
            unknown.append(pair.listed)
        elif pair.row.is_stored and not _agrees(pair):
            damaged += await _confirm(db, blobs, pair.row)
        elif pair.row.is_damaged:
            back.append(pair.row.key)
        if max(len(unknown), len(back)) >= _PAGE or (pair.listed is not None and objects % _PAGE == 0):
            await settle()
    await settle()
    await _clear_names(db)
    return Reconciled(objects, suspected, condemned, damaged)


def _agrees(pair: Pair) -> bool:
    return pair.listed is not None and pair.row is not None and pair.listed.size == pair.row.size


async def _confirm(db: Database, blobs: BlobStore, row: BlobRow) -> bool:
    """Whether the object is really not what its row says: listing and row were not read at the same moment."""
    stat = await blobs.stat(row.key)
    if stat is not None and stat.size == row.size:
        return False
    return await damage.mark(db, row.key, "missing" if stat is None else "size")


async def _judge(db: Database, unknown: Sequence[Listed]) -> tuple[int, int]:
    """Suspect what is old enough, condemn what was suspected long enough ago; the numbers of both."""
    oldest = datetime.now(UTC) - ORPHAN_AGE
    old = {listed.key: listed.size for listed in unknown if listed.modified < oldest}
    if not old:
        return 0, 0
    async with db.write() as tx:
        strangers = old.keys() - await _has_row(tx, list(old))
        long_ago = (SuspectObject.object_key.in_(strangers), SuspectObject.suspected_at < func.now() - SUSPICION)
        guilty = await tx.scalars(delete(SuspectObject).where(*long_ago).returning(SuspectObject.object_key))
        condemned = [(key, old[key]) for key in guilty]
        await garbage.condemn(tx, condemned, "no row knows it")
        rows = [{"object_key": key, "size": old[key]} for key in strangers - {key for key, _ in condemned}]
        if rows:
            await tx.execute(upsert(SuspectObject).on_conflict_do_nothing(), rows)
    return len(rows), len(condemned)


async def _has_row(tx: Tx, keys: Sequence[str]) -> set[str]:
    blobs = select(Blob.object_key).where(Blob.object_key.in_(keys))
    condemned = select(CondemnedObject.object_key).where(CondemnedObject.object_key.in_(keys))
    return set(await tx.scalars(union_all(blobs, condemned)))


async def _clear_names(db: Database) -> None:
    """Forget suspects that are known by now, and those whose objects have gone by themselves."""
    has_row = or_(
        exists().where(Blob.object_key == SuspectObject.object_key),
        exists().where(CondemnedObject.object_key == SuspectObject.object_key),
        SuspectObject.suspected_at < func.now() - _FORGOTTEN,
    )
    async with db.write() as tx:
        await tx.execute(delete(SuspectObject).where(has_row))


async def _rows(db: Database) -> AsyncIterator[BlobRow]:
    after = ""
    while True:
        columns = (Blob.object_key, Blob.state, Blob.size, Blob.damaged_at)
        statement = select(*columns).where(Blob.object_key > after).order_by(Blob.object_key).limit(_PAGE)
        async with db.read() as snap:
            page = (await snap.execute(statement)).all()
        for key, state, size, damaged_at in page:
            yield BlobRow(key, state == "stored", size, damaged_at is not None)
        if len(page) < _PAGE:
            return
        after = page[-1].object_key
