"""The pulse of a worker: when its pump last turned."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

STILL_SECONDS = 30.0
"""A pump that has not turned for so long is stuck, or has no database."""


@dataclass(slots=True)
class Liveness:
    """When the pump last turned."""

    at: float = field(default_factory=time.monotonic)

    def beat(self) -> None:
        self.at = time.monotonic()

    @property
    def is_alive(self) -> bool:
        return time.monotonic() - self.at < STILL_SECONDS
