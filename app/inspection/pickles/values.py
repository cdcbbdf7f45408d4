"""What the stack of a pickle holds, as far as it matters: names, texts, small tuples, and what calls made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Global:
    """Something that was looked up in a module."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes in the file, by position."""

    position: int
    length: int


@dataclass(slots=True, eq=False)
class Made:
    """What a call gave; arguments are kept where they matter."""

    by: Value
    arguments: Value = None
    state: Value = None

    def __str__(self) -> str:
        return f"what {self.by} made" if isinstance(self.by, Global) else "what an earlier call made"


@dataclass(slots=True, eq=False)
class State:
    """A dictionary of which the entries are kept: the state of an array that follows in the file."""

    entries: dict[str, Value] = field(default_factory=dict)


Value: TypeAlias = "Global | Made | Bytes | State | str | int | tuple[Value, ...] | None"
"""None stands for everything that does not matter."""


def origin(value: Value) -> str | None:
    """Full name of the function that made it, None if it is nothing that was made so."""
    return str(value.by) if isinstance(value, Made) and isinstance(value.by, Global) else None
