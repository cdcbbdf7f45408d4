"""What gates say of a version that is to enter a stage, as it is told to users and kept with promotions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.lifecycle.gates.rules.rule import Judgement, Outcome

__all__ = ["GateVerdict", "Judgement", "Outcome"]


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """What one gate says. ``compared`` and ``sources`` hold JSON values only: they are stored as they are.

    ``gate_id`` is None for rules that hold at every promotion, whatever gates are set.
    """

    gate_id: UUID | None
    gate_set_version: int
    kind: str
    name: str
    title: str
    outcome: Outcome
    message: str
    compared: Mapping[str, Any] = field(default_factory=dict)
    sources: Sequence[Mapping[str, Any]] = ()
    is_required: bool = True
    is_stale: bool = False
    """The version or the gates changed since a gate was answered outside: prepare again."""

    @property
    def refuses(self) -> bool:
        """Whether the version may not enter because of it."""
        return self.is_required and self.outcome is not Outcome.PASSED


def refusing(verdicts: Sequence[GateVerdict]) -> list[GateVerdict]:
    """Those because of which the version may not enter."""
    return [verdict for verdict in verdicts if verdict.refuses]


def needs_new_answers(verdicts: Sequence[GateVerdict]) -> bool:
    """Whether a gate's answer is about a former state of things, so that it has to be asked again."""
    return any(verdict.is_stale for verdict in verdicts)
