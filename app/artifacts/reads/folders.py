"""The files and folders directly in a folder, page by page, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from app.artifacts import visibility
from app.artifacts.artifacts import Root
from app.artifacts.owners import HAS_OWNER
from app.artifacts.visibility import View
from app.db.database import Snapshot
from app.db.statements import Statement


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a folder: a file with its size, or a folder without."""

    name: str
    is_folder: bool
    size: int | None = None


async def list_folder(snap: Snapshot, root: Root, folder: str = "") -> list[Entry]:
    """Read step: all files and folders directly in a folder, by name. A folder that is not there is empty."""
    entries: list[Entry] = []
    after: str | None = ""
    while after is not None:
        page, after = await list_page(snap, root, folder, after, visibility.ALL_FILES)
        entries += page
    entries.sort(key=lambda entry: entry.name)
    return entries


async def list_page(snap: Snapshot, root: Root, folder: str, after: str, view: View) -> tuple[list[Entry], str | None]:
    """Read step: some files and folders directly in a folder, and what to pass as ``after`` for more; None: no more.

    ``seen`` says which files the one who asks may see; the others are left out.

    Each page is in the order of names, and ends where an order of paths ends it. A page reads 10,000 files at most: a
    folder in which the page would end is one line, and what else is in there is passed over.
    """
    prefix = f"{folder}/" if folder else ""
    rows = await FOLDER_PAGE[view.kind].fetch(
        snap,
        project=root.project_id,
        root=root.id,
        candidate=root.candidate_id,
        logged_model=root.logged_model_id,
        start=len(prefix) + 1,
        after=after or prefix,
        behind=f"{folder}0" if folder else None,
        most=PAGE,
        **view.values,
    )
    entries = [Entry(row.name, row.is_folder, None if row.is_folder else row.size) for row in rows]
    if sum(row.files for row in rows) < PAGE:
        return entries, None
    end = max(rows, key=lambda row: row.last)
    # Nothing but a path begins with another one and goes on with the first character that none can hold: so `>=` is `>`
    # for the last path of a page.
    return entries, f"{prefix}{end.name}0" if end.is_folder else f"{end.last}\x01"


PAGE = 10_000


class _Row(NamedTuple):
    name: str
    is_folder: bool
    size: int | None
    last: str
    """The last path of the page that begins with the name."""
    files: int


# One look at the owner of the files, which is the same for all of them.
FOLDER_PAGE = {
    view: Statement(
        f"artifacts.folder_page_{view.name.lower()}",
        "What is directly in a folder, from a path on; looks at no more files than a page has.",
        f"""
        WITH page AS (
          SELECT a.path, substr(a.path, :start) AS rest, a.project_id, a.blob_id FROM artifacts a
          WHERE a.project_id = :project AND a.root_id = :root AND a.path >= :after
            AND (:behind::text IS NULL OR a.path < :behind)
            AND EXISTS (SELECT FROM (SELECT :project AS project_id, :candidate::uuid AS candidate_id,
              :logged_model::uuid AS logged_model_id) AS artifacts WHERE {HAS_OWNER}) {shown}
          ORDER BY a.path LIMIT :most
        )
        SELECT split_part(page.rest, '/', 1) AS name, bool_or(page.rest LIKE '%/%') AS is_folder, max(b.size) AS size,
          max(page.path) AS last, count(*) AS files
        FROM page LEFT JOIN blobs b ON b.project_id = page.project_id AND b.id = page.blob_id
          AND page.rest NOT LIKE '%/%'
        GROUP BY 1 ORDER BY 1
        """,  # noqa: S608 - put together from constants
        row=_Row,
    )
    for view, shown in visibility.shown_sql("a").items()
}
