"""One file becomes visible: its path points at verified bytes, in a transaction that holds the owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.artifacts import path_conflicts, row_locks, stored_bytes
from app.artifacts.artifacts import FileTarget
from app.artifacts.tables import PENDING, Artifact, Blob
from app.artifacts.upkeep import damage, garbage, inspections, quarantine, verdicts
from app.db.database import Tx
from app.errors import Unavailable
from app.ids import uuid7
from app.inspection.inspector import Report
from app.storage.blobs import StoredObject


async def register(
    tx: Tx,
    target: FileTarget,
    blob_id: UUID,
    stored: StoredObject,
    report: Report | None = None,
    *,
    is_plain: bool = False,
) -> Artifact:
    """Step: make verified bytes the file at a path; the caller holds the owner of the files.

    Without a ``report`` a worker inspects the file soon, unless it is plain, or was inspected under such a name before.

    Raises:
        Unavailable: the pending blob was given up meanwhile.
        PathOccupied: a file is where this one needs a folder, or the reverse; the transaction has to end.
    """
    root = target.root
    kept = await _keep_once(tx, target, blob_id, stored)
    columns = quarantine.values(None)
    if is_plain:
        columns["inspected_at"] = func.now()
    elif kept != blob_id and report is None:
        columns = await _inherited_state(tx, root.project_id, kept, target.path)
    replaced = await tx.scalar(
        select(Artifact.blob_id)
        .where(Artifact.project_id == root.project_id, Artifact.root_id == root.id, Artifact.path == target.path)
        .with_for_update()
    )
    artifact = await _point(tx, target, kept, columns)
    if replaced is not None and replaced != kept:
        await garbage.release(tx, root.project_id, [replaced], "replaced")
    if report is not None:
        inspected = inspections.InspectedFile(artifact.id, kept, target.path, report)
        await inspections.record(tx, root.project_id, [inspected])
    elif columns["inspected_at"] is None:
        await inspections.promise(tx, root)
    return artifact


async def _inherited_state(tx: Tx, project_id: int, blob_id: UUID, path: str) -> dict[str, Any]:
    """What is known of bytes that are held: the verdict on them under such a name; until there is one, they are in
    quarantine if they are so elsewhere.
    """
    verdict = (await verdicts.find(tx, project_id, [(blob_id, path)])).get((blob_id, path))
    return verdict or quarantine.values((await quarantine.inherited(tx, project_id, [blob_id])).get(blob_id))


async def _keep_once(tx: Tx, target: FileTarget, blob_id: UUID, stored: StoredObject) -> UUID:
    """The blob to point at: one that has these bytes already, else ours.

    The lock keeps the found one: a release that runs now waits for our commit and then sees the artifact.
    """
    project_id = target.root.project_id
    # Two uploads of the same new bytes take their turn here; the lock ends with the transaction.
    await tx.execute(
        select(func.pg_advisory_xact_lock(project_id % 2**31, int.from_bytes(stored.sha256[:4], signed=True)))
    )
    existing = next(iter(await row_locks.lock_stored(tx, target.root, [stored.sha256], [target.path])), None)
    if existing is not None and existing.damage is not None:
        await damage.heal(tx, existing, blob_id)
    elif existing is not None:
        await garbage.condemn_pending(tx, project_id, [blob_id], "same bytes stored already")
    if existing is not None:
        return existing.id
    mine = (Blob.project_id == project_id, Blob.id == blob_id, Blob.state == PENDING)
    values = {"state": "stored", "sha256": stored.sha256, "size": stored.size, "token_id": target.token_id}
    with stored_bytes.translated_errors():
        done = await tx.scalar(update(Blob).where(*mine).values(**values, lease_until=None).returning(Blob.id))
    if done is None:
        raise Unavailable("The upload was silent for too long and was given up; send the file again.")
    return blob_id


async def _point(tx: Tx, target: FileTarget, blob_id: UUID, state: Mapping[str, Any]) -> Artifact:
    changing = {"blob_id": blob_id, "media_type": target.media_type, "created_by": target.created_by, **state}
    statement = upsert(Artifact).values(
        project_id=target.root.project_id,
        id=uuid7(),
        candidate_id=target.root.candidate_id,
        logged_model_id=target.root.logged_model_id,
        path=target.path,
        **changing,
    )
    statement = statement.on_conflict_do_update(
        index_elements=["project_id", "root_id", "path"],
        set_={**changing, "created_at": func.now()},
    )
    with path_conflicts.translated_errors():
        artifact: Artifact = (await tx.scalars(statement.returning(Artifact))).one()
    return artifact
