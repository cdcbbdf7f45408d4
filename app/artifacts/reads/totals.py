"""What the files below folders are together: how many, how large, what inspections say, and their MLmodel file.

For those who judge versions; none of it asks who may see it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from app.db.database import Snapshot
from app.db.statements import Fragment, Statement

SHOWN = 5
"""Files of each kind that are named."""


class FolderTotals(NamedTuple):
    """The files below a folder. ``size`` is bytes; of ``refused`` and ``suspicious`` files a few are named."""

    file_count: int
    size: int
    refused_count: int
    refused: Sequence[str]
    released_count: int
    suspicious_count: int
    suspicious: Sequence[str]
    uninspected_count: int
    model_path: str | None
    """The path of the MLmodel file nearest to the folder; None: there is none."""
    model_inspected: bool
    model_facts: Mapping[str, Any] | None


class _Row(NamedTuple):
    position: int
    file_count: int
    size: int
    refused_count: int
    refused: Sequence[str]
    released_count: int
    suspicious_count: int
    suspicious: Sequence[str]
    uninspected_count: int
    model_path: str | None
    model_inspected: bool
    model_facts: str | None


_BELOW = """a.project_id = :project AND a.root_id = w.root AND (w.folder = ''
            OR (a.path >= (w.folder || '/') COLLATE "C" AND a.path < (w.folder || '0') COLLATE "C"))"""
_SUSPICIOUS = "a.state = 'ready' AND a.scan ->> 'verdict' = 'suspicious'"
_READ_TOTALS = Statement(
    "artifacts.read_totals",
    "Of folders of roots: number, size and state of the files below each, and the MLmodel file nearest to it.",
    f"""
    SELECT w.position, f.*,
        ARRAY(SELECT left(a.path || coalesce(': ' || a.state_reason, ''), 300) FROM artifacts a
            WHERE {_BELOW} AND a.state <> 'ready' ORDER BY a.path LIMIT {SHOWN}) AS refused,
        ARRAY(SELECT left(a.path, 300) FROM artifacts a
            WHERE f.suspicious_count > 0 AND {_BELOW} AND {_SUSPICIOUS} ORDER BY a.path LIMIT {SHOWN}) AS suspicious,
        m.path AS model_path, coalesce(m.inspected_at IS NOT NULL, false) AS model_inspected,
        m.facts::text AS model_facts
    FROM unnest(:roots::uuid[], :folders::text[]) WITH ORDINALITY AS w (root, folder, position)
    CROSS JOIN LATERAL (
        SELECT count(*) AS file_count, coalesce(sum(b.size), 0)::bigint AS size,
            count(*) FILTER (WHERE a.state <> 'ready') AS refused_count,
            count(*) FILTER (WHERE a.state = 'ready' AND a.released_at IS NOT NULL) AS released_count,
            count(*) FILTER (WHERE {_SUSPICIOUS}) AS suspicious_count,
            count(*) FILTER (WHERE a.inspected_at IS NULL) AS uninspected_count
        FROM artifacts a JOIN blobs b ON b.project_id = a.project_id AND b.id = a.blob_id WHERE {_BELOW}
    ) AS f
    LEFT JOIN LATERAL (
        SELECT a.path, a.facts, a.inspected_at FROM artifacts a
        WHERE {_BELOW} AND (a.path = 'MLmodel' OR a.path LIKE '%/MLmodel')
        ORDER BY length(a.path) - length(replace(a.path, '/', '')), a.path LIMIT 1
    ) AS m ON true
    ORDER BY w.position
    """,  # noqa: S608 - of constants
    row=_Row,
)


def distinct_bytes_sql(folders: str) -> Fragment:
    """SQL: the bytes of all that is below any of the folders, equal contents once.

    ``folders`` is a subquery whose rows have ``project_id``, ``root_id`` and ``folder`` (empty: all files of the root).
    """
    # No path begins with the last character there is.
    beginning = """CASE f.folder WHEN '' THEN '' ELSE f.folder || '/' END COLLATE "C" """
    end = """CASE f.folder WHEN '' THEN chr(1114111) ELSE f.folder || '0' END COLLATE "C" """
    return Fragment(f"""
        SELECT coalesce(sum(b.size), 0)::bigint
        FROM (
            SELECT DISTINCT a.project_id, a.blob_id
            FROM ({folders}) AS f JOIN artifacts a ON a.project_id = f.project_id AND a.root_id = f.root_id
              AND a.path >= {beginning} AND a.path < {end}
        ) AS held
        JOIN blobs b ON b.project_id = held.project_id AND b.id = held.blob_id
    """)  # noqa: S608 - of constants and a subquery


async def of_folders(snap: Snapshot, project_id: int, folders: Sequence[tuple[UUID, str]]) -> list[FolderTotals]:
    """Read step: what the files below each folder (empty: all) of a root are together; one statement, in order."""
    rows = await _READ_TOTALS.fetch(
        snap,
        project=project_id,
        roots=[root for root, _ in folders],
        folders=[folder for _, folder in folders],
    )
    return [FolderTotals(*row[1:-1], orjson.loads(row.model_facts) if row.model_facts else None) for row in rows]
