"""Metrics for charts: histories thinned on the server."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from app.graphql.context import Info
from app.graphql.tracking.log_loaders import SeriesRequest
from app.graphql.tracking.logs import MetricPoint
from app.graphql.types.scalars import Long
from app.tracking.reads import charts

MetricKeys = Annotated[list[str], strawberry.argument(description="The keys of 1 to 20 metrics.")]
MaxPoints = Annotated[int, strawberry.argument(description="At most how many points of each curve, 4 to 2,500.")]
FromStep = Annotated[Long | None, strawberry.argument(description="The first step; with `toStep`.")]
ToStep = Annotated[Long | None, strawberry.argument(description="The last step; with `fromStep`.")]


@strawberry.type(
    description="One metric of one candidate for a chart. The points, by step, are cut into parts of equal number; of "
    "each part the least and the greatest value are kept, and of all the first and the last. A curve that has no more "
    "than `maxPoints` keeps all. NaN is kept only where a part has nothing else."
)
class MetricSeries:
    key: str = strawberry.field(description="The key of the metric.")
    point_count: Long = strawberry.field(description="How many different points there are between the steps asked for.")
    points: list[MetricPoint] = strawberry.field(description="Those that were kept, by step, time and value.")

    @classmethod
    def of(cls, series: charts.Series) -> MetricSeries:
        return cls(
            key=series.key,
            point_count=Long(series.total),
            points=[MetricPoint.of(point) for point in series.points],
        )


async def series_of(info: Info, key: tuple[int, UUID], request: SeriesRequest) -> list[MetricSeries]:
    """The curves of a candidate, one for each metric in the order asked for, by the request's loader."""
    return [MetricSeries.of(one) for one in await info.context.loaders.tracking.series.load((key, request))]
