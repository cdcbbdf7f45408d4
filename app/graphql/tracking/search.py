"""Searching candidates, experiments and logged models by MLflow's grammar; candidates with OR, NOT and parentheses."""

from __future__ import annotations

from dataclasses import dataclass

import strawberry

from app.errors import Invalid
from app.graphql.context import Info
from app.graphql.errors import or_empty
from app.graphql.tracking.list_arguments import (
    CandidateSearchOrder,
    DatasetFilter,
    ExperimentSearchOrder,
    LoggedModelSearchOrder,
    ViewType,
)
from app.graphql.types import ids
from app.graphql.types.connections import PageInfo, page_of
from app.graphql.types.fields import resolved
from app.graphql.types.orders import clauses
from app.pagination import Window
from app.tracking import candidates, experiments, logged_models
from app.tracking.search.candidate_search import SearchCandidates
from app.tracking.search.experiment_search import SearchExperiments
from app.tracking.search.logged_model_search import SearchLoggedModels

MAX_EXPERIMENTS = 100


@strawberry.type(description="Candidates that match a search, in its order.")
class CandidateSearch:
    rows: strawberry.Private[list[candidates.Candidate]]
    page_info: PageInfo = strawberry.field(description="Whether more match; `endCursor` is null at the end.")

    @resolved("The candidates.")
    def nodes(self) -> list[tracking.Candidate]:
        return [tracking.Candidate.of(row) for row in self.rows]


@strawberry.type(description="Experiments that match a search, in its order.")
class ExperimentSearch:
    rows: strawberry.Private[list[experiments.Experiment]]
    page_info: PageInfo = strawberry.field(description="Whether more match; `endCursor` is null at the end.")

    @resolved("The experiments.")
    def nodes(self) -> list[tracking.Experiment]:
        return [tracking.Experiment.of(row) for row in self.rows]


@strawberry.type(description="Logged models that match a search, in its order.")
class LoggedModelSearch:
    rows: strawberry.Private[list[logged_models.LoggedModel]]
    page_info: PageInfo = strawberry.field(description="Whether more match; `endCursor` is null at the end.")

    @resolved("The logged models.")
    def nodes(self) -> list[logged.LoggedModel]:
        return [logged.LoggedModel.of(row) for row in self.rows]


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What the searches have in common."""

    experiment_ids: list[strawberry.ID]
    filter: str
    first: int | None
    after: str | None

    def numbers(self, project_id: int) -> tuple[int, ...]:
        """The experiments of that project among those named.

        Raises:
            Invalid: more than 100 are named.
        """
        if len(self.experiment_ids) > MAX_EXPERIMENTS:
            given = len(self.experiment_ids)
            raise Invalid(
                f"There are {given} experiments; at most {MAX_EXPERIMENTS} can be named.", field="experimentIds"
            )
        pairs = (ids.pair(id, "Experiment") for id in self.experiment_ids)
        return tuple(pair[1] for pair in pairs if pair and pair[0] == project_id)

    def limit(self) -> int:
        """Rows of a page.

        Raises:
            Invalid: not from 1 to 100.
        """
        window = Window(first=self.first)
        window.check()
        return window.size


async def find_candidates(
    info: Info, project_id: int, request: SearchRequest, order_by: list[CandidateSearchOrder], view: ViewType
) -> CandidateSearch:
    """One page of the search, by the request's loader."""
    command = SearchCandidates(
        experiment_numbers=request.numbers(project_id),
        filter=request.filter,
        order_by=clauses(order_by),
        view=view,
        limit=request.limit(),
        page_token=request.after,
        extended=True,
    )
    loader = info.context.loaders.tracking.searches
    rows, token = await or_empty(loader.load(((project_id,), command)), ([], None))
    return CandidateSearch(rows=rows, page_info=page_of(request.after, token))


async def find_experiments(
    info: Info, project_id: int, request: SearchRequest, order_by: list[ExperimentSearchOrder], view: ViewType
) -> ExperimentSearch:
    """One page of the search, by the request's loader."""
    command = SearchExperiments(
        filter=request.filter,
        order_by=clauses(order_by),
        view=view,
        limit=request.limit(),
        page_token=request.after,
    )
    loader = info.context.loaders.tracking.experiment_searches
    rows, token = await or_empty(loader.load(((project_id,), command)), ([], None))
    return ExperimentSearch(rows=rows, page_info=page_of(request.after, token))


async def find_logged_models(
    info: Info,
    project_id: int,
    request: SearchRequest,
    datasets: list[DatasetFilter],
    order_by: list[LoggedModelSearchOrder],
) -> LoggedModelSearch:
    """One page of the search, by the request's loader."""
    command = SearchLoggedModels(
        experiment_numbers=request.numbers(project_id),
        filter=request.filter,
        datasets=tuple((one.name, one.digest) for one in datasets),
        order_by=tuple(one.key() for one in order_by),
        limit=request.limit(),
        page_token=request.after,
    )
    loader = info.context.loaders.tracking.model_searches
    rows, token = await or_empty(loader.load(((project_id,), command)), ([], None))
    return LoggedModelSearch(rows=rows, page_info=page_of(request.after, token))


# At the end, since the types of these modules refer to each other.
from app.graphql.logged_models import types as logged  # noqa: E402
from app.graphql.tracking import types as tracking  # noqa: E402
