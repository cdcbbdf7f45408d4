"""Inputs of the mutations of stages, rules for names, and rollbacks."""

from __future__ import annotations

from datetime import datetime

import strawberry

from app.graphql.access.enums import Role
from app.graphql.access.lookups import ProjectLookup
from app.graphql.lifecycle.stages.enums import Kind, Movers
from app.graphql.registry.lookups import ModelLookup
from app.graphql.types.fields import optional
from app.graphql.types.scalars import Long

_REASON = "Why, for the history; at most 2,000 characters."


@strawberry.input(description="Input of `stageCreate`.")
class StageCreateInput:
    project: ProjectLookup = strawberry.field(description="The project that gets the stage.")
    name: str = strawberry.field(description="1 to 63 letters, digits, `_` and `-`; kept in lower case.")
    position: Long | None = optional("Where it stands among the others, from 1 on; before the archive when left out.")
    mlflow_name: str | None = optional(
        "Which of MLflow's stages it is to stand for; the stage that did so then stands for none."
    )
    is_guarded: bool = optional("Whether it is for versions that are READY, one at a time.", default=True)
    is_sealing: bool = optional("Whether a version that enters it is sealed.", default=False)
    description: str = optional("Markdown, at most 10,000 characters.", default="")


@strawberry.input(description="Input of `stageUpdate`; what is left out stays.")
class StageUpdateInput:
    project: ProjectLookup = strawberry.field(description="The project of the stage.")
    name: str = strawberry.field(description="The stage.")
    new_name: str | None = optional("What it is to be called. Rules that name it in full go along; no version moves.")
    position: Long | None = optional("Where it is to stand among the others, from 1 on.")
    mlflow_name: str | None = optional("Which of MLflow's stages it is to stand for; empty: none.")
    is_guarded: bool | None = optional("Whether it is for versions that are READY, one at a time.")
    is_sealing: bool | None = optional("Whether a version that enters it is sealed.")
    description: str | None = optional("Markdown, at most 10,000 characters.")


@strawberry.input(description="Input of `stageRetire`.")
class StageRetireInput:
    project: ProjectLookup = strawberry.field(description="The project of the stage.")
    name: str = strawberry.field(description="The stage; no version may be in it.")


@strawberry.input(description="Input of `protectionSet`.")
class ProtectionSetInput:
    project: ProjectLookup = strawberry.field(description="The project of the names.")
    kind: Kind = strawberry.field(description="What the names are of.")
    pattern: str = strawberry.field(description="The names; `*` stands for any characters, none too.")
    least_role: Role = optional("The least role of who moves them.", default=Role.MAINTAINER)
    movers: Movers = optional("Whether people, machines or both move them.", default=Movers.ANYONE)
    approval_count: int = optional("How many others have to approve before; of stages only.", default=0)


@strawberry.input(description="Input of `protectionDelete`.")
class ProtectionDeleteInput:
    project: ProjectLookup = strawberry.field(description="The project of the rule.")
    kind: Kind = strawberry.field(description="What the names are of.")
    pattern: str = strawberry.field(description="The pattern of the rule.")


@strawberry.input(description="Input of `aliasRollback`.")
class AliasRollbackInput:
    model: ModelLookup = strawberry.field(description="The model.")
    name: str = strawberry.field(description="The alias, which may have been taken away.")
    as_of: datetime | None = optional("The moment to go back to; when left out, to the version before this one.")
    expected_current: Long | None = optional(
        "Move it only if it points to the version of this number now; 0: only if it does not exist."
    )
    reason: str = optional(_REASON, default="")


@strawberry.input(description="Input of `stageRollback`.")
class StageRollbackInput:
    model: ModelLookup = strawberry.field(description="The model.")
    stage: str = strawberry.field(description="The stage.")
    as_of: datetime | None = optional("The moment to go back to; when left out, to the version before this one.")
    expected_current: Long | None = optional(
        "Move it only if the stage stands for the version of this number now; 0: only if it holds none."
    )
    reason: str = optional(_REASON, default="")
    bypass_reason: str | None = optional(
        "Bypasses gates and approvals, with a reason that is kept for ever. For maintainers; what is wrong with the "
        "version itself cannot be bypassed."
    )
