"""Candidates and versions side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.access.policy import Permission
from app.artifacts.reads import loaders
from app.artifacts.reads.loaders import ListedFile, ListedFiles
from app.errors import TooLarge
from app.files import targets
from app.graphql.context import Info
from app.graphql.errors import or_none
from app.graphql.lifecycle.evaluations.comparison import ComparedMeasurement, measurements_of
from app.graphql.registry import types as registry
from app.graphql.tracking import types as tracking
from app.graphql.tracking.log_loaders import SeriesRequest
from app.graphql.tracking.logs import Metric
from app.graphql.tracking.metric_series import FromStep, MaxPoints, MetricKeys, MetricSeries, ToStep, series_of
from app.graphql.types import ids
from app.graphql.types.fields import resolved
from app.graphql.types.page_loaders import together
from app.graphql.types.scalars import Long
from app.tracking.reads import compare
from app.tracking.reads.charts import check_curves
from app.tracking.reads.compare import Row

Ids = Annotated[list[strawberry.ID], strawberry.argument(description="2 to 50 ids, each once; sides keep their order.")]
CandidateIds = Annotated[list[strawberry.ID], strawberry.argument(description="The ids of 1 to 100 candidates.")]
DifferencesOnly = Annotated[bool, strawberry.argument(description="Only rows whose values differ.")]


@strawberry.type(description="A param or tag on each side.")
class ComparedText:
    key: str = strawberry.field(description="The key.")
    values: list[str | None] = strawberry.field(description="The value on each side; null where it is absent.")
    differs: bool = strawberry.field(description="Whether the sides differ.")

    @classmethod
    def of(cls, row: Row[str]) -> ComparedText:
        return cls(key=row.key, values=row.values, differs=row.differs)


@strawberry.type(description="A metric on each side.")
class ComparedMetric:
    key: str = strawberry.field(description="The key.")
    values: list[Metric | None] = strawberry.field(
        description="Its latest state on each side; null where it is absent."
    )
    differs: bool = strawberry.field(description="Whether the values differ; steps and times do not count.")

    @classmethod
    def of(cls, row: Row[Metric]) -> ComparedMetric:
        return cls(key=row.key, values=row.values, differs=row.differs)


@strawberry.type(description="A file on one side.")
class ComparedFile:
    size: Long = strawberry.field(description="Bytes.")
    sha256: str = strawberry.field(description="The SHA-256 of its bytes, in hexadecimal digits.")

    @classmethod
    def of(cls, file: ListedFile) -> ComparedFile:
        return cls(size=Long(file.size), sha256=file.sha256.hex())


@strawberry.type(description="A path on each side.")
class ComparedPath:
    key: str = strawberry.field(description="The path; of versions that own a folder, within that folder.")
    values: list[ComparedFile | None] = strawberry.field(description="The file on each side; null where there is none.")
    differs: bool = strawberry.field(description="Whether the bytes differ.")

    @classmethod
    def of(cls, row: Row[ComparedFile]) -> ComparedPath:
        return cls(key=row.key, values=row.values, differs=row.differs)


@strawberry.type(description="A column of the signature on each side.")
class ComparedColumn:
    key: str = strawberry.field(description="`inputs.`, `outputs.` or `params.` with the name, or the position from 0.")
    values: list[JSON | None] = strawberry.field(description="What MLmodel says of it; null where it is absent.")
    differs: bool = strawberry.field(description="Whether the sides differ.")

    @classmethod
    def of(cls, row: Row[Any]) -> ComparedColumn:
        return cls(key=row.key, values=row.values, differs=row.differs)


@dataclass(frozen=True, slots=True)
class Side:
    """Where the values of one side are: its candidate, its files, and its own tags if it has some."""

    candidate: tuple[int, UUID]
    files: tuple[int, UUID, str]
    tags: Mapping[str, str] | None = None


@strawberry.type(description="Several things side by side; rows by key, values in the order of the ids.")
class Comparison:
    sources: strawberry.Private[list[Side]]
    permission: strawberry.Private[Permission]
    differences_only: strawberry.Private[bool]

    @resolved("Hyper-parameters.")
    async def params(self, info: Info) -> list[ComparedText]:
        loader = info.context.loaders.tracking.params
        pairs_of_sides = await together(or_none(loader.load(source.candidate)) for source in self.sources)
        return [ComparedText.of(row) for row in self._rows([dict(pairs or []) for pairs in pairs_of_sides])]

    @resolved("Tags.")
    async def tags(self, info: Info) -> list[ComparedText]:
        own = [source.tags for source in self.sources if source.tags is not None]
        if not own:
            loader = info.context.loaders.tracking.tags
            own = [dict(pairs) for pairs in await together(loader.load(source.candidate) for source in self.sources)]
        return [ComparedText.of(row) for row in self._rows(own)]

    @resolved("The latest state of every metric.")
    async def metrics(self, info: Info) -> list[ComparedMetric]:
        loader = info.context.loaders.tracking.metrics
        rows_of_sides = await together(or_none(loader.load(source.candidate)) for source in self.sources)
        sides = [
            {row.key: Metric.of(source.candidate[0], row) for row in rows or []}
            for source, rows in zip(self.sources, rows_of_sides, strict=True)
        ]
        return [ComparedMetric.of(row) for row in self._rows(sides, lambda metric: metric.value)]

    @resolved("Files, by path; an error where a side has more than 5,000.")
    async def files(self, info: Info) -> list[ComparedPath]:
        listed = await self._files(info)
        if not all(one.is_whole for one in listed):
            raise TooLarge(
                f"A side has more than {loaders.MAX_LISTED:,} files, and some would seem to be missing; "
                "page through `artifacts` of each side and compare their `sha256`.",
                field="files",
            )
        sides = [{file.path: ComparedFile.of(file) for file in one.files} for one in listed]
        return [ComparedPath.of(row) for row in self._rows(sides, lambda file: file.sha256)]

    @resolved("The signature that the MLmodel file of each side tells, once it has been looked into.")
    async def signature(self, info: Info) -> list[ComparedColumn]:
        listed = await self._files(info)
        sides = [compare.signature({file.path: file.facts for file in one.files}) for one in listed]
        return [ComparedColumn.of(row) for row in self._rows(sides)]

    async def _files(self, info: Info) -> list[ListedFiles]:
        loader = info.context.loaders.artifacts.listed
        return await together(loader.load((source.files, self.permission)) for source in self.sources)

    def _rows(self, sides: Any, essence: Any = lambda value: value) -> list[Row[Any]]:
        return compare.rows(sides, differences_only=self.differences_only, essence=essence)


@strawberry.type(description="Candidates side by side; rows by key, values in the order of the ids.")
class CandidatesComparison(Comparison):
    sides: list[tracking.Candidate] = strawberry.field(description="The candidates, in the order of the ids.")


@strawberry.type(
    description="Versions side by side, with params and metrics of their candidates (none where those may not be "
    "seen) and tags of their own; rows by key, values in the order of the ids."
)
class ModelVersionsComparison(Comparison):
    sides: list[registry.ModelVersion] = strawberry.field(description="The versions, in the order of the ids.")

    @resolved("Metrics by data set and slice, of training, evaluations and online experiments.")
    async def measurements(self, info: Info) -> list[ComparedMeasurement]:
        versions = [(side.row.project_id, side.row.id) for side in self.sides]
        return await measurements_of(info, versions, differences_only=self.differences_only)


@strawberry.type(description="The curves of one candidate.")
class CandidateSeries:
    candidate: tracking.Candidate = strawberry.field(description="Whose they are.")
    series: list[MetricSeries] = strawberry.field(description="One for each metric, in the order asked for.")


@strawberry.type
class ComparisonQuery:
    @resolved("Candidates side by side. An unknown id is the error NOT_FOUND.")
    async def candidates_compare(
        self, info: Info, *, ids: Ids, differences_only: DifferencesOnly = False
    ) -> CandidatesComparison | None:
        compare.check_sides(len(ids), len(set(ids)))
        candidates = await together(_candidate(info, id) for id in ids)
        sides = [Side(one.key, (*one.key, "")) for one in candidates]
        return CandidatesComparison(
            sources=sides, permission=Permission.CANDIDATE_READ, differences_only=differences_only, sides=candidates
        )

    @resolved("Curves of several metrics of several candidates; unknown ids are left out.")
    async def metric_series(
        self,
        info: Info,
        *,
        candidate_ids: CandidateIds,
        keys: MetricKeys,
        max_points: MaxPoints = 500,
        from_step: FromStep = None,
        to_step: ToStep = None,
    ) -> list[CandidateSeries]:
        check_curves(len(candidate_ids), len(keys), max_points)
        request = (tuple(keys), max_points, from_step, to_step)
        curves = await together(_curves(info, id, request) for id in dict.fromkeys(candidate_ids))
        return [one for one in curves if one]

    @resolved("Model versions side by side. An unknown id is the error NOT_FOUND.")
    async def model_versions_compare(
        self, info: Info, *, ids: Ids, differences_only: DifferencesOnly = False
    ) -> ModelVersionsComparison | None:
        compare.check_sides(len(ids), len(set(ids)))
        compared = await together(_version(info, id) for id in ids)
        return ModelVersionsComparison(
            sources=[_side(one) for one in compared],
            permission=Permission.REGISTRY_READ,
            differences_only=differences_only,
            sides=compared,
        )


async def _curves(info: Info, id: str, request: SeriesRequest) -> CandidateSeries | None:
    key = ids.in_project(id, "Candidate")
    candidate = await tracking.candidate_by_key(info, *key) if key else None
    if candidate is None:
        return None
    return CandidateSeries(candidate=candidate, series=await series_of(info, candidate.key, request))


def _side(version: registry.ModelVersion) -> Side:
    row, owner = version.row, targets.of_version(version.row)
    return Side((row.project_id, row.candidate_id), (row.project_id, owner.root.id, owner.folder), row.tags)


async def _candidate(info: Info, id: str) -> tracking.Candidate:
    key = ids.in_project(id, "Candidate")
    candidate = await tracking.candidate_by_key(info, *key) if key else None
    if candidate is None:
        raise ids.missing("candidate", id, "ids")
    return candidate


async def _version(info: Info, id: str) -> registry.ModelVersion:
    key = ids.pair(id, "ModelVersion")
    version = await registry.version_by_key(info, *key) if key else None
    if version is None:
        raise ids.missing("model version", id, "ids")
    return version
