"""Looking experiments and candidates up."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.context import Info
from app.graphql.errors import or_none
from app.graphql.logged_models.types import LoggedModel
from app.graphql.tracking.lookups import CandidateLookup, ExperimentLookup, LoggedModelLookup
from app.graphql.tracking.types import Candidate, Experiment
from app.graphql.types.fields import resolved
from app.tracking import candidates, experiments, logged_models


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
        return Candidate.of(found) if found else None

    @resolved("A logged model, also a deleted one; null when it does not exist or may not be seen.")
    async def logged_model(
        self, info: Info, by: Annotated[LoggedModelLookup, strawberry.argument(description="Which one.")]
    ) -> LoggedModel | None:
        found = await or_none(find_logged_model(info, by))
        return LoggedModel.of(found) if found else None


async def find_experiment(info: Info, by: ExperimentLookup) -> experiments.Experiment:
    """The experiment that is meant.

    Raises:
        NotFound: it does not exist or may not be seen.
    """
    project, key = by.key()
    if isinstance(key, int):
        return await experiments.get(info.context.db, info.context.actor, project, key)
    return await experiments.get_by_name(info.context.db, info.context.actor, project, key)


async def find_candidate(info: Info, by: CandidateLookup) -> candidates.Candidate:
    """The candidate that is meant.

    Raises:
        NotFound: it does not exist or may not be seen.
    """
    project, uuid = by.key()
    return await candidates.find(info.context.db, info.context.actor, project, uuid)


async def find_logged_model(info: Info, by: LoggedModelLookup) -> logged_models.LoggedModel:
    """The logged model that is meant, also a deleted one.

    Raises:
        NotFound: it does not exist or may not be seen.
    """
    project, uuid = by.key()
    db, actor = info.context.db, info.context.actor
    return (await logged_models.get(db, actor, project, uuid, allow_deleted=True)).model
