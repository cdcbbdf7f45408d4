"""Mutations of deployments."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.lifecycle.deployments.inputs import (
    DeploymentEndInput,
    DeploymentHeartbeatInput,
    DeploymentRegisterInput,
)
from app.graphql.lifecycle.deployments.types import Deployment
from app.graphql.types import ids
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.lifecycle.deployments import deployments, heartbeats
from app.lifecycle.deployments.names import Key
from app.lifecycle.deployments.register import Register, register


@strawberry.type(description="Payload of `deploymentRegister`.")
class DeploymentRegisterPayload:
    deployment: Deployment | None = optional("The deployment: a new one, or the one that runs already.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `deploymentHeartbeat`.")
class DeploymentHeartbeatPayload:
    deployment: Deployment | None = optional("The deployment as it is now; one that has ended stays so.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `deploymentEnd`.")
class DeploymentEndPayload:
    deployment: Deployment | None = optional("The deployment, which has ended.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class DeploymentsMutation:
    @mutation(
        "Notes that a version runs under an environment, endpoint and instance. The same again is a heartbeat; another "
        "version ends the former deployment and begins a new one."
    )
    async def deployment_register(
        self, info: Info, input: Annotated[DeploymentRegisterInput, INPUT]
    ) -> DeploymentRegisterPayload:
        project, target = input.model_version.key()
        key = Key(input.environment, input.endpoint, input.instance)
        command = Register(key, target, input.follows, input.started_at, input.digest)
        row = await register(info.context.db, info.context.actor, project, command)
        return DeploymentRegisterPayload(deployment=Deployment.of(row))

    @mutation(
        "Notes that a deployment still runs. Cheap: those of one moment are written together, and none is an event."
    )
    async def deployment_heartbeat(
        self, info: Info, input: Annotated[DeploymentHeartbeatInput, INPUT]
    ) -> DeploymentHeartbeatPayload:
        row = await heartbeats.beat(info.context.db, info.context.actor, *_key(input.id))
        return DeploymentHeartbeatPayload(deployment=Deployment.of(row))

    @mutation("Notes that a deployment runs no more; its entry stays. Ending it again changes nothing.")
    async def deployment_end(self, info: Info, input: Annotated[DeploymentEndInput, INPUT]) -> DeploymentEndPayload:
        row = await deployments.end(info.context.db, info.context.actor, *_key(input.id), input.reason)
        return DeploymentEndPayload(deployment=Deployment.of(row))


def _key(id: str) -> tuple[int, int]:
    key = ids.pair(id, "Deployment")
    if key is None:
        raise ids.missing("deployment", id, "id")
    return key
