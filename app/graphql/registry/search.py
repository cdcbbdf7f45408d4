"""Searching models and versions of a project by MLflow's grammar."""

from __future__ import annotations

import strawberry

from app.graphql.context import Info
from app.graphql.errors import or_empty
from app.graphql.tracking.search import SearchRequest
from app.graphql.types.fields import resolved
from app.registry import models
from app.registry.reads.search import SearchModels, SearchVersions
from app.registry.versions import lookup


@strawberry.type(description="Models that a search found, in its order.")
class ModelSearch:
    found: strawberry.Private[list[models.Model]]
    has_next_page: bool = strawberry.field(description="Whether more match.")
    end_cursor: str | None = strawberry.field(description="Pass it as `after` to go on; null at the end.")

    @resolved("The models.")
    def nodes(self) -> list[registry.Model]:
        return [registry.Model.of(row) for row in self.found]


@strawberry.type(description="Versions of any model that a search found, in its order.")
class ModelVersionSearch:
    found: strawberry.Private[list[lookup.ModelVersion]]
    has_next_page: bool = strawberry.field(description="Whether more match.")
    end_cursor: str | None = strawberry.field(description="Pass it as `after` to go on; null at the end.")

    @resolved("The versions.")
    def nodes(self) -> list[registry.ModelVersion]:
        return [registry.ModelVersion.of(row) for row in self.found]


async def find_models(info: Info, project_id: int, wish: SearchRequest, order_by: list[str]) -> ModelSearch:
    """One page of the search, by the request's loader."""
    command = SearchModels(wish.filter, tuple(order_by), wish.limit(), wish.after)
    found, token = await or_empty(info.context.loaders.registry.searches.load(((project_id,), command)), ([], None))
    return ModelSearch(found=found, has_next_page=token is not None, end_cursor=token)


async def find_versions(info: Info, project_id: int, wish: SearchRequest, order_by: list[str]) -> ModelVersionSearch:
    """One page of the search, by the request's loader."""
    command = SearchVersions(wish.filter, tuple(order_by), wish.limit(), wish.after)
    loader = info.context.loaders.registry.version_searches
    found, token = await or_empty(loader.load(((project_id,), command)), ([], None))
    return ModelVersionSearch(found=found, has_next_page=token is not None, end_cursor=token)


from app.graphql.registry import types as registry  # noqa: E402 - types of these modules refer to each other
