"""Files whose bytes the project has already: stored under their paths without any byte being sent.

The verdict on a file belongs to its bytes and its name together. Where there is none yet the file waits for a worker,
as one does whose bytes have just arrived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, select

from app.artifacts import row_locks, visibility
from app.artifacts.artifacts import FileTarget, Root
from app.artifacts.tables import Artifact, Blob
from app.artifacts.upkeep import verdicts
from app.artifacts.uploads import publish_batch
from app.artifacts.uploads.publish_batch import Assignment
from app.artifacts.visibility import View
from app.db.database import Tx


class Described(Protocol):
    """What tells the bytes of a file."""

    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> bytes | None: ...


async def find(tx: Tx, root: Root, files: Sequence[Described], paths: Sequence[str], view: View) -> dict[int, UUID]:
    """Step: the blobs that hold these bytes, by the file's position in the list; held against removal.

    ``paths``: where files of the root are going to have them. Only those of files that the actor may see, as ``seen``
    says: else a hash would be enough to learn that there is such a file, and to have it.
    """
    hashes = {file.sha256 for file in files if file.sha256 is not None}
    if not hashes:
        return {}
    same = await row_locks.lock_stored(tx, root, hashes, paths)
    shown = await visible_blobs(tx, root.project_id, same, view)
    # Sending the bytes heals what is damaged.
    by_content = {(blob.sha256, blob.size): blob.id for blob in same if blob.damage is None and blob.id in shown}
    matches = ((index, by_content.get((file.sha256, file.size))) for index, file in enumerate(files))
    return {index: blob_id for index, blob_id in matches if blob_id is not None}


async def visible_blobs(tx: Tx, project_id: int, blobs: Sequence[Blob], view: View) -> set[UUID]:
    """Step: those of the blobs that are the bytes of a file that may be seen."""
    ids = {blob.id for blob in blobs}
    if view.sees_all or not ids:
        return ids
    same = (Artifact.project_id == project_id, Artifact.blob_id == func.any(list(ids)))
    return set(await tx.scalars(select(Artifact.blob_id).where(*same, *visibility.conditions(Artifact, view))))


async def link(tx: Tx, files: Sequence[tuple[FileTarget, UUID]]) -> Mapping[str, UUID]:
    """Step: point paths of one root at blobs that are held and were looked at under such a name; the artifacts by path.

    The files get that verdict. All others are left alone: they have to be inspected before they are files.
    """
    if not files:
        return {}
    project_id = files[0][0].root.project_id
    judged = await verdicts.find(tx, project_id, {(blob_id, target.path) for target, blob_id in files})
    assignments = [
        Assignment(target, blob_id, judged[blob_id, target.path])
        for target, blob_id in files
        if (blob_id, target.path) in judged
    ]
    return await publish_batch.assign(tx, assignments)
