"""Inputs of the mutation and the query of gates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import strawberry
from strawberry.scalars import JSON

from app.graphql.access.lookups import ProjectLookup
from app.graphql.registry.lookups import ModelLookup
from app.graphql.types.fields import optional
from app.lifecycle.gates.sets import GateRequest


@strawberry.input(description="A gate that is to be set.")
class GateInput:
    kind: str = strawberry.field(description="Its kind; `gateKinds` has all of them.")
    config: JSON = strawberry.field(description="The data of that kind, an object.")
    name: str | None = optional("What it is called, unique in the set; its kind and a number when left out.")
    is_required: bool = optional("Whether versions that do not pass are refused, or only warned.", default=True)
    secret: str | None = optional(
        "Signs the questions of a webhook, at most 1,000 characters. Left out: that of the gate of the same name "
        "stays; empty: there is none."
    )

    def request(self) -> GateRequest:
        return GateRequest(self.kind, cast("Mapping[str, Any]", self.config), self.name, self.is_required, self.secret)


@strawberry.input(description="Input of `gatesSet`.")
class GatesSetInput:
    project: ProjectLookup = strawberry.field(description="The project.")
    stage: str = strawberry.field(description="The name of the stage.")
    gates: list[GateInput] = strawberry.field(
        description="All gates of the stage, at most 50; an empty list ends them."
    )
    expected_number: int = strawberry.field(
        description="The number of the set that this one replaces, as you have read it; 0: the stage never had gates."
    )
    note: str = optional("Why, for people; at most 1,000 characters.", default="")


@strawberry.input(description="Input of `gatesDryRun`.")
class GatesDryRunInput:
    model: ModelLookup = strawberry.field(description="The model whose versions are tried.")
    stage: str = strawberry.field(description="The name of the stage.")
    count: int = optional("How many of its last versions, 1 to 50.", default=10)
    gates: list[GateInput] | None = optional(
        "Gates to try instead of those in force; for callers who may set them. No webhook is called."
    )
