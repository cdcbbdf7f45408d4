"""Whether a worker lives: when its pump last ran."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

STALLED_SECONDS = 30.0
"""A pump that has not run for so long is stuck, or has no database."""


@dataclass(slots=True)
class Liveness:
    """When the pump last ran, on the monotonic clock."""

    at: float = field(default_factory=time.monotonic)

    def beat(self) -> None:
        """The pump runs."""
        self.at = time.monotonic()

    @property
    def is_alive(self) -> bool:
        """Whether the pump ran lately."""
        return time.monotonic() - self.at < STALLED_SECONDS
