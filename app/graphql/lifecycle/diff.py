"""What differs between two versions, as the client sees it."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from app.artifacts.reads.differences import ChangedFile, Totals
from app.errors import ModelyardError
from app.graphql.context import Info
from app.graphql.registry.lookups import ModelVersionLookup
from app.graphql.registry.orders import Increment
from app.graphql.registry.types import ModelVersion
from app.graphql.tracking.comparison import ComparedFile, ComparedMetric, ComparedText
from app.graphql.tracking.logs import Metric
from app.graphql.types.fields import resolved
from app.graphql.types.scalars import Long
from app.lifecycle.diff import versions
from app.lifecycle.diff.bump import Reason
from app.lifecycle.diff.environment import RequirementChange
from app.lifecycle.diff.tensors import Tensor, TensorChange, TensorDiff, Weights
from app.lifecycle.signatures import Change
from app.tracking.reads.compare import Row

By = Annotated[ModelVersionLookup, strawberry.argument(description="The version.")]
Base = Annotated[
    ModelVersionLookup | None,
    strawberry.argument(description="What it is compared with; the release of its model before it when left out."),
]


@strawberry.type(description="A path at which the files of two versions differ.")
class ModelVersionFileChange:
    path: str = strawberry.field(description="The path within the version.")
    before: ComparedFile | None = strawberry.field(description="The file of the base; null: it has none there.")
    after: ComparedFile | None = strawberry.field(description="The file of the version; null: it has none there.")
    moved_from: str | None = strawberry.field(description="Where the base has the same bytes that are gone there now.")

    @classmethod
    def of(cls, row: ChangedFile) -> ModelVersionFileChange:
        before, after = (row.size_before, row.sha256_before), (row.size_after, row.sha256_after)
        return cls(path=row.path, before=_file(*before), after=_file(*after), moved_from=row.moved_from)


@strawberry.type(description="How many files of two versions are the same, and which are not.")
class ModelVersionFilesDiff:
    same_count: Long = strawberry.field(description="Same path, same bytes.")
    changed_count: Long = strawberry.field(description="Same path, other bytes.")
    added_count: Long = strawberry.field(description="The base has no such path.")
    removed_count: Long = strawberry.field(description="The version has no such path.")
    uninspected_count: Long = strawberry.field(description="On both sides: nothing is known yet of what they say.")
    changes: list[ModelVersionFileChange] = strawberry.field(description="The paths that differ, 1,000 at most.")

    @classmethod
    def of(cls, totals: Totals, changes: list[ChangedFile]) -> ModelVersionFilesDiff:
        return cls(
            same_count=Long(totals.same),
            changed_count=Long(totals.changed),
            added_count=Long(totals.added),
            removed_count=Long(totals.removed),
            uninspected_count=Long(totals.uninspected),
            changes=[ModelVersionFileChange.of(row) for row in changes],
        )


@strawberry.type(description="A column, tensor or parameter of the signature that differs.")
class ModelVersionColumnChange:
    side: str = strawberry.field(description="`inputs`, `outputs` or `params`.")
    kind: str = strawberry.field(description="`removed`, `retyped`, `added_optional` and so on.")
    name: str = strawberry.field(description="Its name; by position, `#0`, where it has none.")
    before: str | None = strawberry.field(description="Its type in the base; null: it was not there.")
    after: str | None = strawberry.field(description="Its type in the version; null: it is not there.")
    is_breaking: bool = strawberry.field(description="Whether programs that call the base have to change.")

    @classmethod
    def of(cls, change: Change) -> ModelVersionColumnChange:
        return cls(
            side=change.side.value,
            kind=change.kind.value,
            name=change.name,
            before=change.before,
            after=change.after,
            is_breaking=change.breaks,
        )


@strawberry.type(description="What the headers of weights say of one side, of the files that differ.")
class ModelVersionWeights:
    tensor_count: Long = strawberry.field(description="How many tensors.")
    parameter_count: Long = strawberry.field(description="How many numbers they hold.")
    types: JSON = strawberry.field(description="How many numbers (of GGUF files: tensors) are kept in which type.")

    @classmethod
    def of(cls, side: Weights) -> ModelVersionWeights:
        types = dict(sorted(side.dtypes.items()))
        return cls(tensor_count=Long(side.count), parameter_count=Long(side.parameters), types=JSON(types))


@strawberry.type(description="A tensor that differs in shape or type.")
class ModelVersionTensorChange:
    name: str = strawberry.field(description="Its name.")
    before: str | None = strawberry.field(description="Type and shape in the base, `F32 [768, 768]`; null: none.")
    after: str | None = strawberry.field(description="The same of the version.")

    @classmethod
    def of(cls, change: TensorChange) -> ModelVersionTensorChange:
        return cls(name=change.name, before=_tensor(change.before), after=_tensor(change.after))


@strawberry.type(description="Names, shapes and types of tensors, from the headers of files that differ.")
class ModelVersionTensorsDiff:
    before: ModelVersionWeights = strawberry.field(description="What the headers of the base say.")
    after: ModelVersionWeights = strawberry.field(description="What those of the version say.")
    changes: list[ModelVersionTensorChange] = strawberry.field(description="Tensors that differ, 500 at most.")
    is_whole: bool = strawberry.field(
        description="Whether all are named; else those that both sides name are compared, and the counts of all."
    )

    @classmethod
    def of(cls, diff: TensorDiff) -> ModelVersionTensorsDiff:
        return cls(
            before=ModelVersionWeights.of(diff.before),
            after=ModelVersionWeights.of(diff.after),
            changes=[ModelVersionTensorChange.of(change) for change in diff.changes],
            is_whole=diff.is_whole,
        )


@strawberry.type(description="A package, or `python`, of which something else is required.")
class ModelVersionRequirementChange:
    name: str = strawberry.field(description="Its name in normal form (PEP 503).")
    before: str | None = strawberry.field(description="What the base requires, `==1.8.0`; null: nothing of it.")
    after: str | None = strawberry.field(description="What the version requires.")

    @classmethod
    def of(cls, change: RequirementChange) -> ModelVersionRequirementChange:
        return cls(name=change.name, before=change.before, after=change.after)


@strawberry.type(description="A difference that takes a step in SemVer.")
class ModelVersionBumpCause:
    increment: Increment = strawberry.field(description="The step that it takes.")
    kind: str = strawberry.field(
        description="`signature`, `algorithm`, `architecture`, `tensor_types`, `environment` or `files`."
    )
    description: str = strawberry.field(description="What differs, in words.")

    @classmethod
    def of(cls, reason: Reason) -> ModelVersionBumpCause:
        return cls(increment=reason.increment, kind=reason.cause.value, description=reason.message)


@strawberry.type(description="What differs between two versions, and how large a step in SemVer that takes.")
class ModelVersionDiff:
    diff: strawberry.Private[versions.VersionDiff]
    base: ModelVersion = strawberry.field(description="What the version is compared with.")
    model_version: ModelVersion = strawberry.field(description="The version.")
    least_increment: Increment | None = strawberry.field(
        description="The least step that the differences take; null: nothing differs that users could notice."
    )
    made_increment: Increment | None = strawberry.field(
        description="The step from base to version; null: it is none forward."
    )
    is_increment_enough: bool = strawberry.field(
        description="Whether the step says as much as the differences take; below 1.0.0 a minor one always does."
    )
    is_certain: bool = strawberry.field(description="Whether all files were looked into, and all they say was kept.")
    causes: list[ModelVersionBumpCause] = strawberry.field(description="What takes a step, largest first.")
    files: ModelVersionFilesDiff = strawberry.field(description="Files, by path and SHA-256.")
    signature: list[ModelVersionColumnChange] = strawberry.field(
        description="What differs in what the models take and give, from MLmodel or ONNX files."
    )
    tensors: ModelVersionTensorsDiff = strawberry.field(description="Weights, from headers alone.")
    requirements: list[ModelVersionRequirementChange] = strawberry.field(
        description="Packages, from requirements.txt, conda.yaml and MLmodel."
    )

    @classmethod
    def of(cls, diff: versions.VersionDiff) -> ModelVersionDiff:
        content = diff.content
        return cls(
            diff=diff,
            base=ModelVersion.of(diff.before),
            model_version=ModelVersion.of(diff.after),
            least_increment=content.least,
            made_increment=diff.made,
            is_increment_enough=diff.is_enough,
            is_certain=content.is_certain,
            causes=[ModelVersionBumpCause.of(reason) for reason in content.reasons],
            files=ModelVersionFilesDiff.of(content.totals, diff.files),
            signature=[ModelVersionColumnChange.of(change) for change in content.signature],
            tensors=ModelVersionTensorsDiff.of(content.tensors),
            requirements=[ModelVersionRequirementChange.of(change) for change in content.requirements],
        )

    @resolved("Hyper-parameters that differ, the base's value first; null where candidates may not be seen.")
    def params(self) -> list[ComparedText] | None:
        if isinstance(self.diff.params, ModelyardError):
            raise self.diff.params
        return [ComparedText.of(row) for row in self.diff.params]

    @resolved("Metrics whose latest values differ, the base's first; null where candidates may not be seen.")
    def metrics(self) -> list[ComparedMetric] | None:
        if isinstance(self.diff.metrics, ModelyardError):
            raise self.diff.metrics
        projects = (self.diff.before.project_id, self.diff.after.project_id)
        shown = []
        for row in self.diff.metrics:
            values = [
                None if point is None else Metric.of(project, point)
                for project, point in zip(projects, row.values, strict=True)
            ]
            shown.append(ComparedMetric.of(Row(row.key, values, row.differs)))
        return shown


@strawberry.type
class DiffQuery:
    @resolved("What differs between a version and another one, of the same model or not. No bytes are read.")
    async def model_version_diff(self, info: Info, *, by: By, base: Base = None) -> ModelVersionDiff | None:
        project, target = by.key()
        other = base.key("base") if base else None
        context = info.context
        return ModelVersionDiff.of(await versions.diff(context.db, context.actor, project, target, other))


def _file(size: int | None, sha256: bytes | None) -> ComparedFile | None:
    return None if size is None or sha256 is None else ComparedFile(size=Long(size), sha256=sha256.hex())


def _tensor(tensor: Tensor | None) -> str | None:
    return None if tensor is None else f"{tensor.dtype} [{', '.join(str(side) for side in tensor.shape)}]"
