"""What waits, and for how long: the gauges of an installation on which its operators set alarms.

They are facts of the database, so any process answers them, whichever does the work. One statement, put together of the
features' parts, reads them mostly from indexes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from app.access import projects, sessions
from app.artifacts.upkeep import gauges as artifact_gauges
from app.db.database import Database
from app.db.statements import Statement
from app.errors import ModelyardError
from app.queue import gauges as queue_gauges

TIMEOUT_SECONDS = 2.0
KEPT_SECONDS = 5.0
"""The values are read at most this often, since any client that reaches the metrics may ask for them."""

_HELP = queue_gauges.HELP | artifact_gauges.HELP | projects.GAUGE_HELP | sessions.GAUGE_HELP


@dataclass(frozen=True, slots=True)
class GaugeValue:
    """One number; ``kind`` and ``state`` are those of jobs."""

    name: str
    kind: str | None
    state: str | None
    value: float


_READ = Statement(
    "upkeep.read_gauges",
    "All gauges of this moment.",
    f"{queue_gauges.GAUGES} UNION ALL {artifact_gauges.GAUGES} UNION ALL {projects.GAUGES} UNION ALL {sessions.GAUGES}",
    row=GaugeValue,
)


async def read(db: Database) -> list[GaugeValue]:
    """The values of this moment.

    Raises:
        Unavailable: the database is away.
    """
    async with db.read() as snap:
        return await _READ.fetch(snap)


class GaugeCollector:
    """The values as Prometheus collects them, read anew every few seconds at most."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = asyncio.Lock()
        self._values: list[GaugeValue] | None = None
        self._until = 0.0

    async def refresh(self) -> None:
        """Read the values unless they are fresh. Never fails: without a database there are none for a moment."""
        async with self._lock:
            if time.monotonic() < self._until:
                return
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    self._values = await read(self._db)
            except (ModelyardError, TimeoutError):
                self._values = None
            self._until = time.monotonic() + KEPT_SECONDS

    def collect(self) -> Iterator[Metric]:
        """The values that were read last (prometheus_client: custom collectors)."""
        is_up = GaugeMetricFamily("modelyard_figures_up", "Whether the numbers below could be read.")
        is_up.add_metric([], 0.0 if self._values is None else 1.0)
        yield is_up
        for name, help_text in _HELP.items() if self._values is not None else ():
            yield self._family(name, help_text)

    def _family(self, name: str, help_text: str) -> Metric:
        labels = ["kind", "state"] if name == "jobs" else ["kind"] if name.startswith("jobs_") else []
        family = GaugeMetricFamily(f"modelyard_{name}", help_text, labels=labels)
        for value in self._values or ():
            if value.name == name:
                family.add_metric([getattr(value, label) or "" for label in labels], value.value)
        return family
