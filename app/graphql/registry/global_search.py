"""One search over all that a project holds."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from app.graphql.access.lookups import ProjectLookup
from app.graphql.context import Info
from app.graphql.registry.types import Model, ModelVersion, model_by_key, version_by_key
from app.graphql.tracking.types import Candidate, Experiment, candidate_by_key, experiment_by_key
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import resolved
from app.graphql.types.page_loaders import together
from app.pagination import Page
from app.registry.reads import global_search
from app.registry.reads.global_search import Kind, Match

SearchResult: TypeAlias = Annotated[
    Model | ModelVersion | Experiment | Candidate,
    strawberry.union("SearchResult", description="A result of the search over a project."),
]
InProject = Annotated[ProjectLookup, strawberry.argument(description="The project to search.")]
Text = Annotated[
    str,
    strawberry.argument(
        description="1 to 255 characters that stand in the name, whatever the case; of versions in the SemVer, and "
        "candidates are found by their UUID, too."
    ),
]


@strawberry.type
class FindingQuery:
    @resolved("Models, versions, experiments and candidates of a project by a text in their names, in this order.")
    async def search(
        self,
        info: Info,
        *,
        project: InProject,
        search: Text,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[SearchResult] | None:
        db, actor, key = info.context.db, info.context.actor, project.key()
        page = await global_search.search(db, actor, key, search, window(first, after, last, before))
        nodes = await together(_node(info, match) for match in page.items)
        there = [(node, cursor) for node, cursor in zip(nodes, page.cursors, strict=True) if node]
        shown = Page([node for node, _ in there], [cursor for _, cursor in there], page.has_next, page.has_previous)
        return connection(shown, lambda node: node, lambda: global_search.count(db, actor, key, search))


async def _node(info: Info, row: Match) -> Model | ModelVersion | Experiment | Candidate | None:
    match row.kind:
        case Kind.MODEL:
            return await model_by_key(info, row.project_id, row.number)
        case Kind.MODEL_VERSION:
            return await version_by_key(info, row.project_id, row.number)
        case Kind.EXPERIMENT:
            return await experiment_by_key(info, row.project_id, row.number)
        case Kind.CANDIDATE:
            return await candidate_by_key(info, row.project_id, row.uuid)
