"""Searching candidates by MLflow's grammar, with OR, NOT and parentheses."""

from __future__ import annotations

from dataclasses import dataclass

import strawberry

from app.graphql import ids
from app.graphql.context import Info
from app.graphql.fields import resolved
from app.pagination import Window
from app.tracking import listing
from app.tracking.candidates import CandidateDetails
from app.tracking.listing import SearchCandidates, View


@strawberry.type(description="Candidates that a search found, in its order.")
class CandidateSearch:
    found: strawberry.Private[list[CandidateDetails]]
    has_next_page: bool = strawberry.field(description="Whether more match.")
    end_cursor: str | None = strawberry.field(description="Pass it as `after` to go on; null at the end.")

    @resolved("The candidates.")
    def nodes(self) -> list[tracking.Candidate]:
        return [tracking.Candidate.of(details.candidate) for details in self.found]


@dataclass(frozen=True, slots=True)
class CandidateWish:
    """The arguments of a search."""

    experiments: list[strawberry.ID]
    filter: str
    order_by: list[str]
    view: View
    first: int | None
    after: str | None


async def find_candidates(info: Info, project_id: int, wish: CandidateWish) -> CandidateSearch:
    """One page of the search; what it fetched is not fetched again for the candidates' fields."""
    window = Window(first=wish.first)
    window.check()
    pairs = (ids.pair(id, "Experiment") for id in wish.experiments[:100])
    command = SearchCandidates(
        experiment_numbers=[pair[1] for pair in pairs if pair and pair[0] == project_id],
        filter=wish.filter,
        order_by=wish.order_by,
        view=wish.view,
        limit=window.size,
        page_token=wish.after,
        extended=True,
    )
    found, token = await listing.search(info.context.db, info.context.actor, project_id, command)
    loader = info.context.loaders.tracking.details
    for details in found:
        loader.prime((project_id, details.id), details)
    return CandidateSearch(found=found, has_next_page=token is not None, end_cursor=token)


from app.graphql.tracking import types as tracking  # noqa: E402 - types of these modules refer to each other
