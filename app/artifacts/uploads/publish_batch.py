"""Many files of one root put in their places at once: a fixed number of statements, whatever their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, LargeBinary, Uuid, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.artifacts import path_conflicts, row_locks
from app.artifacts.artifacts import FileTarget
from app.artifacts.tables import PENDING, Artifact, Blob
from app.artifacts.upkeep import garbage, inspections, verdicts
from app.artifacts.uploads import publish
from app.db.database import Tx
from app.ids import uuid7
from app.inspection.inspector import Outcome, Report
from app.storage.blobs import Stored

_LOCK = text(
    "SELECT count(pg_advisory_xact_lock(:project, half)) FROM"
    " (SELECT half FROM unnest(CAST(:halves AS int[])) AS given(half) ORDER BY half) AS ordered"
)
"""The locks that :func:`app.artifacts.uploads.publish.register` takes for each SHA-256, in one order for everybody."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A file for a place: the blob, which the caller holds, and what is known of the file as columns."""

    place: FileTarget
    blob_id: UUID
    columns: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verified:
    """Bytes that have arrived under a pending blob, compared and looked into."""

    place: FileTarget
    blob_id: UUID
    stored: Stored
    report: Report
    is_shared: bool = False
    """The project had the bytes before, under this blob."""


async def assign(tx: Tx, wishes: Sequence[Assignment]) -> dict[str, UUID]:
    """Step: point paths of one root at blobs; older files of these paths are replaced. The artifacts by path.

    Raises:
        PathOccupied: one would be a file and a folder; the transaction has to end.
    """
    if not wishes:
        return {}
    root = wishes[0].place.root
    mine = (Artifact.project_id == root.project_id, Artifact.root_id == root.id)
    of_paths = Artifact.path == func.any([wish.place.path for wish in wishes])
    replaced = await tx.execute(
        select(Artifact.path, Artifact.blob_id).where(*mine, of_paths).order_by(Artifact.path).with_for_update()
    )
    before = {row.path: row.blob_id for row in replaced}
    statement = upsert(Artifact)
    changing = {name: statement.excluded[name] for name in inspections.REPLACED}
    statement = statement.on_conflict_do_update(
        index_elements=["project_id", "root_id", "path"], set_={**changing, "created_at": func.now()}
    )
    with path_conflicts.translated_errors():
        made = await tx.execute(statement.returning(Artifact.path, Artifact.id), [_row(wish) for wish in wishes])
    artifacts = {row.path: row.id for row in made}
    after = {wish.place.path: wish.blob_id for wish in wishes}
    gone = [blob_id for path, blob_id in before.items() if after[path] != blob_id]
    await garbage.release(tx, root.project_id, gone, "replaced")
    return artifacts


async def publish_verified(tx: Tx, files: Sequence[Verified]) -> list[UUID]:
    """Step: make verified bytes the files of one root; the caller holds its owner. The artifacts in their order.

    Raises:
        Unavailable: a blob was given up meanwhile.
        PathOccupied: one would be a file and a folder; the transaction has to end.
    """
    project_id = files[0].place.root.project_id
    at_once = {file.place.path: file for file in await _keep(tx, files)}
    found = {path: inspections.columns(file.report) for path, file in at_once.items()}
    failed = {file.blob_id for file in at_once.values() if file.report.outcome is not Outcome.READY}
    await verdicts.lock_refused(tx, project_id, failed)
    await inspections.remember(
        tx, project_id, [(file.blob_id, path, file.report, found[path]) for path, file in at_once.items()]
    )
    not_released = {"released_by": None, "released_at": None}
    wishes = [Assignment(file.place, file.blob_id, found[path] | not_released) for path, file in at_once.items()]
    by_path = await assign(tx, wishes)
    artifacts = []
    for file in files:
        if at_once.get(file.place.path) is file:
            artifacts.append(by_path[file.place.path])
        else:
            # One by one: bytes that the project has already, and what may have been released from quarantine before.
            made = await publish.register(tx, file.place, file.blob_id, file.stored, file.report)
            artifacts.append(made.id)
    return artifacts


async def _keep(tx: Tx, files: Sequence[Verified]) -> list[Verified]:
    """The files that need no second look: one for each new content, whose blob is stored now, and those that share."""
    project_id = files[0].place.root.project_id
    halves = {int.from_bytes(file.stored.sha256[:4], signed=True) for file in files}
    await tx.execute(_LOCK, {"project": project_id % 2**31, "halves": list(halves)})
    known = await _known(tx, files)
    whole = [file for file in files if file.report.outcome is not Outcome.QUARANTINED]
    fresh = list({file.stored.sha256: file for file in reversed(whole) if file.stored.sha256 not in known}.values())
    fresh = list({file.place.path: file for file in fresh if not file.is_shared}.values())
    values = {
        "ids": [file.blob_id for file in fresh],
        "hashes": [file.stored.sha256 for file in fresh],
        "sizes": [file.stored.size for file in fresh],
    }
    kept = set((await tx.execute(_STORE, {"of_project": project_id, **values})).scalars()) if fresh else set()
    shared = [file for file in whole if file.is_shared and known.get(file.stored.sha256) == file.blob_id]
    return [file for file in fresh if file.blob_id in kept] + shared


async def _known(tx: Tx, files: Sequence[Verified]) -> dict[bytes | None, UUID]:
    """The blobs that the project has of these contents, held from here on."""
    refuses = any(file.report.outcome is not Outcome.READY for file in files)
    hashes = list({file.stored.sha256 for file in files})
    paths = [file.place.path for file in files]
    found = await row_locks.lock_stored(tx, files[0].place.root, hashes, paths, refuses=refuses)
    return {blob.sha256: blob.id for blob in found}


def _store() -> Any:
    given = (
        func.unnest(
            bindparam("ids", type_=ARRAY(Uuid)),
            bindparam("hashes", type_=ARRAY(LargeBinary)),
            bindparam("sizes", type_=ARRAY(BigInteger)),
        )
        .table_valued("id", "sha256", "size", name="given")
        .render_derived()
    )
    return (
        update(Blob)
        .where(Blob.project_id == bindparam("of_project"), Blob.id == given.c.id, Blob.state == PENDING)
        .values(state="stored", sha256=given.c.sha256, size=given.c.size, lease_until=None)
        .returning(Blob.id)
        .execution_options(synchronize_session=False)
    )


_STORE = _store()


def _row(wish: Assignment) -> dict[str, Any]:
    root = wish.place.root
    return {
        "project_id": root.project_id,
        "id": uuid7(),
        "candidate_id": root.candidate_id,
        "logged_model_id": root.logged_model_id,
        "path": wish.place.path,
        "blob_id": wish.blob_id,
        "media_type": wish.place.media_type,
        "created_by": wish.place.created_by,
        **wish.columns,
    }
