"""The findings of `modelyard doctor`: one line for each thing that it has checked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """Works, and is a risk or will not work for long."""
    FAILED = "failed"
    """Something does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``text`` is one line; of what is not in order it says what would be."""

    name: str
    level: Level
    text: str


def warning_if(condition: object, name: str, text: str, otherwise: str) -> Finding:
    """A warning when the condition holds, else what is in order."""
    return Finding(name, Level.WARNING, text) if condition else Finding(name, Level.OK, otherwise)
