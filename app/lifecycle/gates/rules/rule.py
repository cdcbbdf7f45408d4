"""What all kinds of gates have: validated data, a title, and a judgement."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from app.lifecycle.gates.rules.subject import Subject


class Outcome(StrEnum):
    """What a gate says of a version."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    """It did not pass a gate that only warns."""
    PENDING = "pending"
    """It can pass as it is: approvals are missing, a time has to pass, or files are not inspected yet."""
    ERROR = "error"
    """It could not be judged, which refuses as failing does."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """An outcome with the sentence that a user reads, the figures that were compared, and where they come from."""

    outcome: Outcome
    message: str
    compared: Mapping[str, Any] = field(default_factory=dict)
    sources: Sequence[Mapping[str, Any]] = ()


class Data(BaseModel):
    """A part of the data of a gate. Its names are camel case in JSON; what is unknown or of another type is refused."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )


class Rule(Data, ABC):
    """The whole data of a gate, with its title and judgement."""

    kind: ClassVar[str]
    asks_outside: ClassVar[bool] = False
    """Whether the answer has to be fetched before the transaction in which the gate judges."""

    @abstractmethod
    def title(self) -> str:
        """What it demands, in a few words."""

    @abstractmethod
    def judge(self, subject: Subject) -> Judgement:
        """What it says of the subject."""


def passed(message: str, compared: Mapping[str, Any] | None = None, *sources: Mapping[str, Any]) -> Judgement:
    """A judgement that lets pass."""
    return Judgement(Outcome.PASSED, message, compared or {}, sources)


def failed(message: str, compared: Mapping[str, Any] | None = None, *sources: Mapping[str, Any]) -> Judgement:
    """A judgement that refuses."""
    return Judgement(Outcome.FAILED, message, compared or {}, sources)


def shown(value: float) -> str:
    """A number as it is read: as short as it can be without another value."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    short = f"{value:.6g}"
    return short if float(short) == value else repr(value)


def in_json(value: float) -> float | str:
    """A number for JSON, which has none that are not finite."""
    return value if math.isfinite(value) else shown(value)


def listed(names: Sequence[str], most: int = 10) -> str:
    """Names in backticks, and how many more there are."""
    told = ", ".join(f"`{name[:80]}`" for name in names[:most])
    return told if len(names) <= most else f"{told} and {len(names) - most} more"
