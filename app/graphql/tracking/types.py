"""Experiments and candidates as the client sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from app.access.policy import Permission
from app.graphql.access.types import User, maker
from app.graphql.artifacts.types import Artifact, Folder, artifacts_of
from app.graphql.ci import types as ci
from app.graphql.context import Info
from app.graphql.errors import or_empty, or_none
from app.graphql.tracking.list_arguments import ViewType
from app.graphql.tracking.logs import Dataset, DatasetSummary, Metric, MetricPoint
from app.graphql.tracking.metric_series import FromStep, MaxPoints, MetricKeys, MetricSeries, ToStep, series_of
from app.graphql.types import ids
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import enumerated, resolved
from app.graphql.types.node import Node
from app.graphql.types.scalars import Long, moment
from app.graphql.types.tags_and_params import Param, Tag, tags_of
from app.pagination import Page, Window
from app.tracking import candidates, experiments

CandidateStatus = candidates.Status
enumerated(
    CandidateStatus,
    "The status of an execution, as its client set it.",
    name="CandidateStatus",
    RUNNING="It runs.",
    SCHEDULED="It will run.",
    FINISHED="It has ended well.",
    FAILED="It has ended with an error.",
    KILLED="It was ended from outside.",
)


@strawberry.type(description="A named set of candidates.")
class Experiment(Node):
    row: strawberry.Private[experiments.Experiment]
    number: Long = strawberry.field(description="Unique in its project; the experiment id of MLflow clients.")
    name: str = strawberry.field(description="Unique in its project.")
    tags: list[Tag] = strawberry.field(description="Tags, by key.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When its name last changed, or it was deleted or restored.")
    deleted_at: datetime | None = strawberry.field(description="Since when it is in the trash; null: it is not.")

    @classmethod
    def of(cls, row: experiments.Experiment) -> Experiment:
        return cls(
            id=ids.of("Experiment", row.project_id, row.number),
            row=row,
            number=Long(row.number),
            name=row.name,
            tags=tags_of(row.tags),
            created_at=row.created_at,
            updated_at=row.updated_at,
            deleted_at=row.deleted_at,
        )

    @resolved("The project that it is in.")
    async def project(self, info: Info) -> groups_and_projects.Project | None:
        return await groups_and_projects.project_by_id(info, self.row.project_id)

    @resolved("The model that it belongs to, when it is a model's own.")
    async def model(self, info: Info) -> registry.Model | None:
        return await registry.model_of_experiment(info, self.row.project_id, self.row.number)

    @resolved("Its candidates, newest first.")
    async def candidates(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Candidate]:
        page = window(first, after, last, before)
        return await candidates_of(info, self.row.project_id, self.row.number, page)

    @resolved("Logged models of its candidates, newest first.")
    async def logged_models(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[logged.LoggedModel]:
        request = ((self.row.project_id, self.row.number), window(first, after, last, before))
        page = await info.context.loaders.tracking.logged_in_experiments.load(request)
        return connection(page, logged.LoggedModel.of)

    @resolved("Data sets that its candidates read, by name and digest; 1,000 at most.")
    async def datasets(self, info: Info) -> list[DatasetSummary]:
        rows = await info.context.loaders.tracking.datasets.load((self.row.project_id, self.row.number))
        return [DatasetSummary.of(one) for one in rows]

    @resolved("Who made it.")
    async def created_by(self, info: Info) -> User | None:
        return await maker(info, self.row.created_by, self.row.project_id)

    @resolved("Whether you may change it and add candidates.")
    async def viewer_can_update(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.CANDIDATE_WRITE)

    @resolved("Whether you may put it into the trash, take it out, or delete it for good; a model's own goes with it.")
    async def viewer_can_delete(self, info: Info) -> bool:
        key = (self.row.project_id, self.row.number)
        may = await groups_and_projects.may(info, self.row.project_id, Permission.CANDIDATE_WRITE)
        return may and not await info.context.loaders.tracking.is_of_model.load(key)


@strawberry.type(description="One execution of training code; MLflow calls it a run.")
class Candidate(Node):
    row: strawberry.Private[candidates.Candidate]
    uuid: str = strawberry.field(description="The run id of MLflow clients.")
    name: str = strawberry.field(description="For people to read; not unique.")
    status: CandidateStatus = strawberry.field(description="Its status.")
    started_at: datetime | None = strawberry.field(description="When it began, as its client said.")
    finished_at: datetime | None = strawberry.field(description="When it ended, as its client said.")
    username: str = strawberry.field(description="Who ran it, as its client said.")
    created_at: datetime = strawberry.field(description="When it was made here.")
    updated_at: datetime = strawberry.field(description="When name, status or times last changed.")
    deleted_at: datetime | None = strawberry.field(description="Since when it is in the trash; null: it is not.")

    @classmethod
    def of(cls, row: candidates.Candidate) -> Candidate:
        return cls(
            id=ids.of("Candidate", row.project_id, row.id),
            row=row,
            uuid=row.id.hex,
            name=row.name,
            status=CandidateStatus(row.status),
            started_at=moment(row.start_time),
            finished_at=moment(row.end_time),
            username=row.user_name,
            created_at=row.created_at,
            updated_at=row.updated_at,
            deleted_at=row.deleted_at,
        )

    @resolved("The project that it is in.")
    async def project(self, info: Info) -> groups_and_projects.Project | None:
        return await groups_and_projects.project_by_id(info, self.row.project_id)

    @resolved("The experiment that it is in.")
    async def experiment(self, info: Info) -> Experiment | None:
        return await experiment_by_key(info, self.row.project_id, self.row.experiment_number)

    @resolved("The candidate that it is nested in.")
    async def parent(self, info: Info) -> Candidate | None:
        if self.row.parent_id is None:
            return None
        return await candidate_by_key(info, self.row.project_id, self.row.parent_id)

    @resolved("Candidates nested in it, newest first.")
    async def children(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Candidate]:
        loaders, key = info.context.loaders.tracking, self.key
        page = await loaders.child_pages.load((key, window(first, after, last, before)))
        return connection(page, Candidate.of, lambda: loaders.child_counts.load(key))

    @resolved("Hyper-parameters, by key.")
    async def params(self, info: Info) -> list[Param]:
        pairs = await info.context.loaders.tracking.params.load(self.key)
        return [Param(key=key, value=value) for key, value in pairs]

    @resolved("Tags, by key.")
    async def tags(self, info: Info) -> list[Tag]:
        pairs = await info.context.loaders.tracking.tags.load(self.key)
        return [Tag(key=key, value=value) for key, value in pairs]

    @resolved("Of every metric the point with the greatest step, then time, then value; by key.")
    async def metrics(self, info: Info) -> list[Metric]:
        rows = await info.context.loaders.tracking.metrics.load(self.key)
        return [Metric.of(self.row.project_id, metric) for metric in rows]

    @resolved("All points of one metric, by time and step.")
    async def metric_history(
        self,
        info: Info,
        *,
        key: Annotated[str, strawberry.argument(description="The key of the metric.")],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[MetricPoint]:
        request = (window(first, after, last, before), key)
        page = await info.context.loaders.tracking.histories.load((self.key, request))
        return connection(page, MetricPoint.of)

    @resolved(
        "Points of one metric for a chart, by step: the first of each of `maxPoints` equal parts; of the last part the "
        "last."
    )
    async def metric_sample(
        self,
        info: Info,
        *,
        key: Annotated[str, strawberry.argument(description="The key of the metric.")],
        max_points: Annotated[int, strawberry.argument(description="At most how many, 1 to 2,500.")] = 100,
        from_step: FromStep = None,
        to_step: ToStep = None,
    ) -> list[MetricPoint]:
        points = await info.context.loaders.tracking.samples.load((self.key, (key, max_points, from_step, to_step)))
        return [MetricPoint.of(point) for point in points]

    @resolved("Points of several metrics for a chart, thinned so that the outline of each curve stays.")
    async def metric_series(
        self,
        info: Info,
        *,
        keys: MetricKeys,
        max_points: MaxPoints = 500,
        from_step: FromStep = None,
        to_step: ToStep = None,
    ) -> list[MetricSeries]:
        return await series_of(info, self.key, (tuple(keys), max_points, from_step, to_step))

    @resolved("Data sets that it read.")
    async def datasets(self, info: Info) -> list[Dataset]:
        return [Dataset.of(dataset) for dataset in await info.context.loaders.tracking.inputs.load(self.key)]

    @resolved("Logged models that it made, newest first.")
    async def logged_models(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[logged.LoggedModel]:
        page = window(first, after, last, before)
        return connection(
            await info.context.loaders.tracking.logged_by_candidates.load((self.key, page)), logged.LoggedModel.of
        )

    @resolved("Logged models that it read, as logged by `candidateLog`.")
    async def logged_model_inputs(self, info: Info) -> list[logged.LoggedModelUse]:
        return await logged.uses_of(info, self.key, "input")

    @resolved("Logged models that it wrote, by step, as logged by `candidateLog`.")
    async def logged_model_outputs(self, info: Info) -> list[logged.LoggedModelUse]:
        return await logged.uses_of(info, self.key, "output")

    @resolved("Its files, by path.")
    async def artifacts(
        self,
        info: Info,
        *,
        folder: Folder = "",
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Artifact]:
        page = window(first, after, last, before)
        return await artifacts_of(info, (self.row.project_id, self.row.id), page, folder, Permission.CANDIDATE_READ)

    @resolved("Model versions that were made from it, newest first.")
    async def model_versions(self, info: Info) -> list[registry.ModelVersion]:
        return await registry.versions_of_candidate(info, self.row.project_id, self.row.id)

    @resolved("The CI job that it was linked to last.")
    async def ci_job(self, info: Info) -> ci.CiJob | None:
        jobs = await ci.jobs_of_candidate(info, self.row.project_id, self.row.id)
        return jobs[0] if jobs else None

    @resolved("The CI jobs that it is linked to, the last one first.")
    async def ci_jobs(self, info: Info) -> list[ci.CiJob]:
        return await ci.jobs_of_candidate(info, self.row.project_id, self.row.id)

    @resolved("Who made it.")
    async def created_by(self, info: Info) -> User | None:
        return await maker(info, self.row.created_by, self.row.project_id)

    @resolved("Whether you may log to it and change it.")
    async def viewer_can_update(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.CANDIDATE_WRITE)

    @resolved("Whether you may put it into the trash, take it out, or delete it for good.")
    async def viewer_can_delete(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.CANDIDATE_WRITE)

    @property
    def key(self) -> tuple[int, UUID]:
        """What loaders know it by."""
        return self.row.project_id, self.row.id


async def experiment_by_key(info: Info, project_id: int, number: int) -> Experiment | None:
    """The experiment with that number, through the request's loader; None when there is none that may be seen."""
    row = await or_none(info.context.loaders.tracking.experiments.load((project_id, number)))
    return Experiment.of(row) if row else None


