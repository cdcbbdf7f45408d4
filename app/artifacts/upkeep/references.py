"""Which artifacts and uploads refer to bytes in the store, and which objects are about to be removed, and why.

For ``modelyard gc --explain`` and backups. Owners of files and versions belong to features above: their parts of a
statement come from there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.access import projects
from app.db.database import Snapshot
from app.db.statements import AnyRow, Fragment, Statement, columns

_SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_ROWS = 100


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """Bytes that a row names; ``project`` is the full path of their project."""

    project_id: int
    id: UUID
    project: str
    object_key: str
    state: str
    sha256: str | None
    size: int | None
    created_at: datetime
    lease_until: datetime | None
    damage: str | None


@dataclass(frozen=True, slots=True)
class DoomedObject:
    """An object without a row: why, since when, and when it is due to be removed."""

    state: str
    reason: str
    since: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that a backup copies; ``sha256`` is hexadecimal, ``damage`` empty where none is noted."""

    object_key: str
    size: int
    sha256: str
    damage: str


def _find_blobs(key: str, condition: str) -> Statement[StoredBlob]:
    expressions = {"project": projects.path_sql("b.project_id"), "sha256": "encode(b.sha256, 'hex')"}
    return Statement(
        f"artifacts.find_blobs_by_{key}",
        "Blobs that an administrator names, with their projects.",
        f"""
        SELECT {columns(StoredBlob, of="b", **expressions)}
        FROM blobs b WHERE {condition} ORDER BY b.object_key LIMIT {MAX_ROWS}
        """,  # noqa: S608 - of constants
        row=StoredBlob,
    )


_FIND_BLOBS = {
    "key": _find_blobs("key", "b.object_key = :name"),
    "sha256": _find_blobs("sha256", "b.sha256 = decode(:name, 'hex')"),
    "path": _find_blobs(
        "path", "(b.project_id, b.id) IN (SELECT a.project_id, a.blob_id FROM artifacts a WHERE a.path = :name)"
    ),
}
_FIND_UPLOADS = Statement(
    "artifacts.find_uploads_of_blob",
    "Announced uploads whose file will have the bytes of a blob once they are inspected.",
    f"""
    SELECT path, candidate_id, logged_model_id FROM multipart_uploads
    WHERE project_id = :project AND blob_id = :blob AND state = 'verifying' AND is_shared
    ORDER BY path LIMIT {MAX_ROWS}
    """,  # noqa: S608 - of constants
)
_FIND_DOOMED = Statement(
    "artifacts.find_doomed",
    "Why an object is about to be removed, if it is.",
    f"""
    SELECT {columns(DoomedObject, state="'condemned'", since="condemned_at", due="not_before")}
    FROM condemned_objects WHERE object_key = :key
    UNION ALL
    SELECT 'suspect', 'no row knew it', suspected_at, suspected_at + interval '7 days'
    FROM suspect_objects WHERE object_key = :key
    """,  # noqa: S608 - of constants
    row=DoomedObject,
)
_LIST_STORED = Statement(
    "artifacts.list_stored",
    "A page of all objects that a backup copies, by key.",
    """
    SELECT object_key, size, encode(sha256, 'hex') AS sha256, coalesce(damage, '') AS damage FROM blobs
    WHERE state = 'stored' AND object_key > :after ORDER BY object_key LIMIT :limit
    """,
    row=StoredObject,
)


def find_files(name: str, owner: Fragment, versions: Fragment) -> Statement[AnyRow]:
    """The statement that reads the artifacts with the bytes of a blob; its parameters are ``project`` and ``blob``.

    ``owner`` joins what is told of the owner of artifact ``a``; ``versions`` is an array of what is told of its
    versions.
    """
    return Statement(
        name,
        "Artifacts that have the bytes of a blob, with their owners and versions.",
        f"""
        SELECT a.path, owner.*, {versions} AS versions FROM artifacts a {owner}
        WHERE a.project_id = :project AND a.blob_id = :blob ORDER BY a.path, a.id LIMIT {MAX_ROWS}
        """,  # noqa: S608 - of constants
    )


async def find_blobs(snap: Snapshot, name: str) -> list[StoredBlob]:
    """Read step: the blobs of an object key, a SHA-256 (hexadecimal) or the path of an artifact, a hundred at most."""
    key = "key" if name.startswith("v1/") else "sha256" if _SHA256.fullmatch(name) else "path"
    return await _FIND_BLOBS[key].fetch(snap, name=name)


async def find_uploads(snap: Snapshot, blob: StoredBlob) -> Sequence[AnyRow]:
    """Read step: path and owner of uploads that wait for an inspection of these bytes."""
    return await _FIND_UPLOADS.fetch(snap, project=blob.project_id, blob=blob.id)


async def find_doomed(snap: Snapshot, key: str) -> list[DoomedObject]:
    """Read step: why the object of this key is about to be removed; nothing when it is not."""
    return await _FIND_DOOMED.fetch(snap, key=key)


async def list_stored(snap: Snapshot, after: str, limit: int) -> list[StoredObject]:
    """Read step: the stored objects whose keys come after this one, in their order."""
    return await _LIST_STORED.fetch(snap, after=after, limit=limit)
