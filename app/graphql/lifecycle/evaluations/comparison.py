"""Metrics of several versions side by side, by what they were measured on."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from app.graphql.context import Info
from app.graphql.lifecycle.evaluations.types import ModelVersionMetric
from app.graphql.types.page_loaders import together
from app.lifecycle.evaluations import comparison
from app.lifecycle.evaluations.comparison import Measured


@strawberry.type(description="A metric on the same data, on each side.")
class ComparedMeasurement:
    key: str = strawberry.field(description="What was measured.")
    dataset_name: str | None = strawberry.field(description="The data set; null: online, or none was named.")
    dataset_digest: str | None = strawberry.field(description="The digest of that data set.")
    slice: str | None = strawberry.field(description="The part of the data set; null: all of it.")
    is_online: bool = strawberry.field(description="Whether it was measured in online experiments.")
    values: list[ModelVersionMetric | None] = strawberry.field(
        description="The latest value on each side; null where there is none."
    )
    differs: bool = strawberry.field(description="Whether the values differ.")

    @classmethod
    def of(cls, project_ids: Sequence[int], row: Measured) -> ComparedMeasurement:
        sides = zip(project_ids, row.values, strict=True)
        return cls(
            key=row.key,
            dataset_name=row.dataset_name,
            dataset_digest=row.dataset_digest,
            slice=row.slice,
            is_online=row.is_online,
            values=[ModelVersionMetric.of(project_id, value) if value else None for project_id, value in sides],
            differs=row.differs,
        )


async def measurements_of(
    info: Info, versions: Sequence[tuple[int, int]], *, differences_only: bool
) -> list[ComparedMeasurement]:
    """The metrics of versions side by side; of each data set, slice and metric the latest value of each version."""
    loader = info.context.loaders.evaluations.values
    sides = await together(loader.load(version) for version in versions)
    rows = comparison.rows([side or [] for side in sides], differences_only=differences_only)
    return [ComparedMeasurement.of([version[0] for version in versions], row) for row in rows]
