"""Files whose bytes the project has already: put in their places without any byte being sent.

The verdict on a file belongs to its bytes and its name together. Where there is none yet the file waits for a worker,
as one does whose bytes have just arrived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select

from app.artifacts import placing, sight, verdicts
from app.artifacts.placing import Wish
from app.artifacts.sight import Seen
from app.artifacts.tables import STORED, Artifact, Blob
from app.artifacts.uploads import Place
from app.db.database import Tx


class Described(Protocol):
    """What tells the bytes of a file."""

    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> bytes | None: ...


async def find(tx: Tx, project_id: int, files: Sequence[Described], seen: Seen) -> dict[int, UUID]:
    """Step: the blobs that hold these bytes, by the file's place in the list; held against removal.

    Only those of files that the one who asks may see, as ``seen`` says: else a hash would be enough to learn that
    there is such a file, and to have it.
    """
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
            *_of_shown(seen),
        )
        .order_by(Blob.id)
        .with_for_update(read=True)
    )
    found = {(row.sha256, row.size): row.id for row in await tx.execute(statement)}
    matches = ((index, found.get((file.sha256, file.size))) for index, file in enumerate(files))
    return {index: blob_id for index, blob_id in matches if blob_id is not None}


def _of_shown(seen: Seen) -> Sequence[ColumnElement[bool]]:
    if seen is Seen.ALL:
        return ()
    same = (Artifact.project_id == Blob.project_id, Artifact.blob_id == Blob.id)
    return (exists().where(*same, *sight.shown_in(Artifact, seen)),)


async def place(tx: Tx, files: Sequence[tuple[Place, UUID]]) -> Mapping[str, UUID]:
    """Step: point paths of one root at blobs that are held and were looked at under such a name; the artifacts by path.

    The files get that verdict. All others are left alone: they have to be looked at before they are anybody's.
    """
    if not files:
        return {}
    project_id = files[0][0].root.project_id
    known = await verdicts.find(tx, project_id, {(blob_id, place.path) for place, blob_id in files})
    wishes = [
        Wish(place, blob_id, known[blob_id, place.path]) for place, blob_id in files if (blob_id, place.path) in known
    ]
    return await placing.point(tx, wishes)
