"""Online experiments with their arms, as the client sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from app.graphql.access.types import User, maker
from app.graphql.context import Info
from app.graphql.errors import or_empty, or_none
from app.graphql.types import ids
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import resolved
from app.graphql.types.node import Node
from app.graphql.types.scalars import Long, Number
from app.lifecycle.evaluations import reads
from app.pagination import Page, Window

MetricKey = Annotated[str, strawberry.argument(description="The metric.")]


@strawberry.type(description="A value of an arm at a moment.")
class OnlinePoint:
    key: str = strawberry.field(description="What was measured.")
    value: Number = strawberry.field(description="The value.")
    measured_at: datetime = strawberry.field(description="When.")
    sample_count: Long | None = strawberry.field(description="How many requests stand behind it, if that was said.")

    @classmethod
    def of(cls, row: reads.OnlinePoint) -> OnlinePoint:
        count = None if row.sample_count is None else Long(row.sample_count)
        return cls(key=row.key, value=Number(row.value), measured_at=row.at, sample_count=count)


@strawberry.type(description="The share of the traffic that an arm had from a moment on.")
class OnlineShare:
    share: Number = strawberry.field(description="From 0 to 1.")
    set_at: datetime = strawberry.field(description="Since when.")

    @classmethod
    def of(cls, row: reads.OnlineShare) -> OnlineShare:
        return cls(share=Number(row.share), set_at=row.since)


@strawberry.type(description="A version in an online experiment.")
class OnlineArm:
    row: strawberry.Private[reads.OnlineArm]
    name: str = strawberry.field(description="Unique in the experiment.")
    share: Number = strawberry.field(description="Its share of the traffic now, from 0 to 1.")
    model_name: str = strawberry.field(description="The name of the model, when the experiment began.")
    version: str = strawberry.field(description="The SemVer of the version, also when that is gone.")

    @classmethod
    def of(cls, row: reads.OnlineArm) -> OnlineArm:
        return cls(row=row, name=row.name, share=Number(row.share), model_name=row.model_name, version=row.version)

    @property
    def key(self) -> tuple[int, int, str]:
        return self.row.project_id, self.row.experiment_id, self.row.name

    @resolved("The version; null when it was deleted.")
    async def model_version(self, info: Info) -> registry.ModelVersion | None:
        return await registry.version_by_key(info, self.row.project_id, self.row.version_id)

    @resolved("The latest value of every metric, by key.")
    async def metrics(self, info: Info) -> list[OnlinePoint]:
        rows = await info.context.loaders.evaluations.latest_points.load(self.key)
        return [OnlinePoint.of(row) for row in rows]

    @resolved("The shares that it had, the first one first.")
    async def shares(self, info: Info) -> list[OnlineShare]:
        return [OnlineShare.of(row) for row in await info.context.loaders.evaluations.shares.load(self.key)]

    @resolved("A metric over time, the latest value first.")
    async def metric_history(
        self,
        info: Info,
        *,
        key: MetricKey,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[OnlinePoint]:
        request = (window(first, after, last, before), key)
        return connection(await info.context.loaders.evaluations.points.load((self.key, request)), OnlinePoint.of)


@strawberry.type(description="Versions that serve real requests side by side, until a conclusion.")
class OnlineExperiment(Node):
    row: strawberry.Private[reads.OnlineExperiment]
    name: str = strawberry.field(description="For people to read.")
    kind: str = strawberry.field(description="ab: divided between arms; canary: a little to a new one; shadow: copies.")
    description: str = strawberry.field(description="Markdown.")
    started_at: datetime = strawberry.field(description="When it began.")
    concluded_at: datetime | None = strawberry.field(description="When it was concluded; null: it goes on.")
    conclusion: str | None = strawberry.field(description="What follows from it.")
    winner: str | None = strawberry.field(description="The arm that won; null: none did, or it goes on.")

    @classmethod
    def of(cls, row: reads.OnlineExperiment) -> OnlineExperiment:
        return cls(
            id=ids.of("OnlineExperiment", row.project_id, row.id),
            row=row,
            name=row.name,
            kind=row.kind,
            description=row.description,
            started_at=row.started_at,
            concluded_at=row.concluded_at,
            conclusion=row.conclusion,
            winner=row.winner,
        )

    @resolved("The project that it is in.")
    async def project(self, info: Info) -> groups_and_projects.Project | None:
        return await groups_and_projects.project_by_id(info, self.row.project_id)

    @resolved("The versions that take part.")
    async def arms(self, info: Info) -> list[OnlineArm]:
        rows = await info.context.loaders.evaluations.arms.load((self.row.project_id, self.row.id))
        return [OnlineArm.of(row) for row in rows]

    @resolved("Who began it.")
    async def created_by(self, info: Info) -> User | None:
        return await maker(info, self.row.created_by, self.row.project_id)

    @resolved("Who concluded it.")
    async def concluded_by(self, info: Info) -> User | None:
        return await maker(info, self.row.concluded_by, self.row.project_id)


async def experiment_by_key(info: Info, project_id: int, experiment_id: int) -> OnlineExperiment | None:
    """The online experiment with that id, through the request's loader; None when there is none that may be seen."""
    row = await or_none(info.context.loaders.evaluations.experiments.load((project_id, experiment_id)))
    return OnlineExperiment.of(row) if row else None


async def experiments_of_project(info: Info, project_id: int, page: Window) -> Connection[OnlineExperiment]:
    """The online experiments of a project."""
    loader = info.context.loaders.evaluations.experiments_of_projects
    return connection(await or_empty(loader.load(((project_id,), page)), Page()), OnlineExperiment.of)


async def experiments_of_version(info: Info, version: tuple[int, int], page: Window) -> Connection[OnlineExperiment]:
    """The online experiments in which a version takes part."""
    loader = info.context.loaders.evaluations.experiments_of_versions
    return connection(await loader.load((version, page)), OnlineExperiment.of)


# At the end, since the types of these modules refer to each other.
from app.graphql.access import groups_and_projects  # noqa: E402
from app.graphql.registry import types as registry  # noqa: E402
