"""What a folder of files consists of: each file of it, and the whole as one digest.

The digest of :func:`of_folder`, by which deleted versions come back, is the SHA-256 of the lines of all files, joined
by line feeds and sorted by path in byte order: path below the folder, size and SHA-256, separated by tabs (no path can
hold one). The manifest of a sealed version says media types, too: see :mod:`app.lifecycle.seals.manifests`.
"""

from __future__ import annotations

from typing import NamedTuple

from app.artifacts.artifacts import Root
from app.db.database import Snapshot
from app.db.statements import Fragment, Statement

_BELOW = Fragment("""
    a.project_id = :project AND a.root_id = :root
      AND (:folder::text = '' OR a.path = :folder::text OR starts_with(a.path, :folder::text || '/'))
""")
READ_MANIFEST = Statement(
    "artifacts.read_manifest",
    "The manifest of the files of a root below a folder; NULL where there are none.",
    rf"""
    SELECT sha256(convert_to(string_agg(
        substr(a.path, CASE WHEN :folder::text = '' THEN 1 ELSE length(:folder::text) + 2 END)
        || E'\t' || b.size || E'\t' || encode(b.sha256, 'hex'), E'\n' ORDER BY a.path COLLATE "C"), 'UTF8'))
    FROM artifacts a JOIN blobs b ON b.project_id = a.project_id AND b.id = a.blob_id
    WHERE {_BELOW}
    """,  # noqa: S608 - of constants
)


class Entry(NamedTuple):
    """A file of a manifest: its path below the folder, size in bytes, SHA-256, and what it is served as."""

    path: str
    size: int
    sha256: bytes
    media_type: str


READ_ENTRIES = Statement(
    "artifacts.read_manifest_entries",
    "The files of a root below a folder, by path in byte order; a folder that is a file itself has that one.",
    f"""
    SELECT CASE WHEN :folder::text = '' THEN a.path
        WHEN a.path = :folder::text THEN substring(a.path FROM '[^/]*$')
        ELSE substr(a.path, length(:folder::text) + 2) END AS path,
      b.size, b.sha256, a.media_type
    FROM artifacts a JOIN blobs b ON b.project_id = a.project_id AND b.id = a.blob_id
    WHERE {_BELOW}
    ORDER BY a.path COLLATE "C"
    """,  # noqa: S608 - of constants
    row=Entry,
)


async def of_folder(snap: Snapshot, root: Root, folder: str) -> bytes | None:
    """Read step: the manifest of the files below a folder (empty: of all); None when there are none."""
    manifest: bytes | None = await READ_MANIFEST.fetch_value(snap, project=root.project_id, root=root.id, folder=folder)
    return manifest


async def entries(snap: Snapshot, root: Root, folder: str) -> list[Entry]:
    """Read step: the files below a folder (empty: all), by path in byte order."""
    return await READ_ENTRIES.fetch(snap, project=root.project_id, root=root.id, folder=folder)
