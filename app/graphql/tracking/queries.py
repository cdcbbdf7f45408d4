"""Looking experiments and candidates up."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.context import Info
from app.graphql.errors import or_none
from app.graphql.fields import resolved
from app.graphql.tracking.lookups import CandidateLookup, ExperimentLookup
from app.graphql.tracking.types import Candidate, Experiment
from app.tracking import candidates, experiments


@strawberry.type
class TrackingQuery:
    @resolved("An experiment, also from the trash; null when it does not exist or may not be seen.")
    async def experiment(
        self, info: Info, by: Annotated[ExperimentLookup, strawberry.argument(description="Which one.")]
    ) -> Experiment | None:
        found = await or_none(find_experiment(info, by))
        return Experiment.of(found) if found else None

    @resolved("A candidate, also from the trash; null when it does not exist or may not be seen.")
    async def candidate(
        self, info: Info, by: Annotated[CandidateLookup, strawberry.argument(description="Which one.")]
    ) -> Candidate | None:
        found = await or_none(find_candidate(info, by))
        if found is None:
            return None
        info.context.loaders.tracking.details.prime((found.candidate.project_id, found.id), found)
        return Candidate.of(found.candidate)


async def find_experiment(info: Info, by: ExperimentLookup) -> experiments.Experiment:
    """The experiment that is meant.

    Raises:
        NotFound: it does not exist or may not be seen.
    """
    project, key = by.key()
    if isinstance(key, int):
        return await experiments.get(info.context.db, info.context.actor, project, key)
    return await experiments.get_by_name(info.context.db, info.context.actor, project, key)


async def find_candidate(info: Info, by: CandidateLookup) -> candidates.CandidateDetails:
    """The candidate that is meant, with what was logged to it.

    Raises:
        NotFound: it does not exist or may not be seen.
    """
    project, uuid = by.key()
    return await candidates.get(info.context.db, info.context.actor, project, uuid)
