"""One search over all that a project holds, or all projects that the caller may read."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from app.graphql.access.lookups import ProjectLookup
from app.graphql.context import Info
from app.graphql.registry.types import Model, ModelVersion, model_by_key, version_by_key
from app.graphql.tracking.types import Candidate, Experiment, candidate_by_key, experiment_by_key
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import enumerated, resolved
from app.graphql.types.page_loaders import together
from app.pagination import Page
from app.registry.reads import global_search
from app.registry.reads.global_search import Kind, Match

SearchResult: TypeAlias = Annotated[
    Model | ModelVersion | Experiment | Candidate,
    strawberry.union("SearchResult", description="A result of the search."),
]
enumerated(
    Kind,
    "A type of things that the search finds.",
    name="SearchableType",
    MODEL="A model.",
    MODEL_VERSION="A model version.",
    EXPERIMENT="An experiment.",
    CANDIDATE="A candidate.",
)
InProject = Annotated[
    ProjectLookup | None,
    strawberry.argument(description="The project to search; all that you may read when left out."),
]
OfTypes = Annotated[
    list[Kind] | None, strawberry.argument(description="Only results of these types; of all when left out.")
]
Text = Annotated[
    str,
    strawberry.argument(
        description="1 to 255 characters that stand in the name, whatever the case. Versions are found by SemVer, by "
        "alias, and as `model@version`, `model@alias` or `model@number`; candidates by their UUID, and "
        "experiments as `#number`, too. Without a project, experiments of `#number` are those of that number alone, "
        "versions are found by how the SemVer begins, and candidates by three characters or more."
    ),
]


@strawberry.type
class FindingQuery:
    @resolved("Models, versions, experiments and candidates by a text in their names, in this order.")
    async def search(
        self,
        info: Info,
        *,
        project: InProject = None,
        search: Text,
        types: OfTypes = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[SearchResult] | None:
        db, actor, key = info.context.db, info.context.actor, project.key() if project else None
        kinds = global_search.ALL if types is None else types
        page = await global_search.search(db, actor, key, search, window(first, after, last, before), kinds)
        nodes = await together(_node(info, match) for match in page.items)
        there = [(node, cursor) for node, cursor in zip(nodes, page.cursors, strict=True) if node]
        shown = Page([node for node, _ in there], [cursor for _, cursor in there], page.has_next, page.has_previous)
        return connection(shown, lambda node: node, lambda: global_search.count(db, actor, key, search, kinds))


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
