"""What a folder of files consists of, as one digest.

A manifest is the SHA-256 of the lines of all files, joined by line feeds and sorted by path in byte order: path below
the folder, size and SHA-256, separated by tabs (no path can hold one).
"""

from __future__ import annotations

from app.artifacts.artifacts import Root
from app.db.database import Snapshot
from app.db.statements import Statement

READ_MANIFEST = Statement(
    "artifacts.read_manifest",
    "The manifest of the files of a root below a folder; NULL where there are none.",
    r"""
    SELECT sha256(convert_to(string_agg(
        substr(a.path, CASE WHEN :folder::text = '' THEN 1 ELSE length(:folder::text) + 2 END)
        || E'\t' || b.size || E'\t' || encode(b.sha256, 'hex'), E'\n' ORDER BY a.path COLLATE "C"), 'UTF8'))
    FROM artifacts a JOIN blobs b ON b.project_id = a.project_id AND b.id = a.blob_id
    WHERE a.project_id = :project AND a.root_id = :root
      AND (:folder::text = '' OR a.path = :folder::text OR starts_with(a.path, :folder::text || '/'))
    """,
)


async def of_folder(snap: Snapshot, root: Root, folder: str) -> bytes | None:
    """Read step: the manifest of the files below a folder (empty: of all); None when there are none."""
    manifest: bytes | None = await READ_MANIFEST.fetch_value(snap, project=root.project_id, root=root.id, folder=folder)
    return manifest
