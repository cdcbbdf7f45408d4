"""What a stored file says of itself, and whether it is dangerous to load."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class RangeReader(Protocol):
    """A file that can be read in ranges; ``size`` in bytes."""

    @property
    def size(self) -> int: ...

    async def read(self, start: int, end: int) -> bytes: ...


class Outcome(StrEnum):
    READY = "ready"
    FAILED = "failed"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Scan:
    """What scanners say of a file that can run code."""

    verdict: str
    imports: list[str]
    findings: list[str]
    scanners: list[str]


@dataclass(frozen=True, slots=True)
class Report:
    """What a look at a file has told."""

    outcome: Outcome
    reason: str | None
    format: str | None
    facts: dict[str, Any]
    scan: Scan | None


async def inspect(path: str, reader: RangeReader) -> Report:  # noqa: ARG001 - no format is known yet
    """Look at a file; no format is known yet."""
    await reader.read(0, 16)
    return Report(Outcome.READY, None, None, {}, None)
