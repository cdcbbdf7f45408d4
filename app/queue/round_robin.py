"""Which job is next, of kinds where a large folder must not delay a small one.

Projects take turns, and within a project the lanes of its jobs, which are the owners of files: after its turn a lane is
the last of its project, and the project the last of all. Each worker remembers the last turns by itself.

For example: uploads of candidate a of project 1 wait in 900 jobs, those of its candidate b in one, and those of project
2 in one. A worker takes 1/a, 2/c, 1/b, 1/a …: b waits for two jobs instead of 900. What a turn costs grows with the
projects that have jobs, not with the jobs: the index is read from one project to the next.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from app.db.database import Database
from app.db.statements import Fragment, Statement
from app.queue.tables import ONE_PER_LANE, ROUND_ROBIN

MAX_REMEMBERED = 100
"""Projects whose last lane is remembered; the others begin with their first lane."""


@dataclass(slots=True)
class RoundRobin:
    """The last turns of one kind."""

    project: int = 0
    lanes: dict[int, str] = field(default_factory=dict)

    def note(self, project_id: int, lane: str) -> None:
        """That lane of that project has a turn now."""
        self.project = project_id
        self.lanes.pop(project_id, None)
        self.lanes[project_id] = lane
        if len(self.lanes) > MAX_REMEMBERED:
            del self.lanes[next(iter(self.lanes))]


class _Next(NamedTuple):
    id: UUID
    project_id: int
    lane: str


async def next_job(db: Database, kind: str, turns: RoundRobin, busy: Collection[UUID]) -> UUID | None:
    """The job whose turn it is, noted as such; None when none is due. Those in ``busy`` are passed over."""
    lanes = turns.lanes
    values = {"busy": list(busy), "projects": list(lanes), "lanes": list(lanes.values())}
    async with db.read() as snap:
        for after in dict.fromkeys((turns.project, 0)):
            job = await _READ_NEXT[kind].fetch_one(snap, **values, after=after)
            if job is not None:
                turns.note(job.project_id, job.lane)
                return job.id
    return None


_OTHER_RUNS = """
AND NOT EXISTS (SELECT FROM background_jobs other
  WHERE other.kind = job.kind AND other.lane = job.lane AND other.lane <> '' AND other.state = 'running')
"""
"""A lane in which one job at a time runs, and one does."""
_LAST_LANE = Fragment("""
(SELECT last.lane FROM unnest(:projects::bigint[], :lanes::text[]) AS last (project_id, lane)
  WHERE last.project_id = walk.project_id)
""")


def _read_next(kind: str) -> Statement[_Next]:
    """The first project after the last one that has anything due, and there the first lane after its last one."""
    waiting = Fragment(f"SELECT project_id FROM background_jobs WHERE kind = '{kind}' AND state = 'queued'")  # noqa: S608
    due = Fragment(f"""
    SELECT job.id, job.lane FROM background_jobs job
    WHERE job.kind = '{kind}' AND job.state = 'queued' AND job.project_id = walk.project_id
      AND job.run_after <= now() AND job.id <> ALL (:busy::uuid[]) {_OTHER_RUNS if kind == ONE_PER_LANE else ""}
    """)  # noqa: S608 - kinds are constants
    order = "ORDER BY job.lane, job.run_after, job.id LIMIT 1"
    return Statement(
        f"queue.read_next_{kind.replace('.', '_')}",
        "The next job of a kind whose projects and lanes take turns.",
        f"""
        WITH RECURSIVE walk (project_id) AS (
          ({waiting} AND project_id > :after ORDER BY project_id LIMIT 1)
          UNION ALL
          SELECT ({waiting} AND project_id > walk.project_id ORDER BY project_id LIMIT 1) FROM walk
          WHERE walk.project_id IS NOT NULL
        )
        SELECT walk.project_id, due.id, due.lane
        FROM walk, LATERAL (({due} AND job.lane > {_LAST_LANE} {order}) UNION ALL ({due} {order}) LIMIT 1) AS due
        LIMIT 1
        """,  # noqa: S608 - kinds are constants
        row=_Next,
    )


# The kind stands in each as it is: with a parameter PostgreSQL would not see that the index of turns fits.
_READ_NEXT = {kind: _read_next(kind) for kind in ROUND_ROBIN}
