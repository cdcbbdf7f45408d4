"""Looking models and versions up."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.context import Info
from app.graphql.errors import or_none
from app.graphql.fields import resolved
from app.graphql.registry.lookups import ModelLookup, ModelVersionLookup
from app.graphql.registry.types import Model, ModelVersion
from app.registry import models, versions


@strawberry.type
class RegistryQuery:
    @resolved("A model; null when it does not exist or may not be seen.")
    async def model(
        self, info: Info, by: Annotated[ModelLookup, strawberry.argument(description="Which one.")]
    ) -> Model | None:
        found = await or_none(find_model(info, by))
        return Model.of(found) if found else None

    @resolved("A model version; null when it does not exist or may not be seen.")
    async def model_version(
        self, info: Info, by: Annotated[ModelVersionLookup, strawberry.argument(description="Which one.")]
    ) -> ModelVersion | None:
        found = await or_none(find_version(info, by))
        return ModelVersion.of(found) if found else None


async def find_model(info: Info, by: ModelLookup) -> models.Model:
    """The model that is meant.

    Raises:
        NotFound: it does not exist or may not be seen.
    """
    project, model = by.key()
    return await models.get(info.context.db, info.context.actor, project, model)


async def find_version(info: Info, by: ModelVersionLookup) -> versions.ModelVersion:
    """The version that is meant.

    Raises:
        NotFound: it does not exist or may not be seen.
        InvalidReference: the reference has no known form.
    """
    project, target = by.key()
    if isinstance(target, int):
        return await versions.get(info.context.db, info.context.actor, project, target)
    return await versions.resolve(info.context.db, info.context.actor, project, target.model, target.reference)
