"""The mutation of gates."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.lifecycle.gates.inputs import GatesSetInput
from app.graphql.lifecycle.gates.types import GateSet, gate_set_by_key
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.lifecycle.gates import change
from app.lifecycle.gates.change import SetGates


@strawberry.type(description="Payload of `gatesSet`.")
class GatesSetPayload:
    gate_set: GateSet | None = optional("The new set, which is in force.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class GatesMutation:
    @mutation(
        "Sets all gates of a stage at once; the former set stays readable. Refused when another has set them since "
        "they were read. For maintainers."
    )
    async def gates_set(self, info: Info, input: Annotated[GatesSetInput, INPUT]) -> GatesSetPayload:
        context = info.context
        requests = [gate.request() for gate in input.gates]
        command = SetGates(input.stage, requests, input.expected_number, input.note)
        clients = context.runtime.gate_clients
        key = await change.set_gates(context.db, clients, context.actor, input.project.key(), command)
        made = await gate_set_by_key(info, *key)
        return GatesSetPayload(gate_set=made)
