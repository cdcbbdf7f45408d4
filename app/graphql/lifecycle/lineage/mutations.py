"""Mutations of derivations."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.lifecycle.lineage.enums import DerivationKind
from app.graphql.lifecycle.lineage.types import Derivation
from app.graphql.registry.lookups import ModelVersionLookup
from app.graphql.types import ids
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.lifecycle.lineage import derivations
from app.lifecycle.lineage.derivations import Base


@strawberry.input(description="Input of `derivationCreate`: one of `parent` and `baseName`.")
class DerivationCreateInput:
    model_version: ModelVersionLookup = strawberry.field(description="The version that was made.")
    kind: DerivationKind = strawberry.field(description="How it was made.")
    parent: ModelVersionLookup | None = optional("The version that it was made from, of any project that you may see.")
    base_name: str | None = optional(
        "The name of what it was made from, if that is kept elsewhere, such as a repository of Hugging Face."
    )


@strawberry.input(description="Input of `derivationDelete`.")
class DerivationDeleteInput:
    id: strawberry.ID = strawberry.field(description="The id of the derivation.")


@strawberry.type(description="Payload of `derivationCreate`.")
class DerivationCreatePayload:
    derivation: Derivation | None = optional("The derivation: a new one, or the one that is there already.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Payload of `derivationDelete`.")
class DerivationDeletePayload:
    deleted_id: strawberry.ID | None = optional("The id of the derivation that is gone.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class DerivationsMutation:
    @mutation("States that a version was made from another one, maybe of another project. Again changes nothing.")
    async def derivation_create(
        self, info: Info, input: Annotated[DerivationCreateInput, INPUT]
    ) -> DerivationCreatePayload:
        project, target = input.model_version.key()
        base = Base(*input.parent.key("parent")) if input.parent else Base(name=input.base_name or "")
        row = await derivations.state(info.context.db, info.context.actor, project, target, base, input.kind.value)
        return DerivationCreatePayload(derivation=Derivation.of(row))

    @mutation("Takes back that a version was made from another one.")
    async def derivation_delete(
        self, info: Info, input: Annotated[DerivationDeleteInput, INPUT]
    ) -> DerivationDeletePayload:
        key = ids.pair(input.id, "Derivation")
        if key is None:
            raise ids.missing("derivation", input.id, "id")
        await derivations.take_back(info.context.db, info.context.actor, *key)
        return DerivationDeletePayload(deleted_id=input.id)
