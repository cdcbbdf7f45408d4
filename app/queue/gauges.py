"""Gauges of the queue, as a part of the statement that reads those of the installation (:mod:`app.upkeep.gauges`)."""

from __future__ import annotations

from app.db.statements import Fragment

GAUGES = Fragment("""
SELECT 'jobs' AS name, kind, state, count(*)::float8 AS value FROM background_jobs
  WHERE state IN ('queued', 'running', 'dead') GROUP BY kind, state
UNION ALL SELECT 'jobs_oldest_due_seconds', kind, NULL,
    greatest(coalesce(extract(epoch FROM now() - min(run_after)), 0), 0)::float8
  FROM background_jobs WHERE state = 'queued' GROUP BY kind
UNION ALL SELECT 'jobs_retrying', kind, NULL, count(*) FILTER (WHERE attempt > 0)::float8
  FROM background_jobs WHERE state = 'queued' GROUP BY kind
UNION ALL SELECT 'jobs_lease_overdue_seconds', kind, NULL,
    greatest(coalesce(extract(epoch FROM now() - min(lease_until)), 0), 0)::float8
  FROM background_jobs WHERE state = 'running' GROUP BY kind
""")
"""Rows of name, kind, state and value; mostly from the index of unfinished jobs."""
HELP = {
    "jobs": "Background jobs by kind and state (queued, running, dead).",
    "jobs_oldest_due_seconds": "For how long the oldest job of a kind has been due without being taken.",
    "jobs_retrying": "Queued jobs of a kind that have failed at least once.",
    "jobs_lease_overdue_seconds": "For how long the longest lease of a kind has run out without being taken over.",
}
