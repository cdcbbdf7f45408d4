"""What a rule says of a version that is to enter a stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import strawberry
from strawberry.scalars import JSON

from app.graphql.types.fields import enumerated
from app.lifecycle.gates.verdicts import Outcome


class Verdict(Protocol):
    """A verdict of a gate, or of a rule that holds for every promotion."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def message(self) -> str: ...
    @property
    def compared(self) -> Mapping[str, Any]: ...
    @property
    def sources(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def is_required(self) -> bool: ...
    @property
    def refuses(self) -> bool: ...


enumerated(
    Outcome,
    "What a rule comes to.",
    name="GateVerdictOutcome",
    PASSED="It is met.",
    FAILED="It is not met.",
    WARNING="It is not met, and only warns.",
    PENDING="It can be met later, without another version: approvals, a freeze, a minimum time.",
    ERROR="It could not be found out; the version stays out.",
)


@strawberry.type(description="The verdict of a rule: of a gate of the stage, or of one that holds for every promotion.")
class GateVerdict:
    kind: str = strawberry.field(description="The kind of gate, or of a rule that holds for every promotion.")
    name: str = strawberry.field(description="The name of the gate in its set, or the kind again.")
    title: str = strawberry.field(description="What the rule demands.")
    outcome: Outcome = strawberry.field(description="What it comes to.")
    explanation: str = strawberry.field(description="Why, with the figures, for people.")
    compared: JSON = strawberry.field(description="The figures that were compared, by name.")
    sources: JSON = strawberry.field(description="Where each figure came from: a list of objects.")
    is_required: bool = strawberry.field(description="Whether it keeps the version out; else it warns.")
    is_failing: bool = strawberry.field(description="Whether it keeps the version out of the stage as things stand.")

    @classmethod
    def of(cls, verdict: Verdict) -> GateVerdict:
        return cls(
            kind=verdict.kind,
            name=verdict.name,
            title=verdict.title,
            outcome=verdict.outcome,
            explanation=verdict.message,
            compared=JSON(dict(verdict.compared)),
            sources=JSON([dict(source) for source in verdict.sources]),
            is_required=verdict.is_required,
            is_failing=verdict.refuses,
        )
