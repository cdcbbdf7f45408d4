"""Inserts candidates with their first params and tags: one statement for all that begin at the same time.

Training loops start candidates by the hundred. A commit waits for the disk, and that costs the same for one row as for
fifty; so do the round trip and the lock on the experiment.

Example: sixteen clients create a run each in one experiment. The first two are inserted at once, each alone. While
their commits wait for the disk, the other fourteen arrive; they go together in the next statement, with one lock on the
experiment and one commit. Each gets its own row, or None where its experiment is not open, so that one bad request
fails no other. That, and constant SQL instead of objects, took create-run from 302 to 2,226 calls a second (sixteen
clients, two cores; docs/decisions/0017).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.db import change_context
from app.db.change_context import ChangeContext
from app.db.database import Database, Tx
from app.db.group_commit import GroupCommit
from app.db.statements import Runner, Statement
from app.tracking.tables import UNDATED, Candidate


@dataclass(frozen=True, slots=True)
class NewCandidate:
    """The row of a candidate that begins, with the params and tags it begins with."""

    project_id: int
    id: UUID
    experiment_number: int
    name: str
    status: int
    start_time: int | None
    user_name: str
    parent_id: UUID | None
    created_by: int | None
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    context: ChangeContext | None = field(default_factory=change_context.current, repr=False)
    """Taken where the request is made: its statement runs in a task of its own."""


_TYPES = {
    "project_id": "bigint", "id": "uuid", "experiment_number": "bigint", "name": "text", "status": "smallint",
    "start_time": "bigint", "user_name": "text", "parent_id": "uuid", "created_by": "bigint",
}  # fmt: skip
"""Columns that are given, each as an array under its name; the others have defaults."""
_COLUMNS = ", ".join(_TYPES)
_ARRAYS = ", ".join(f":{name}::{kind}[]" for name, kind in _TYPES.items())
_MAPPED = ", ".join(Candidate.__mapper__.columns.keys())
"""By name, since the table of a later release may have more."""
_NEWEST_FIRST = f"coalesce(~inserted.start_time, {UNDATED})"

INSERT_CANDIDATES = Statement(
    "tracking.insert_candidates",
    "Inserts candidates of open experiments with their params and tags; the others are left out.",
    # Experiments are locked against deletion, in one order, so that two such statements cannot wait for each other.
    f"""
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest({_ARRAYS}) AS given ({_COLUMNS})
    ), open AS (
        SELECT e.project_id, e.number FROM experiments e
        WHERE (e.project_id, e.number) IN (SELECT project_id, experiment_number FROM given)
            AND e.deleted_at IS NULL AND e.purge_at IS NULL
        ORDER BY e.project_id, e.number
        FOR SHARE SKIP LOCKED
    ), inserted AS (
        INSERT INTO candidates ({_COLUMNS})
        SELECT {", ".join(f"given.{name}" for name in _TYPES)} FROM given
        JOIN open ON open.project_id = given.project_id AND open.number = given.experiment_number
        WHERE {change_context.TELL}
        RETURNING *
    ), params AS (
        INSERT INTO candidate_params (project_id, candidate_id, key, value, experiment_number, newest_first)
        SELECT inserted.project_id, inserted.id, pair.key, pair.value, inserted.experiment_number, {_NEWEST_FIRST}
        FROM unnest(:param_owners::uuid[], :param_keys::text[], :param_values::text[]) AS pair (id, key, value)
        JOIN inserted ON inserted.id = pair.id
    ), tags AS (
        INSERT INTO candidate_tags (project_id, candidate_id, key, value, experiment_number, newest_first)
        SELECT inserted.project_id, inserted.id, pair.key, pair.value, inserted.experiment_number, {_NEWEST_FIRST}
        FROM unnest(:tag_owners::uuid[], :tag_keys::text[], :tag_values::text[]) AS pair (id, key, value)
        JOIN inserted ON inserted.id = pair.id
    )
    SELECT {_MAPPED} FROM inserted
    """,  # noqa: S608 - of constants
)


async def insert(db: Database, candidate: NewCandidate) -> Candidate | None:
    """Insert a candidate and commit; calls at the same time share a commit.

    None: its experiment does not exist, is in the trash, or another transaction is changing it.

    Raises:
        Unavailable: the database is away or busy; nothing was written.
    """
    return await _insert(db, candidate)


async def insert_step(tx: Tx, candidate: NewCandidate) -> Candidate:
    """Step: insert a candidate whose experiment is open and locked in this transaction."""
    (inserted,) = await _run(tx, [candidate])
    assert inserted is not None, "its experiment is open"
    return inserted


async def _write(db: Database, candidates: Sequence[NewCandidate]) -> Sequence[Candidate | Exception | None]:
    async with db.committing() as connection:
        return await _run(connection, candidates)


async def _run(on: Runner, candidates: Sequence[NewCandidate]) -> list[Candidate | None]:
    columns = {name: [getattr(one, name) for one in candidates] for name in _TYPES}
    param_owners, param_keys, param_values = _pairs([(one.id, one.params) for one in candidates])
    tag_owners, tag_keys, tag_values = _pairs([(one.id, one.tags) for one in candidates])
    rows = await INSERT_CANDIDATES.fetch(
        on,
        **columns,
        param_owners=param_owners,
        param_keys=param_keys,
        param_values=param_values,
        tag_owners=tag_owners,
        tag_keys=tag_keys,
        tag_values=tag_values,
        audit=change_context.told({one.id: one.context for one in candidates}),
    )
    inserted = {row["id"]: Candidate(**row) for row in rows}
    return [inserted.get(one.id) for one in candidates]


def _pairs(pairs_of: Sequence[tuple[UUID, Mapping[str, str]]]) -> tuple[list[UUID], list[str], list[str]]:
    """The pairs of all candidates as columns: the candidate, the key, the value."""
    flat = [(id, key, value) for id, pairs in pairs_of for key, value in pairs.items()]
    ids, keys, values = zip(*flat, strict=True) if flat else ((), (), ())
    return list(ids), list(keys), list(values)


_insert: GroupCommit[NewCandidate, Candidate | None] = GroupCommit(_write)