async def candidate_by_key(info: Info, project_id: int, candidate_id: UUID) -> Candidate | None:
    """The candidate with that id, through the request's loader; None when there is none that may be seen."""
    row = await or_none(info.context.loaders.tracking.candidates.load((project_id, candidate_id)))
    return Candidate.of(row) if row else None


async def candidates_of(info: Info, project_id: int, number: int, page: Window) -> Connection[Candidate]:
    """The candidates of an experiment, newest first."""
    loaders, key = info.context.loaders.tracking, (project_id, number)
    rows = await or_empty(loaders.candidate_pages.load((key, page)), Page())
    return connection(rows, Candidate.of, lambda: or_empty(loaders.candidate_counts.load(key), 0))


async def experiments_of(
    info: Info, project_id: int, page: Window, text: str, view: ViewType
) -> Connection[Experiment]:
    """The experiments of a project, newest first."""
    loaders, key = info.context.loaders.tracking, (project_id,)
    rows = await or_empty(loaders.experiment_pages.load((key, (page, text, view))), Page())
    count = loaders.experiment_counts
    return connection(rows, Experiment.of, lambda: or_empty(count.load((key, (text, view))), 0))


# At the end, since the types of these modules refer to each other.
from app.graphql.access import groups_and_projects  # noqa: E402
from app.graphql.logged_models import types as logged  # noqa: E402
from app.graphql.registry import types as registry  # noqa: E402
