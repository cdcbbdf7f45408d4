"""In which order models and versions are listed."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.types.fields import enumerated
from app.graphql.types.orders import Direction, SearchOrder, direction
from app.registry.reads.loaders import ModelOrder, ModelSort, VersionSort
from app.registry.references.semver import Increment
from app.registry.versions.states import State as ModelVersionStatus

__all__ = ["Increment", "ModelOrderBy", "ModelSort", "ModelVersionStatus", "VersionOrderBy", "VersionSort"]

enumerated(
    ModelSort,
    "By what models are ordered.",
    name="ModelOrderField",
    NAME="By name.",
    CREATED_AT="By creation.",
    UPDATED_AT="By the last change of the model or one of its versions.",
)
enumerated(
    VersionSort,
    "By what versions are ordered.",
    name="ModelVersionOrderField",
    PRECEDENCE="By the precedence of SemVer 2.0; build metadata do not count.",
    CREATED_AT="By creation.",
    NUMBER="By number.",
)
enumerated(
    ModelVersionStatus,
    "Whether the files of a version are complete and sound.",
    name="ModelVersionStatus",
    OPEN="Files are still being pushed.",
    READY="They are.",
    FAILED="A file is not what it claims to be, or the push was given up.",
    QUARANTINED="Loading a file of it is dangerous.",
)
enumerated(
    Increment,
    "Which part of a model's highest version the next one raises.",
    name="ModelVersionIncrement",
    MAJOR="It breaks consumers: another algorithm, a required column.",
    MINOR="It adds: an optional column.",
    PATCH="It was trained again.",
    PRERELEASE="It goes on towards the next release.",
)


@strawberry.input(name="ModelOrder", description="An order of models.")
class ModelOrderBy:
    field: ModelSort = strawberry.field(description="By what.")
    direction: Direction = direction()

    def key(self) -> ModelOrder:
        return ModelOrder(self.field, self.direction.is_descending)


@strawberry.input(name="ModelVersionOrder", description="An order of versions.")
class VersionOrderBy:
    field: VersionSort = strawberry.field(description="By what.")
    direction: Direction = direction()


@strawberry.input(description="One key of an order of models.")
class ModelSearchOrder(SearchOrder):
    field: str = strawberry.field(
        description="A key of MLflow's order grammar, e.g. `name` or `last_updated_timestamp`."
    )
    direction: Direction = direction()


@strawberry.input(description="One key of an order of versions.")
class ModelVersionSearchOrder(SearchOrder):
    field: str = strawberry.field(
        description="A key of MLflow's order grammar, e.g. `version_number` or `creation_timestamp`."
    )
    direction: Direction = direction()


OrderModelSearch = Annotated[
    list[ModelSearchOrder] | None, strawberry.argument(description="The keys of the order; by name when left out.")
]
OrderModelVersionSearch = Annotated[
    list[ModelVersionSearchOrder] | None,
    strawberry.argument(description="The keys of the order; latest change first when left out."),
]
