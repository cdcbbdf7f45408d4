"""Searching models and versions of a project by MLflow's grammar."""

from __future__ import annotations

import strawberry

from app.graphql.context import Info
from app.graphql.errors import or_empty
from app.graphql.registry.orders import ModelSearchOrder, ModelVersionSearchOrder
from app.graphql.tracking.search import SearchRequest
from app.graphql.types.connections import PageInfo, page_of
from app.graphql.types.fields import resolved
from app.graphql.types.orders import clauses
from app.registry import models
from app.registry.reads.search import SearchModels, SearchVersions
from app.registry.versions import lookup


@strawberry.type(description="Models that match a search, in its order.")
class ModelSearch:
    rows: strawberry.Private[list[models.Model]]
    page_info: PageInfo = strawberry.field(description="Whether more match; `endCursor` is null at the end.")

    @resolved("The models.")
    def nodes(self) -> list[registry.Model]:
        return [registry.Model.of(row) for row in self.rows]


@strawberry.type(description="Versions of any model that match a search, in its order.")
class ModelVersionSearch:
    rows: strawberry.Private[list[lookup.ModelVersion]]
    page_info: PageInfo = strawberry.field(description="Whether more match; `endCursor` is null at the end.")

    @resolved("The versions.")
    def nodes(self) -> list[registry.ModelVersion]:
        return [registry.ModelVersion.of(row) for row in self.rows]


async def find_models(
    info: Info, project_id: int, request: SearchRequest, order_by: list[ModelSearchOrder]
) -> ModelSearch:
    """One page of the search, by the request's loader."""
    command = SearchModels(request.filter, clauses(order_by), request.limit(), request.after)
    rows, token = await or_empty(info.context.loaders.registry.searches.load(((project_id,), command)), ([], None))
    return ModelSearch(rows=rows, page_info=page_of(request.after, token))


async def find_versions(
    info: Info, project_id: int, request: SearchRequest, order_by: list[ModelVersionSearchOrder]
) -> ModelVersionSearch:
    """One page of the search, by the request's loader."""
    command = SearchVersions(request.filter, clauses(order_by), request.limit(), request.after)
    loader = info.context.loaders.registry.version_searches
    rows, token = await or_empty(loader.load(((project_id,), command)), ([], None))
    return ModelVersionSearch(rows=rows, page_info=page_of(request.after, token))


from app.graphql.registry import types as registry  # noqa: E402 - types of these modules refer to each other
