"""What was logged to a candidate, as the client sees it."""

from __future__ import annotations

from uuid import UUID

import strawberry

from app.graphql.context import Info
from app.graphql.types.fields import resolved
from app.graphql.types.scalars import Long, Number
from app.graphql.types.tags_and_params import Tag, tags_of
from app.tracking.logging.metrics import Point
from app.tracking.reads import datasets, details, loaders


@strawberry.type(description="The latest state of a metric.")
class Metric:
    model_key: strawberry.Private[tuple[int, UUID] | None]
    key: str = strawberry.field(description="Unique among the metrics of its candidate.")
    value: Number = strawberry.field(description="The latest value.")
    step: Long = strawberry.field(description="The step of the latest value.")
    timestamp: Long = strawberry.field(description="The time of the latest value, in milliseconds since 1970.")
    dataset_name: str | None = strawberry.field(description="The data set that it was measured on, when that was said.")
    dataset_digest: str | None = strawberry.field(description="The digest of that data set.")

    @classmethod
    def of(cls, project_id: int, row: details.LatestPoint) -> Metric:
        return cls(
            model_key=(project_id, row.logged_model_id) if row.logged_model_id else None,
            key=row.key,
            value=Number(row.value),
            step=Long(row.step),
            timestamp=Long(row.timestamp),
            dataset_name=row.dataset_name,
            dataset_digest=row.dataset_digest,
        )

    @resolved("The logged model that it was measured of, when that was said.")
    async def logged_model(self, info: Info) -> logged.LoggedModel | None:
        return await logged.logged_model_by_key(info, *self.model_key) if self.model_key else None


@strawberry.type(description="One point of a metric.")
class MetricPoint:
    value: Number = strawberry.field(description="The value.")
    step: Long = strawberry.field(description="The step.")
    timestamp: Long = strawberry.field(description="The time, in milliseconds since 1970.")

    @classmethod
    def of(cls, row: loaders.MetricPoint | Point) -> MetricPoint:
        return cls(value=Number(row.value), step=Long(row.step), timestamp=Long(row.timestamp))


@strawberry.type(description="A data set that candidates of an experiment read.")
class DatasetSummary:
    name: str = strawberry.field(description="The name of the data set.")
    digest: str = strawberry.field(description="The digest of its content.")
    context: str | None = strawberry.field(description="As what it was read, such as `training`, when that was said.")

    @classmethod
    def of(cls, row: datasets.Summary) -> DatasetSummary:
        return cls(name=row.name, digest=row.digest, context=row.context)


@strawberry.type(description="A data set that a candidate read.")
class Dataset:
    name: str = strawberry.field(description="The name of the data set.")
    digest: str = strawberry.field(description="The digest of its content.")
    source_type: str = strawberry.field(description="Of what kind its source is.")
    source: str = strawberry.field(description="Where it came from, as text; never opened by the service.")
    schema: str | None = strawberry.field(description="Its columns, as its maker described them, usually JSON.")
    profile: str | None = strawberry.field(description="Its statistics, as its maker described them, usually JSON.")
    tags: list[Tag] = strawberry.field(description="Tags of this use, such as its context.")

    @classmethod
    def of(cls, use: details.DatasetInput) -> Dataset:
        row = use.dataset
        return cls(
            name=row.name,
            digest=row.digest,
            source_type=row.source_type,
            source=row.source,
            schema=row.schema,
            profile=row.profile,
            tags=tags_of(use.tags),
        )


from app.graphql.logged_models import types as logged  # noqa: E402 - types of these modules refer to each other
