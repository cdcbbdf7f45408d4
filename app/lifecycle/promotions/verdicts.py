"""What a rule says of a promotion, as it is shown, decided by, and kept for ever."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.lifecycle.gates.verdicts import GateVerdict, Outcome

__all__ = ["Outcome", "RuleVerdict"]

_CONCEALED = "Why is for those who may see the candidates of the project."


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """The verdict of one rule: a gate of the stage, or a rule that holds for every promotion.

    ``compared`` has the figures, ``sources`` where they came from; both are JSON. ``is_fixed``: no bypass ends it.
    """

    kind: str
    name: str
    title: str
    outcome: Outcome
    message: str
    compared: Mapping[str, Any] = field(default_factory=dict)
    sources: Sequence[Mapping[str, Any]] = ()
    is_required: bool = True
    is_fixed: bool = False
    gate_id: str | None = None
    gate_set_version: int | None = None

    @classmethod
    def of_gate(cls, verdict: GateVerdict) -> RuleVerdict:
        """The verdict of a gate."""
        return cls(
            kind=verdict.kind,
            name=verdict.name,
            title=verdict.title,
            outcome=verdict.outcome,
            message=verdict.message,
            compared=verdict.compared,
            sources=verdict.sources,
            is_required=verdict.is_required,
            gate_id=str(verdict.gate_id) if verdict.gate_id is not None else None,
            gate_set_version=verdict.gate_set_version,
        )

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> RuleVerdict:
        """The verdict as it was kept; what later releases added is left out by earlier ones."""
        names = {one.name for one in dataclasses.fields(cls)}
        values = {name: value for name, value in stored.items() if name in names}
        return cls(**values | {"outcome": Outcome(stored["outcome"])})

    def as_json(self) -> dict[str, Any]:
        """The verdict as it is kept."""
        values = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        return values | {
            "outcome": self.outcome.value,
            "compared": dict(self.compared),
            "sources": [dict(source) for source in self.sources],
        }

    def shown(self, *, sees_candidates: bool, may_manage: bool) -> RuleVerdict:
        """As a caller may see it: the figures of gates for those who may see candidates, from which most come; what a
        webhook answered word for word for those who manage gates.
        """
        if self.gate_id is None:
            return self
        if not sees_candidates:
            return dataclasses.replace(self, message=_CONCEALED, compared={}, sources=())
        if may_manage or "answer" not in self.compared:
            return self
        return dataclasses.replace(self, compared={k: v for k, v in self.compared.items() if k != "answer"})

    @property
    def refuses(self) -> bool:
        """Whether it keeps the version out of the stage."""
        return self.is_required and self.outcome not in {Outcome.PASSED, Outcome.WARNING}


def refusing(verdicts: Iterable[RuleVerdict]) -> list[RuleVerdict]:
    """Those that keep the version out of the stage."""
    return [verdict for verdict in verdicts if verdict.refuses]
