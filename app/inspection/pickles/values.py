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
    held: tuple[Global, ...] = ()
    """Harmful names that it keeps and does not call."""
    inner: tuple[Global, ...] = ()
    """Those of the code that it is or belongs to: they come out by looking up its attributes."""

    def __str__(self) -> str:
        return f"what {self.by} made" if isinstance(self.by, Global) else "what an earlier call made"


@dataclass(slots=True, eq=False)
class Box:
    """A dictionary of the file; of what it holds, only harmful names matter."""

    held: tuple[Global, ...] = ()
    names_of_code: bool = False
    """Whether it holds the global names of a function that the file brings."""
    metaclass: Value = None
    """What stands under this name, of whatever is made a class."""


@dataclass(slots=True, eq=False)
class State:
    """A dictionary of which the entries are kept: the state of an array that follows in the file."""

    entries: dict[str, Value] = field(default_factory=dict)


Value: TypeAlias = "Global | Made | Bytes | Box | State | str | int | tuple[Value, ...] | None"
"""None stands for everything that does not matter."""

MOST_HELD = 1_000
"""Harmful names that are followed through one value; no honest file has as many."""


def origin(value: Value) -> str | None:
    """Full name of the function that made it, None if it is nothing that was made so."""
    return str(value.by) if isinstance(value, Made) and isinstance(value.by, Global) else None


def parts(value: Value) -> tuple[Value, ...]:
    """The items of a tuple that is followed; none of anything else."""
    return value if isinstance(value, tuple) else ()
