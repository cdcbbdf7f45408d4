"""What waits, and for how long: the numbers of an installation that its operators set alarms on.

They are facts of the database, so any process can tell them, whoever does the work. One statement, mostly from indexes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text

from app.db.database import Database
from app.errors import ModelyardError

PATIENCE_SECONDS = 2.0
KEPT_SECONDS = 5.0
"""Asked more often than this, the last numbers are told again: anybody may ask."""

_HELP = {
    "jobs": "Background jobs by kind and state (queued, running, dead).",
    "jobs_oldest_due_seconds": "For how long the oldest job of a kind has been due without being taken.",
    "jobs_retrying": "Queued jobs of a kind that have failed at least once.",
    "jobs_lease_overdue_seconds": "For how long the longest lease of a kind has run out without being taken over.",
    "condemned_objects": "Objects in the store that wait for their removal.",
    "condemned_bytes": "Their bytes, as far as the sizes are known.",
    "condemned_oldest_seconds": "For how long the oldest of them has been waiting.",
    "backup_hold_seconds": "For how long the oldest backup has kept all bytes in the store; 0: there is none.",
    "pending_uploads": "Blobs whose upload has begun and not ended.",
    "pending_uploads_oldest_seconds": "For how long the oldest of them has been under way.",
    "silent_uploads_oldest_seconds": "For how long the lease of the oldest silent upload has been over.",
    "suspect_objects": "Old objects in the store that no row knows.",
    "damaged_blobs": "Blobs whose bytes are missing or altered in the store.",
    "deleted_projects": "Deleted projects that are not removed yet.",
    "deleted_projects_oldest_seconds": "For how long the oldest of them has been waiting.",
}
_STATEMENT = text("""
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
UNION ALL SELECT name, NULL, NULL, value FROM (
    SELECT count(*)::float8 AS count, coalesce(sum(size), 0)::float8 AS bytes,
      coalesce(extract(epoch FROM now() - min(condemned_at)), 0)::float8 AS oldest FROM condemned_objects) waiting,
  LATERAL (VALUES ('condemned_objects', count), ('condemned_bytes', bytes), ('condemned_oldest_seconds', oldest))
    AS named (name, value)
UNION ALL SELECT name, NULL, NULL, value FROM (
    SELECT count(*)::float8 AS count, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest,
      greatest(coalesce(extract(epoch FROM now() - min(lease_until)), 0), 0)::float8 AS silent
    FROM blobs WHERE state = 'pending') uploads,
  LATERAL (VALUES ('pending_uploads', count), ('pending_uploads_oldest_seconds', oldest),
    ('silent_uploads_oldest_seconds', silent)) AS named (name, value)
UNION ALL SELECT 'backup_hold_seconds', NULL, NULL,
    coalesce(extract(epoch FROM now() - min(begun_at)), 0)::float8 FROM backup_holds
UNION ALL SELECT 'suspect_objects', NULL, NULL, count(*)::float8 FROM suspect_objects
UNION ALL SELECT 'damaged_blobs', NULL, NULL, count(*)::float8 FROM blobs WHERE damaged_at IS NOT NULL
UNION ALL SELECT name, NULL, NULL, value FROM (
    SELECT count(*)::float8 AS count, coalesce(extract(epoch FROM now() - min(deleted_at)), 0)::float8 AS oldest
    FROM projects WHERE deleted_at IS NOT NULL) removed,
  LATERAL (VALUES ('deleted_projects', count), ('deleted_projects_oldest_seconds', oldest)) AS named (name, value)
""")


@dataclass(frozen=True, slots=True)
class GaugeValue:
    """One number; ``kind`` and ``state`` are those of jobs."""

    name: str
    kind: str | None
    state: str | None
    value: float


async def read(db: Database) -> list[GaugeValue]:
    """The numbers of this moment.

    Raises:
        Unavailable: the database is away.
    """
    async with db.read() as snap:
        return [GaugeValue(*row) for row in await snap.execute(_STATEMENT)]


class GaugeCollector:
    """The numbers as Prometheus collects them, read anew every few seconds at most."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = asyncio.Lock()
        self._read: list[GaugeValue] | None = None
        self._until = 0.0

    async def refresh(self) -> None:
        """Read the numbers unless they are fresh. Never fails: without a database there are none for a moment."""
        async with self._lock:
            if time.monotonic() < self._until:
                return
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    self._read = await read(self._db)
            except (ModelyardError, TimeoutError):
                self._read = None
            self._until = time.monotonic() + KEPT_SECONDS

    def collect(self) -> Iterator[Metric]:
        """What was read last (prometheus_client: custom collectors)."""
        known = GaugeMetricFamily("modelyard_figures_up", "Whether the numbers below could be read.")
        known.add_metric([], 0.0 if self._read is None else 1.0)
        yield known
        for name, help_text in _HELP.items() if self._read is not None else ():
            yield self._family(name, help_text)

    def _family(self, name: str, help_text: str) -> Metric:
        found = [figure for figure in self._read or () if figure.name == name]
        labels = ["kind", "state"] if name == "jobs" else ["kind"] if name.startswith("jobs_") else []
        family = GaugeMetricFamily(f"modelyard_{name}", help_text, labels=labels)
        for figure in found:
            family.add_metric([getattr(figure, label) or "" for label in labels], figure.value)
        return family
