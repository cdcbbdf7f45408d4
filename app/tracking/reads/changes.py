"""What changed in candidates since a mark: for those who look on while training runs.

Nothing is written for them. A row of PostgreSQL knows the transaction that wrote it, so a reader can ask for those
that its last snapshot did not show; logging pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Uuid, bindparam, text

from app.db.database import Snapshot
from app.journal.positions import Position
from app.tracking.reads.details import LatestPoint

Key = tuple[int, UUID]
"""Project and candidate."""


@dataclass(slots=True)
class Change:
    """A candidate of which something changed, and its latest metrics that did."""

    key: Key
    metrics: list[LatestPoint] = field(default_factory=list)


# A row keeps 32 bits of its transaction's number; the rest is that of the present, or one less.
_WRITER = """CASE WHEN (now.top >> 32 << 32) + {row}.xmin::text::bigint >= now.top
    THEN (now.top >> 32 << 32) + {row}.xmin::text::bigint - 4294967296
    ELSE (now.top >> 32 << 32) + {row}.xmin::text::bigint END"""
_UNSEEN = f"NOT pg_visible_in_snapshot((greatest({_WRITER}, 1))::text::xid8, CAST(CAST(:since AS text) AS pg_snapshot))"
_SINCE = text(f"""
    WITH now AS MATERIALIZED (
        SELECT pg_current_snapshot()::text AS mark, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS top
    )
    SELECT now.mark, found.* FROM now LEFT JOIN LATERAL (
        SELECT c.project_id, c.id, m.key, m.value, m.step, m.timestamp, m.dataset_name, m.dataset_digest,
            m.logged_model_id
        FROM unnest(:projects, :ids) AS wanted (project_id, id)
        JOIN candidates AS c ON c.project_id = wanted.project_id AND c.id = wanted.id
        LEFT JOIN LATERAL (
            SELECT * FROM latest_metrics AS l
            WHERE l.project_id = c.project_id AND l.candidate_id = c.id AND {_UNSEEN.format(row="l")}
        ) AS m ON true
        WHERE m.key IS NOT NULL OR {_UNSEEN.format(row="c")}
        ORDER BY c.project_id, c.id, m.key
    ) AS found ON true
""").bindparams(bindparam("projects", type_=ARRAY(BigInteger)), bindparam("ids", type_=ARRAY(Uuid)))  # noqa: S608 - of constants


async def since(snap: Snapshot, keys: Sequence[Key], seen: Position) -> tuple[Position, list[Change]]:
    """Read step: what of these candidates the mark did not show yet, and the mark up to which this is all."""
    wanted = {"projects": [key[0] for key in keys], "ids": [key[1] for key in keys], "since": seen.text}
    rows = (await snap.execute(_SINCE, wanted)).all()
    changes: dict[Key, Change] = {}
    for row in rows:
        if row.project_id is None:
            continue
        change = changes.setdefault((row.project_id, row.id), Change((row.project_id, row.id)))
        if row.key is not None:
            change.metrics.append(_metric(row))
    return Position(rows[0].mark), list(changes.values())


def _metric(row: Any) -> LatestPoint:
    return LatestPoint(*(getattr(row, name) for name in LatestPoint._fields))
