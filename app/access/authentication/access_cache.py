"""What a process remembers of tokens and of what they reach, so as not to ask for it with every request.

Nothing is believed for longer than it is true: every request reads the epoch first, and once that has changed all is
forgotten. A token that was revoked is refused from the moment on at which that was acknowledged.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from app.access.policy import Actor, ProjectAccess

Key = TypeVar("Key")
Value = TypeVar("Value")
FRESH_SECONDS = 2.0
"""So long after it has begun a request may rely on what was true then; one that takes longer asks again."""
MAX_TOKENS = 2_000
MAX_PROJECTS = 20
"""What is remembered at most, and projects of each token; beyond that the oldest are forgotten."""


@dataclass(slots=True)
class CachedToken:
    """A token as it was when it was read."""

    actor: Actor
    expires_at: datetime | None
    last_used_at: datetime | None
    places: dict[int | str, ProjectAccess] = field(default_factory=dict)

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@dataclass(slots=True)
class RequestCache:
    """What one request knows of the projects that its token reaches."""

    places: dict[int | str, ProjectAccess]
    began: float
    is_void: bool = False
    origin: RequestCache | None = None
    first: tuple[int, str] | None = None
    """Number and path of the first project that the request was seen to reach: for its log line, and its turns."""

    @classmethod
    def of(cls, known: CachedToken) -> RequestCache:
        return cls(known.places, time.monotonic())

    def branch(self) -> RequestCache:
        """The same for one of several operations that come by one connection: what one voids is void for all."""
        return RequestCache(self.places, self.began, origin=self)

    def recall(self, reference: int | str) -> ProjectAccess | None:
        """The project as it was when the request began, unless that is too long ago."""
        if self._may_not_rely() or time.monotonic() - self.began >= FRESH_SECONDS:
            return None
        access = self.places.get(_spelled(reference))
        if access is not None:
            self.note(access)
        return access

    def remember(self, reference: int | str, access: ProjectAccess) -> None:
        """Keep what was read after the request began."""
        if not self._may_not_rely():
            _keep(self.places, _spelled(reference), access, MAX_PROJECTS)

    def note(self, access: ProjectAccess) -> None:
        """The request has reached a project."""
        if self.first is None:
            self.first = access.id, access.project.full_path

    def forget(self) -> None:
        """Rely on nothing any more: the request itself has just changed who may do what."""
        self.is_void = True
        if self.origin is not None:
            self.origin.forget()

    def _may_not_rely(self) -> bool:
        return self.is_void or (self.origin is not None and self.origin.is_void)


class TokenCache:
    """The tokens that were seen since the epoch last changed, by the hashes of their secrets and by their ids."""

    def __init__(self) -> None:
        self._epoch = 0
        self._tokens: dict[bytes | int, CachedToken] = {}

    def recall(self, epoch: int, key: bytes | int) -> CachedToken | None:
        """A token that is valid now, if it is remembered from this epoch."""
        if epoch != self._epoch:
            self._epoch = epoch
            self._tokens = {}
        known = self._tokens.get(key)
        return None if known is None or known.is_over(datetime.now(UTC)) else known

    def remember(self, epoch: int, key: bytes | int, known: CachedToken) -> None:
        """Keep a token that was read after the epoch was."""
        if epoch == self._epoch:
            _keep(self._tokens, key, known, MAX_TOKENS)


def _spelled(reference: int | str) -> int | str:
    """Paths are the same in capitals and in small letters."""
    return reference.lower() if isinstance(reference, str) else reference


def _keep(remembered: dict[Key, Value], key: Key, value: Value, most: int) -> None:
    if key not in remembered and len(remembered) >= most:
        del remembered[next(iter(remembered))]
    remembered[key] = value
