"""Files whose bytes the project has already: put in their places without any byte being sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.artifacts import garbage, inspections, quarantine
from app.artifacts.tables import STORED, Artifact, Blob
from app.artifacts.uploads import Place
from app.db.database import Tx
from app.ids import uuid7


class Described(Protocol):
    """What tells the bytes of a file."""

    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> bytes | None: ...


async def find(tx: Tx, project_id: int, files: Sequence[Described]) -> dict[int, UUID]:
    """Step: the blobs that hold these bytes, by the file's place in the list; held against removal."""
    wanted = {file.sha256 for file in files if file.sha256 is not None}
    if not wanted:
        return {}
    statement = (
        select(Blob.id, Blob.sha256, Blob.size)
        .where(
            Blob.project_id == project_id,
            Blob.sha256 == func.any(list(wanted)),
            Blob.state == STORED,
            Blob.damage.is_(None),  # sending the bytes heals these
        )
        .order_by(Blob.id)
        .with_for_update(read=True)
    )
    found = {(row.sha256, row.size): row.id for row in await tx.execute(statement)}
    matches = ((index, found.get((file.sha256, file.size))) for index, file in enumerate(files))
    return {index: blob_id for index, blob_id in matches if blob_id is not None}


async def place(tx: Tx, wishes: Sequence[tuple[Place, UUID]]) -> Mapping[str, UUID]:
    """Step: point paths of one root at blobs that are held; older files of these paths are replaced.

    Answers the artifacts by path. A fixed number of statements, whatever the number of files.
    """
    if not wishes:
        return {}
    root = wishes[0][0].root
    mine = (Artifact.project_id == root.project_id, Artifact.root_id == root.id)
    of_paths = Artifact.path == func.any([place.path for place, _ in wishes])
    replaced = await tx.execute(
        select(Artifact.path, Artifact.blob_id).where(*mine, of_paths).order_by(Artifact.path).with_for_update()
    )
    before = {row.path: row.blob_id for row in replaced}
    held = await quarantine.inherited(tx, root.project_id, {blob_id for _, blob_id in wishes})
    rows = [
        {
            "project_id": root.project_id,
            "id": uuid7(),
            "candidate_id": root.candidate_id,
            "logged_model_id": root.logged_model_id,
            "path": place.path,
            "blob_id": blob_id,
            "media_type": place.media_type,
            "created_by": place.created_by,
            **quarantine.values(held.get(blob_id)),
        }
        for place, blob_id in wishes
    ]
    statement = upsert(Artifact)
    changing = {name: statement.excluded[name] for name in inspections.REPLACED}
    statement = statement.on_conflict_do_update(
        index_elements=["project_id", "root_id", "path"], set_={**changing, "created_at": func.now()}
    )
    made = await tx.execute(statement.returning(Artifact.path, Artifact.id), rows)
    artifacts = {row.path: row.id for row in made}
    after = {place.path: blob_id for place, blob_id in wishes}
    gone = [blob_id for path, blob_id in before.items() if after[path] != blob_id]
    await garbage.release(tx, root.project_id, gone, "replaced")
    await inspections.promise(tx, root)
    return artifacts
