"""What changed in candidates after a position: for subscribers that watch a training run.

Nothing is written for them. A row of PostgreSQL knows the transaction that wrote it, so a reader can ask for those
that its last snapshot did not show; logging pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from app.db.database import Snapshot
from app.db.statements import Statement, columns
from app.journal.positions import Position
from app.tracking.reads.details import LatestPoint

Key = tuple[int, UUID]
"""Project and candidate."""


@dataclass(slots=True)
class Change:
    """A candidate of which something changed, and its latest metrics that did."""

    key: Key
    metrics: list[LatestPoint] = field(default_factory=list)


class _Row(NamedTuple):
    """A position, and a candidate that changed before it with a latest metric that did; None where none has."""

    position: str
    project_id: int | None
    id: UUID | None
    key: str | None
    value: float
    step: int
    timestamp: int
    logged_model_id: UUID | None
    dataset_name: str | None
    dataset_digest: str | None


# A row keeps 32 bits of its transaction's number; the rest is that of the present, or one less.
_WRITER = """CASE WHEN (now.top >> 32 << 32) + {row}.xmin::text::bigint >= now.top
    THEN (now.top >> 32 << 32) + {row}.xmin::text::bigint - 4294967296
    ELSE (now.top >> 32 << 32) + {row}.xmin::text::bigint END"""
_UNSEEN = f"NOT pg_visible_in_snapshot((greatest({_WRITER}, 1))::text::xid8, CAST(:since::text AS pg_snapshot))"
READ_CHANGES = Statement(
    "tracking.read_changes",
    "Of some candidates those that changed after a position, each with the latest metrics that did.",
    f"""
    WITH now AS MATERIALIZED (
        SELECT pg_current_snapshot()::text AS position, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS top
    )
    SELECT now.position, changed.* FROM now LEFT JOIN LATERAL (
        SELECT c.project_id, c.id, {columns(LatestPoint, of="m")}
        FROM unnest(:projects::bigint[], :ids::uuid[]) AS subscribed (project_id, id)
        JOIN candidates AS c ON c.project_id = subscribed.project_id AND c.id = subscribed.id
        LEFT JOIN LATERAL (
            SELECT * FROM latest_metrics AS l
            WHERE l.project_id = c.project_id AND l.candidate_id = c.id AND {_UNSEEN.format(row="l")}
        ) AS m ON true
        WHERE m.key IS NOT NULL OR {_UNSEEN.format(row="c")}
        ORDER BY c.project_id, c.id, m.key
    ) AS changed ON true
    """,  # noqa: S608 - of constants
    row=_Row,
)


async def since(snap: Snapshot, keys: Sequence[Key], seen: Position) -> tuple[Position, list[Change]]:
    """Read step: what of these candidates changed after a position, and the position up to which this is all."""
    projects, ids = [project for project, _ in keys], [id for _, id in keys]
    rows = await READ_CHANGES.fetch(snap, projects=projects, ids=ids, since=seen.text)
    changes: dict[Key, Change] = {}
    for row in rows:
        if row.project_id is None or row.id is None:
            continue
        change = changes.setdefault((row.project_id, row.id), Change((row.project_id, row.id)))
        if row.key is not None:
            change.metrics.append(LatestPoint(**{name: getattr(row, name) for name in LatestPoint._fields}))
    return Position(rows[0].position), list(changes.values())
