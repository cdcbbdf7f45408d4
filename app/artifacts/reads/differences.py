"""In which files two folders differ, and what the files say of themselves that say something of the whole.

By paths, SHA-256 and stored facts alone: no byte is read, and equal files cost nothing but their rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from app.artifacts.artifacts import Root
from app.db.database import Snapshot
from app.db.statements import Fragment, Statement

MAX_CHANGES = 1_000
"""Files that differ which are named one by one."""
MAX_DESCRIBED = 300
"""Files whose facts are read, of both sides together."""


class Totals(NamedTuple):
    """How many files there are on each side, how many are the same on both, and how many are not inspected yet."""

    before: int
    after: int
    same: int
    changed: int
    added: int
    removed: int
    uninspected: int


class ChangedFile(NamedTuple):
    """A path whose file differs; None where a side has none. ``moved_from`` is a path of equal bytes that is gone."""

    path: str
    size_before: int | None
    sha256_before: bytes | None
    size_after: int | None
    sha256_after: bytes | None
    moved_from: str | None


class _DescribedRow(NamedTuple):
    is_after: bool
    path: str
    format: str
    facts: str | None


class DescribedFile(NamedTuple):
    """A file that says something of the model: its path, how it was read, and what it says."""

    path: str
    format: str
    facts: dict[str, Any]


def _side(name: str) -> Fragment:
    folder = f":folder_{name}::text"
    return Fragment(f"""
        SELECT CASE WHEN {folder} = '' THEN a.path
            WHEN a.path = {folder} THEN substring(a.path FROM '[^/]*$')
            ELSE substr(a.path, length({folder}) + 2) END AS path,
          b.size, b.sha256, a.format, a.facts, a.inspected_at
        FROM artifacts a JOIN blobs b ON b.project_id = a.project_id AND b.id = a.blob_id
        WHERE a.project_id = :project_{name} AND a.root_id = :root_{name}
          AND ({folder} = '' OR a.path = {folder} OR starts_with(a.path, {folder} || '/'))
    """)  # noqa: S608 - of constants


_SIDES = Fragment(f"before AS MATERIALIZED ({_side('before')}), after AS MATERIALIZED ({_side('after')})")
_TOTALS = Statement(
    "artifacts.count_differences",
    "How many files of two folders are the same, and how many differ.",
    f"""
    WITH {_SIDES}
    SELECT count(b.path) AS before, count(a.path) AS after, count(*) FILTER (WHERE b.sha256 = a.sha256) AS same,
      count(*) FILTER (WHERE b.sha256 <> a.sha256) AS changed, count(*) FILTER (WHERE b.path IS NULL) AS added,
      count(*) FILTER (WHERE a.path IS NULL) AS removed,
      count(*) FILTER (WHERE b.path IS NOT NULL AND b.inspected_at IS NULL)
        + count(*) FILTER (WHERE a.path IS NOT NULL AND a.inspected_at IS NULL) AS uninspected
    FROM before b FULL JOIN after a ON a.path = b.path
    """,  # noqa: S608 - of constants
    row=Totals,
)
_CHANGES = Statement(
    "artifacts.list_differences",
    "The paths at which two folders differ, in byte order.",
    f"""
    WITH {_SIDES}, changed AS MATERIALIZED (
        SELECT coalesce(b.path, a.path) AS path, b.size AS size_before, b.sha256 AS sha256_before,
          a.size AS size_after, a.sha256 AS sha256_after
        FROM before b FULL JOIN after a ON a.path = b.path WHERE b.sha256 IS DISTINCT FROM a.sha256
    ), gone AS (
        SELECT sha256_before AS sha256, min(path COLLATE "C") AS path FROM changed
        WHERE sha256_after IS NULL GROUP BY sha256_before
    )
    SELECT c.path, c.size_before, c.sha256_before, c.size_after, c.sha256_after, gone.path AS moved_from
    FROM changed c LEFT JOIN gone ON c.sha256_before IS NULL AND gone.sha256 = c.sha256_after
    ORDER BY c.path COLLATE "C" LIMIT {MAX_CHANGES}
    """,  # noqa: S608 - of constants
    row=ChangedFile,
)
# Documents of both sides, the uppermost first; weights only where they differ, since equal ones have equal tensors.
_DESCRIBED = Statement(
    "artifacts.read_described_files",
    "What files of two folders say of the model: documents, and headers of weights that differ.",
    f"""
    WITH {_SIDES}, either AS (
        SELECT false AS is_after, b.* FROM before b
        WHERE b.format IN ('mlmodel', 'conda', 'requirements') OR (b.format IN ('safetensors', 'gguf', 'onnx')
          AND NOT EXISTS (SELECT FROM after a WHERE a.sha256 = b.sha256))
        UNION ALL
        SELECT true, a.* FROM after a
        WHERE a.format IN ('mlmodel', 'conda', 'requirements') OR (a.format IN ('safetensors', 'gguf', 'onnx')
          AND NOT EXISTS (SELECT FROM before b WHERE b.sha256 = a.sha256))
    )
    SELECT is_after, path, format, facts::text FROM either
    ORDER BY format IN ('safetensors', 'gguf'), length(path) - length(replace(path, '/', '')), path COLLATE "C",
      is_after
    LIMIT {MAX_DESCRIBED + 1}
    """,  # noqa: S608 - of constants
    row=_DescribedRow,
)


class Described(NamedTuple):
    """Both sides, the uppermost files first; ``is_whole``: there are no more."""

    before: list[DescribedFile]
    after: list[DescribedFile]
    is_whole: bool


async def totals(snap: Snapshot, before: tuple[Root, str], after: tuple[Root, str]) -> Totals:
    """Read step: how many files of two folders (root and path, empty: all) are the same. One statement."""
    (row,) = await _TOTALS.fetch(snap, **_values(before, after))
    return row


async def changes(snap: Snapshot, before: tuple[Root, str], after: tuple[Root, str]) -> list[ChangedFile]:
    """Read step: the paths at which they differ, a thousand at most. One statement."""
    return await _CHANGES.fetch(snap, **_values(before, after))


async def described(snap: Snapshot, before: tuple[Root, str], after: tuple[Root, str]) -> Described:
    """Read step: what documents and headers of weights say on each side. One statement."""
    rows = await _DESCRIBED.fetch(snap, **_values(before, after))
    sides: tuple[list[DescribedFile], list[DescribedFile]] = ([], [])
    for row in rows[:MAX_DESCRIBED]:
        facts = orjson.loads(row.facts) if row.facts else None
        sides[row.is_after].append(DescribedFile(row.path, row.format, facts if isinstance(facts, dict) else {}))
    return Described(*sides, is_whole=len(rows) <= MAX_DESCRIBED)


def _values(before: tuple[Root, str], after: tuple[Root, str]) -> dict[str, Any]:
    return {
        "project_before": before[0].project_id,
        "root_before": before[0].id,
        "folder_before": before[1],
        "project_after": after[0].project_id,
        "root_after": after[0].id,
        "folder_after": after[1],
    }
