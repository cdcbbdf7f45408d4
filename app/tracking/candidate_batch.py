"""Candidates on their way into the tables: one statement for all that begin at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.db.database import Database
from app.db.group_commit import GroupCommit
from app.tracking.tables import UNDATED, Candidate


@dataclass(frozen=True, slots=True)
class NewCandidate:
    """The row of a candidate that begins, and what is known of it from the start."""

    row: dict[str, Any]
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        found: UUID = self.row["id"]
        return found


COLUMNS = {
    "project_id": "bigint", "id": "uuid", "experiment_number": "bigint", "name": "text", "status": "smallint",
    "start_time": "bigint", "user_name": "text", "parent_id": "uuid", "created_by": "bigint",
}  # fmt: skip
"""Of a row, with their types; the others have defaults."""
_NAMES = ", ".join(COLUMNS)
_MAPPED = ", ".join(Candidate.__mapper__.columns.keys())
"""By name, since the table of a later release may have more."""
_ARRAYS = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(COLUMNS.values(), 1))
_PAIRS = len(COLUMNS) + 1
_NEWEST_FIRST = f"coalesce(~begun.start_time, {UNDATED})"

# Experiments are held against deletion, in one order.
_BEGIN = f"""
    WITH given AS MATERIALIZED (SELECT * FROM unnest({_ARRAYS}) AS given ({_NAMES})
    ), open AS (
        SELECT e.project_id, e.number FROM experiments e
        WHERE (e.project_id, e.number) IN (SELECT project_id, experiment_number FROM given)
            AND e.deleted_at IS NULL AND e.purge_at IS NULL
        ORDER BY e.project_id, e.number
        FOR SHARE SKIP LOCKED
    ), begun AS (
        INSERT INTO candidates ({_NAMES})
        SELECT {", ".join(f"given.{name}" for name in COLUMNS)} FROM given
        JOIN open ON open.project_id = given.project_id AND open.number = given.experiment_number
        RETURNING *
    ), params AS (
        INSERT INTO candidate_params (project_id, candidate_id, key, value, experiment_number, newest_first)
        SELECT begun.project_id, begun.id, pair.key, pair.value, begun.experiment_number, {_NEWEST_FIRST}
        FROM unnest(${_PAIRS}::uuid[], ${_PAIRS + 1}::text[], ${_PAIRS + 2}::text[]) AS pair (id, key, value)
        JOIN begun ON begun.id = pair.id
    ), tags AS (
        INSERT INTO candidate_tags (project_id, candidate_id, key, value, experiment_number, newest_first)
        SELECT begun.project_id, begun.id, pair.key, pair.value, begun.experiment_number, {_NEWEST_FIRST}
        FROM unnest(${_PAIRS + 3}::uuid[], ${_PAIRS + 4}::text[], ${_PAIRS + 5}::text[]) AS pair (id, key, value)
        JOIN begun ON begun.id = pair.id
    )
    SELECT {_MAPPED} FROM begun
"""  # noqa: S608 - of constants


async def insert(db: Database, beginning: NewCandidate) -> Candidate | None:
    """Store a candidate; calls at the same time share a commit.

    None: its experiment is not there, in the trash, or held by somebody who changes it.

    Raises:
        Unavailable: the database is away or busy; nothing was written.
    """
    return await _begin(db, beginning)


async def _write(db: Database, beginnings: Sequence[NewCandidate]) -> Sequence[Candidate | Exception | None]:
    rows = [[one.row[name] for one in beginnings] for name in COLUMNS]
    pairs = [*_pairs([(one.id, one.params) for one in beginnings]), *_pairs([(one.id, one.tags) for one in beginnings])]
    async with db.committing() as connection:
        begun = {row["id"]: Candidate(**row) for row in await connection.fetch(_BEGIN, *rows, *pairs)}
    return [begun.get(one.id) for one in beginnings]


def _pairs(of: Sequence[tuple[UUID, dict[str, str]]]) -> tuple[list[UUID], list[str], list[str]]:
    flat = [(id, key, value) for id, pairs in of for key, value in pairs.items()]
    ids, keys, values = zip(*flat, strict=True) if flat else ((), (), ())
    return list(ids), list(keys), list(values)


_begin: GroupCommit[NewCandidate, Candidate | None] = GroupCommit(_write)
