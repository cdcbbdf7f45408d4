"""Many files of one root become visible at once: a fixed number of statements, whatever their number."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.artifacts import path_conflicts, row_locks, stored_bytes
from app.artifacts.artifacts import FileTarget
from app.artifacts.tables import Artifact
from app.artifacts.upkeep import garbage, inspections, verdicts
from app.artifacts.uploads import publish
from app.db.database import Tx
from app.db.statements import Statement
from app.ids import uuid7
from app.inspection.inspector import Outcome, Report
from app.storage.blobs import StoredObject

LOCK_HASHES = Statement(
    "artifacts.lock_hashes",
    "Take the locks that `publish.register` takes for each SHA-256, in one order.",
    """
    SELECT count(pg_advisory_xact_lock(:project::int, lock_key)) FROM
      (SELECT lock_key FROM unnest(:lock_keys::int[]) AS given(lock_key) ORDER BY lock_key) AS ordered
    """,
)
MARK_STORED = Statement(
    "artifacts.mark_stored",
    "Pending blobs are stored, with these SHA-256 and sizes; the ids of those that were still pending.",
    """
    UPDATE blobs b SET state = 'stored', sha256 = given.sha256, size = given.size, token_id = given.token_id,
      lease_until = NULL
    FROM unnest(:blobs::uuid[], :hashes::bytea[], :sizes::bigint[], :tokens::bigint[])
      AS given(id, sha256, size, token_id)
    WHERE b.project_id = :project AND b.id = given.id AND b.state = 'pending'
    RETURNING b.id
    """,
)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A file for a path: its blob, which the caller holds, and its other columns."""

    target: FileTarget
    blob_id: UUID
    columns: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verified:
    """Bytes that have arrived under a pending blob, compared and looked into."""

    target: FileTarget
    blob_id: UUID
    stored: StoredObject
    report: Report
    is_shared: bool = False
    """The project had the bytes before, under this blob."""


async def assign(tx: Tx, assignments: Sequence[Assignment]) -> dict[str, UUID]:
    """Step: point paths of one root at blobs; older files of these paths are replaced. The artifacts by path.

    Raises:
        PathOccupied: one would be a file and a folder; the transaction has to end.
    """
    if not assignments:
        return {}
    root = assignments[0].target.root
    mine = (Artifact.project_id == root.project_id, Artifact.root_id == root.id)
    of_paths = Artifact.path == func.any([assignment.target.path for assignment in assignments])
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
        made = await tx.execute(
            statement.returning(Artifact.path, Artifact.id), [_row(assignment) for assignment in assignments]
        )
    artifacts = {row.path: row.id for row in made}
    after = {assignment.target.path: assignment.blob_id for assignment in assignments}
    gone = [blob_id for path, blob_id in before.items() if after[path] != blob_id]
    await garbage.release(tx, root.project_id, gone, "replaced")
    return artifacts


async def publish_verified(tx: Tx, files: Sequence[Verified]) -> list[UUID]:
    """Step: make verified bytes the files of one root; the caller holds its owner. The artifacts in their order.

    Raises:
        Unavailable: a blob was given up meanwhile.
        PathOccupied: one would be a file and a folder; the transaction has to end.
    """
    project_id = files[0].target.root.project_id
    at_once = {file.target.path: file for file in await _keep(tx, files)}
    columns = {path: inspections.columns(file.report) for path, file in at_once.items()}
    failed = {file.blob_id for file in at_once.values() if file.report.outcome is not Outcome.READY}
    await verdicts.lock_refused(tx, project_id, failed)
    await inspections.remember(
        tx, project_id, [(file.blob_id, path, file.report, columns[path]) for path, file in at_once.items()]
    )
    not_released = {"released_by": None, "released_at": None}
    assignments = [
        Assignment(file.target, file.blob_id, columns[path] | not_released) for path, file in at_once.items()
    ]
    by_path = await assign(tx, assignments)
    artifacts = []
    for file in files:
        if at_once.get(file.target.path) is file:
            artifacts.append(by_path[file.target.path])
        else:
            # One by one: bytes that the project has already, and what may have been released from quarantine before.
            made = await publish.register(tx, file.target, file.blob_id, file.stored, file.report)
            artifacts.append(made.id)
    return artifacts


async def lock_hashes(tx: Tx, project_id: int, hashes: Collection[bytes]) -> None:
    """Step: the first lock of all who write files: uploads of the same new bytes take their turn until the commit."""
    lock_keys = {int.from_bytes(sha256[:4], signed=True) for sha256 in hashes}
    await LOCK_HASHES.fetch_value(tx, project=project_id % 2**31, lock_keys=list(lock_keys))


async def mark_stored(
    tx: Tx, project_id: int, blobs: Sequence[tuple[UUID, bytes, int]], token_ids: Sequence[int | None]
) -> set[UUID]:
    """Step: pending blobs have these SHA-256 and sizes and are stored; the ids of those that were still pending.

    ``token_ids`` says for each with which token, if that has a limit of bytes.

    Raises:
        QuotaExceeded: a limit leaves no room; the transaction has to end.
    """
    if not blobs:
        return set()
    ids, hashes, sizes = zip(*blobs, strict=True)
    values = {"blobs": list(ids), "hashes": list(hashes), "sizes": list(sizes), "tokens": list(token_ids)}
    with stored_bytes.translated_errors():
        return {row["id"] for row in await MARK_STORED.fetch(tx, project=project_id, **values)}


async def _keep(tx: Tx, files: Sequence[Verified]) -> list[Verified]:
    """The files that need no second look: one for each new content, whose blob is stored now, and those that share."""
    project_id = files[0].target.root.project_id
    await lock_hashes(tx, project_id, [file.stored.sha256 for file in files])
    stored_before = await _stored_before(tx, files)
    whole = [file for file in files if file.report.outcome is not Outcome.QUARANTINED]
    fresh = list(
        {file.stored.sha256: file for file in reversed(whole) if file.stored.sha256 not in stored_before}.values()
    )
    fresh = list({file.target.path: file for file in fresh if not file.is_shared}.values())
    contents = [(file.blob_id, file.stored.sha256, file.stored.size) for file in fresh]
    kept = await mark_stored(tx, project_id, contents, [file.target.token_id for file in fresh])
    shared = [file for file in whole if file.is_shared and stored_before.get(file.stored.sha256) == file.blob_id]
    return [file for file in fresh if file.blob_id in kept] + shared


async def _stored_before(tx: Tx, files: Sequence[Verified]) -> dict[bytes | None, UUID]:
    """The blobs that the project has of these contents, held from here on."""
    refuses = any(file.report.outcome is not Outcome.READY for file in files)
    hashes = list({file.stored.sha256 for file in files})
    paths = [file.target.path for file in files]
    columns = await row_locks.lock_stored(tx, files[0].target.root, hashes, paths, refuses=refuses)
    return {blob.sha256: blob.id for blob in columns}


def _row(assignment: Assignment) -> dict[str, Any]:
    root = assignment.target.root
    return {
        "project_id": root.project_id,
        "id": uuid7(),
        "candidate_id": root.candidate_id,
        "logged_model_id": root.logged_model_id,
        "path": assignment.target.path,
        "blob_id": assignment.blob_id,
        "media_type": assignment.target.media_type,
        "created_by": assignment.target.created_by,
        **assignment.columns,
    }
