"""Queries of experiments, candidates and logged models."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from app.graphql.access.queries import project_id
from app.graphql.context import Info
from app.graphql.errors import or_none
from app.graphql.logged_models.types import LoggedModel
from app.graphql.tracking.lookups import CandidateLookup, ExperimentLookup, LoggedModelLookup
from app.graphql.tracking.types import Candidate, Experiment
from app.graphql.types import ids
from app.graphql.types.fields import resolved
from app.tracking import candidates, experiments, logged_models


@strawberry.type
class TrackingQuery:
    @resolved("An experiment, also from the trash; null when it does not exist or may not be seen.")
    async def experiment(
        self, info: Info, by: Annotated[ExperimentLookup, strawberry.argument(description="The experiment.")]
    ) -> Experiment | None:
        row = await or_none(find_experiment(info, by))
        return Experiment.of(row) if row else None

    @resolved("A candidate, also from the trash; null when it does not exist or may not be seen.")
    async def candidate(
        self, info: Info, by: Annotated[CandidateLookup, strawberry.argument(description="The candidate.")]
    ) -> Candidate | None:
        row = await or_none(find_candidate(info, by))
        return Candidate.of(row) if row else None

    @resolved("A logged model, also a deleted one; null when it does not exist or may not be seen.")
    async def logged_model(
        self, info: Info, by: Annotated[LoggedModelLookup, strawberry.argument(description="The logged model.")]
    ) -> LoggedModel | None:
        row = await or_none(find_logged_model(info, by))
        return LoggedModel.of(row) if row else None


async def find_experiment(info: Info, by: ExperimentLookup) -> experiments.Experiment:
    """The experiment that is meant.

    Raises:
        NotFound: it does not exist or may not be seen.
    """
    project, key = by.key()
    if isinstance(key, int):
        return await experiments.get(info.context.db, info.context.actor, project, key)
    return await experiments.get_by_name(info.context.db, info.context.actor, project, key)


async def experiment_key(info: Info, by: ExperimentLookup) -> tuple[int | str, int]:
    """Project and number of the experiment that is meant; only one that is named by its name is looked up.

    Raises:
        NotFound: it means none, or there is none of that name.
    """
    project, key = by.key()
    return (project, key) if isinstance(key, int) else (project, (await find_experiment(info, by)).number)


async def candidate_id(info: Info, project: int | str, id: str | None, field: str) -> UUID | None:
    """The UUID of a candidate that an input refers to by its id; it must be one of that project.

    Raises:
        NotFound: the id means none of the project.
    """
    key = ids.in_project(id, "Candidate") if id else None
    if id and (key is None or key[0] != await project_id(info, project)):
        raise ids.missing("candidate in this project", id, field)
    return key[1] if key else None


async def logged_model_id(info: Info, project: int | str, id: str | None, field: str) -> UUID | None:
    """The same of a logged model.

    Raises:
        NotFound: the id means none of the project.
    """
    key = ids.in_project(id, "LoggedModel") if id else None
    if id and (key is None or key[0] != await project_id(info, project)):
        raise ids.missing("logged model in this project", id, field)
    return key[1] if key else None


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
