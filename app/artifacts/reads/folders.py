"""The files and folders directly in a folder, page by page, by name."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

from sqlalchemy import BigInteger, Integer, Text, TextClause, Uuid, bindparam, text

from app.artifacts import visibility
from app.artifacts.artifacts import OWNED, Root
from app.artifacts.visibility import Visibility
from app.db.database import Snapshot


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
        page, after = await list_page(snap, root, folder, after, Visibility.ALL)
        entries += page
    entries.sort(key=lambda entry: entry.name)
    return entries


async def list_page(
    snap: Snapshot, root: Root, folder: str, after: str, seen: Visibility
) -> tuple[list[Entry], str | None]:
    """Read step: some files and folders directly in a folder, and what to pass as ``after`` for more; None: no more.

    ``seen`` says which files the one who asks may see; the others are left out.

    Each page is in the order of names, and ends where an order of paths ends it. A page reads 10,000 files at most: a
    folder in which the page would end is one line, and what else is in there is passed over.
    """
    prefix = f"{folder}/" if folder else ""
    values = {
        "of_project": root.project_id,
        "of_root": root.id,
        "of_candidate": root.candidate_id,
        "of_model": root.logged_model_id,
        "start": len(prefix) + 1,
        "after": after or prefix,
        "before": f"{folder}0" if folder else None,
        "most": PAGE,
    }
    rows = (await snap.execute(_PAGE[seen], values)).all()
    entries = [Entry(name, is_folder, None if is_folder else size) for name, is_folder, size, _, _ in rows]
    if sum(files for *_, files in rows) < PAGE:
        return entries, None
    name, is_folder, _, last, _ = max(rows, key=itemgetter(3))
    return entries, f"{prefix}{name}0" if is_folder else f"{last}\x01"


PAGE = 10_000


# One look at the owner of the files, which is the same for all of them. Nothing but a path begins with another one and
# goes on with the first character that none can hold: so `>=` is `>` for the last path of a page.
_PAGE_SQL = f"""
WITH page AS (
  SELECT a.path, substr(a.path, :start) AS rest, a.project_id, a.blob_id FROM artifacts a
  WHERE a.project_id = :of_project AND a.root_id = :of_root AND a.path >= :after
    AND (CAST(:before AS text) IS NULL OR a.path < :before)
    AND EXISTS (SELECT FROM (SELECT :of_project AS project_id, :of_candidate AS candidate_id,
      :of_model AS logged_model_id) AS artifacts WHERE {OWNED}) {{seen}}
  ORDER BY a.path LIMIT :most
)
SELECT split_part(page.rest, '/', 1) AS name, bool_or(page.rest LIKE '%/%') AS is_folder, max(b.size) AS size,
  max(page.path) AS last, count(*) AS files
FROM page LEFT JOIN blobs b ON b.project_id = page.project_id AND b.id = page.blob_id AND page.rest NOT LIKE '%/%'
GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - put together from constants


def _page(condition: str) -> TextClause:
    return text(_PAGE_SQL.format(seen=condition)).bindparams(
        bindparam("of_project", type_=BigInteger),
        bindparam("of_root", type_=Uuid),
        bindparam("of_candidate", type_=Uuid),
        bindparam("of_model", type_=Uuid),
        bindparam("start", type_=Integer),
        bindparam("after", type_=Text(collation="C")),
        bindparam("before", type_=Text(collation="C")),
        bindparam("most", type_=Integer),
    )


_PAGE = {Visibility.ALL: _page(""), Visibility.OF_VERSIONS: _page(f"AND {visibility.of_version('a')}")}
