"""What a process remembers of tokens and of what they reach, so as not to ask for it with every request.

Nothing is believed for longer than it is true: every request reads the epoch first, and once that has changed all is
forgotten. A token that was revoked is refused from the moment on at which that was acknowledged.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.access.policy import Actor, ProjectAccess

FRESH_SECONDS = 2.0
"""So long after it has begun a request may rely on what was true then; one that takes longer asks again."""
MOST = 10_000
"""Tokens that are remembered, and projects of each; beyond that all are forgotten."""


@dataclass(slots=True)
class Known:
    """A token as it was when it was read."""

    actor: Actor
    expires_at: datetime | None
    last_used_at: datetime | None
    places: dict[int | str, ProjectAccess] = field(default_factory=dict)

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Pass:
    """What one request knows of the projects that its token reaches."""

    places: dict[int | str, ProjectAccess]
    began: float

    @classmethod
    def of(cls, known: Known) -> Pass:
        return cls(known.places, time.monotonic())

    def recall(self, reference: int | str) -> ProjectAccess | None:
        """The project as it was when the request began, unless that is too long ago."""
        return self.places.get(reference) if time.monotonic() - self.began < FRESH_SECONDS else None

    def remember(self, reference: int | str, access: ProjectAccess) -> None:
        """Keep what was read after the request began."""
        if len(self.places) >= MOST:
            self.places.clear()
        self.places[reference] = access


class Memory:
    """The tokens that were seen since the epoch last changed."""

    def __init__(self) -> None:
        self._epoch = 0
        self._tokens: dict[bytes, Known] = {}

    def recall(self, epoch: int, sha256: bytes) -> Known | None:
        """A token that is valid now, if it is remembered from this epoch."""
        if epoch != self._epoch:
            self._epoch = epoch
            self._tokens = {}
        known = self._tokens.get(sha256)
        return None if known is None or known.is_over(datetime.now(UTC)) else known

    def remember(self, epoch: int, sha256: bytes, known: Known) -> None:
        """Keep a token that was read after the epoch was."""
        if epoch == self._epoch:
            if len(self._tokens) >= MOST:
                self._tokens.clear()
            self._tokens[sha256] = known
