"""The fields that projects and versions have of their evaluations, metrics, facts and online experiments."""

from __future__ import annotations

from typing import Any

import strawberry

from app.access.policy import ProjectAccess
from app.graphql.context import Info
from app.graphql.types.connections import After, Before, Connection, First, Last, window
from app.graphql.types.fields import resolved


@strawberry.type
class ProjectExperiments:
    """Mixed into the project."""

    access: strawberry.Private[ProjectAccess]

    @resolved("Its online experiments, the latest first.")
    async def online_experiments(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[online_types.OnlineExperiment]:
        page = window(first, after, last, before)
        return await online_types.experiments_of_project(info, self.access.id, page)


@strawberry.type
class VersionEvaluations:
    """Mixed into the version."""

    row: strawberry.Private[Any]

    @resolved("Results of trying it on data sets, the latest first; corrected ones are among them.")
    async def evaluations(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[types.Evaluation]:
        return await types.evaluations_of(info, self._key(), window(first, after, last, before))

    @resolved("Every value that a metric of it has now: of training, of evaluations, of online experiments.")
    async def metrics(self, info: Info) -> list[types.ModelVersionMetric]:
        return await types.metrics_of(info, self._key())

    @resolved("The six facts, each with its sources; null when they may not be seen.")
    async def facts(self, info: Info) -> fact_types.ModelVersionFacts | None:
        return await fact_types.facts_of(info, self._key())

    @resolved("The online experiments that it takes part in, the latest first.")
    async def online_experiments(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[online_types.OnlineExperiment]:
        return await online_types.experiments_of_version(info, self._key(), window(first, after, last, before))

    def _key(self) -> tuple[int, int]:
        return self.row.project_id, self.row.id


# At the end, since the types of these modules refer to each other.
from app.graphql.lifecycle.evaluations import fact_types, online_types, types  # noqa: E402
