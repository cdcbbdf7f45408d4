"""Inputs of the mutations of deployments."""

from __future__ import annotations

from datetime import datetime

import strawberry

from app.graphql.registry.lookups import ModelVersionLookup
from app.graphql.types.fields import optional


@strawberry.input(description="Input of `deploymentRegister`.")
class DeploymentRegisterInput:
    model_version: ModelVersionLookup = strawberry.field(
        description="The version that runs, by the reference that was resolved or, better, exactly."
    )
    environment: str = strawberry.field(description="Such as `production`, at most 100 characters.")
    endpoint: str = strawberry.field(
        description="What is served, such as a name or an address; at most 500 characters."
    )
    instance: str = optional("Which of several processes or machines, at most 500 characters.", default="")
    follows: str | None = optional(
        "The reference that the process resolves at its start, such as `stage:production`: where it means "
        "another version, the deployment drifts. When left out, that of `modelVersion`, unless it is exact."
    )
    started_at: datetime | None = optional(
        "Since when it runs; now when left out. Taken as between the creation of the version and now."
    )
    digest: str | None = optional("The SHA-256 of the manifest of what was loaded, in hexadecimal digits.")


@strawberry.input(description="Input of `deploymentHeartbeat`.")
class DeploymentHeartbeatInput:
    id: strawberry.ID = strawberry.field(description="The id of the deployment.")


@strawberry.input(description="Input of `deploymentEnd`.")
class DeploymentEndInput:
    id: strawberry.ID = strawberry.field(description="The id of the deployment.")
    reason: str = optional("Why, for people to read; at most 1,000 characters.", default="")
