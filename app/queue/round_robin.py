"""Whose job is next, of kinds where a large folder must not keep a small one waiting.

Projects take turns, and within a project the lanes of its jobs, which are the owners of files: who has had a turn is
last from then on. Each worker remembers for itself who that was.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Text, Uuid, bindparam, text

from app.db.database import Database
from app.queue.tables import ONE_PER_LANE, ROUND_ROBIN

MOST_REMEMBERED = 100
"""Projects whose last lane is remembered; the others begin with their first lane."""


@dataclass(slots=True)
class RoundRobin:
    """Who had the last turns of one kind."""

    project: int = 0
    lanes: dict[int, str] = field(default_factory=dict)

    def note(self, project_id: int, lane: str) -> None:
        """That lane of that project has a turn now."""
        self.project = project_id
        self.lanes.pop(project_id, None)
        self.lanes[project_id] = lane
        if len(self.lanes) > MOST_REMEMBERED:
            del self.lanes[next(iter(self.lanes))]


async def next_job(db: Database, kind: str, turns: RoundRobin, busy: Collection[UUID]) -> UUID | None:
    """The job whose turn it is, noted as such; None when none is due. Those in ``busy`` are passed over.

    Reads the index from one project to the next: what it costs grows with the projects that wait, not with their jobs.
    """
    lanes = turns.lanes
    values = {"busy": list(busy), "projects": list(lanes), "lanes": list(lanes.values())}
    async with db.read() as snap:
        for after in dict.fromkeys((turns.project, 0)):
            row = (await snap.execute(_NEXT[kind], values | {"after": after})).one_or_none()
            if row is not None:
                turns.note(row.project_id, row.lane)
                job_id: UUID = row.id
                return job_id
    return None


_TAKEN = """
AND NOT EXISTS (SELECT FROM background_jobs other
  WHERE other.kind = job.kind AND other.lane = job.lane AND other.lane <> '' AND other.state = 'running')
"""
"""A lane in which one job at a time runs, and one does."""
_HAD = """
(SELECT had.lane FROM unnest(CAST(:projects AS bigint[]), CAST(:lanes AS text[])) AS had (project_id, lane)
  WHERE had.project_id = walk.project_id)
"""


def _next(kind: str) -> str:
    """The first project after the last one that has anything due, and there the first lane after its last one."""
    waiting = f"SELECT project_id FROM background_jobs WHERE kind = '{kind}' AND state = 'queued'"  # noqa: S608
    due = f"""
    SELECT job.id, job.lane FROM background_jobs job
    WHERE job.kind = '{kind}' AND job.state = 'queued' AND job.project_id = walk.project_id
      AND job.run_after <= now() AND job.id <> ALL (:busy) {_TAKEN if kind == ONE_PER_LANE else ""}
    """  # noqa: S608 - kinds are constants
    order = "ORDER BY job.lane, job.run_after, job.id LIMIT 1"
    return f"""
    WITH RECURSIVE walk (project_id) AS (
      ({waiting} AND project_id > :after ORDER BY project_id LIMIT 1)
      UNION ALL
      SELECT ({waiting} AND project_id > walk.project_id ORDER BY project_id LIMIT 1) FROM walk
      WHERE walk.project_id IS NOT NULL
    )
    SELECT walk.project_id, due.id, due.lane
    FROM walk, LATERAL (({due} AND job.lane > {_HAD} {order}) UNION ALL ({due} {order}) LIMIT 1) AS due
    LIMIT 1
    """  # noqa: S608 - kinds are constants


# The kind stands in each as it is: with a parameter PostgreSQL would not see that the index of turns fits.
_NEXT = {
    kind: text(_next(kind)).bindparams(
        bindparam("busy", type_=ARRAY(Uuid)),
        bindparam("projects", type_=ARRAY(BigInteger)),
        bindparam("lanes", type_=ARRAY(Text)),
        bindparam("after", type_=BigInteger),
    )
    for kind in ROUND_ROBIN
}
