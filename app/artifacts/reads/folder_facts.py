"""What can be said of all files below a folder, without reading any: how many, how many damaged, and their manifest."""

from __future__ import annotations

from typing import NamedTuple

from app.artifacts.artifacts import Root
from app.db.database import Snapshot
from app.db.statements import Statement, columns


class FolderFacts(NamedTuple):
    """The manifest is that of :mod:`app.artifacts.reads.manifest`; None where there are no files."""

    files: int
    damaged: int
    manifest: bytes | None


READ_FOLDER_FACTS = Statement(
    "artifacts.read_folder_facts",
    "Number of files below a folder, of damaged ones among them, and their manifest.",
    rf"""
    SELECT {columns(FolderFacts, of="facts")} FROM (
        SELECT count(*) AS files, count(b.damaged_at) AS damaged, sha256(convert_to(string_agg(
            substr(a.path, CASE WHEN :folder::text = '' THEN 1 ELSE length(:folder::text) + 2 END)
            || E'\t' || b.size || E'\t' || encode(b.sha256, 'hex'), E'\n' ORDER BY a.path COLLATE "C"), 'UTF8'))
            AS manifest
        FROM artifacts a JOIN blobs b ON b.project_id = a.project_id AND b.id = a.blob_id
        WHERE a.project_id = :project AND a.root_id = :root
          AND (:folder::text = '' OR a.path = :folder::text OR starts_with(a.path, :folder::text || '/'))
    ) AS facts
    """,  # noqa: S608 - of constants
    row=FolderFacts,
)


async def of_folder(snap: Snapshot, root: Root, folder: str) -> FolderFacts:
    """Read step: the facts of the files below a folder (empty: of all). One statement."""
    facts = await READ_FOLDER_FACTS.fetch_one(snap, project=root.project_id, root=root.id, folder=folder)
    assert facts is not None, "an aggregate has one row"
    return facts
