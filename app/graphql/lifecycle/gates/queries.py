"""The kinds of gates, and trying gates on versions that are there."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from app.graphql.context import Info
from app.graphql.lifecycle.gates.inputs import GatesDryRunInput
from app.graphql.lifecycle.verdicts import GateVerdict
from app.graphql.registry.types import ModelVersion
from app.graphql.types.fields import INPUT, resolved
from app.lifecycle.gates import dry_run
from app.lifecycle.gates.dry_run import DryRun, TriedVersion
from app.lifecycle.gates.rules import kinds


@strawberry.type(description="A kind of gates.")
class GateKind:
    name: str = strawberry.field(description="The `kind` of its gates.")
    description: str = strawberry.field(description="What such a gate demands.")
    schema: JSON = strawberry.field(description="The JSON schema of its `config`.")


@strawberry.type(description="A version on which gates were tried.")
class GatesDryRunVersion:
    row: strawberry.Private[TriedVersion]
    is_admitted: bool = strawberry.field(
        description="Whether no required gate refuses the version for what it is. What can still be waited for does "
        "not count: approvals, freeze windows, webhooks, time in a stage."
    )

    @resolved("The version.")
    async def model_version(self) -> ModelVersion:
        return ModelVersion.of(self.row.version)

    @resolved("What each gate says, in the order of the set.")
    async def verdicts(self) -> list[GateVerdict]:
        return [GateVerdict.of(verdict) for verdict in self.row.verdicts]


@strawberry.type(description="What gates say of the last versions of a model.")
class GatesDryRun:
    stage: str = strawberry.field(description="The name of the stage.")
    versions: list[GatesDryRunVersion] = strawberry.field(description="The versions, the newest first.")
    admitted_count: int = strawberry.field(description="How many of them pass.")


@strawberry.type
class GatesQuery:
    @resolved("All kinds of gates, with the schema of their data.")
    async def gate_kinds(self) -> list[GateKind]:
        return [
            GateKind(name=kind.name, description=kind.description, schema=JSON(kind.schema))
            for kind in kinds.described()
        ]

    @resolved(
        "Which of the last versions of a model the gates of a stage would let pass, those in force or others. Nothing "
        "is changed. For callers who may read candidates; trying other gates is for those who may set them."
    )
    async def gates_dry_run(self, info: Info, input: Annotated[GatesDryRunInput, INPUT]) -> GatesDryRun | None:
        context, (project, model) = info.context, input.model.key()
        gates = None if input.gates is None else [gate.request() for gate in input.gates]
        command = DryRun(input.stage, model, input.count, gates)
        clients = context.runtime.gate_clients
        stage, tried = await dry_run.run(context.db, clients, context.actor, project, command)
        versions = [GatesDryRunVersion(row=each, is_admitted=each.is_admitted) for each in tried]
        return GatesDryRun(stage=stage.name, versions=versions, admitted_count=sum(each.is_admitted for each in tried))
