"""In which order models and versions are listed."""

from __future__ import annotations

import strawberry

from app.graphql.fields import optional
from app.registry.models import ModelOrder, ModelSort
from app.registry.pages import VersionSort
from app.registry.semver import Increment

__all__ = ["Increment", "ModelOrderBy", "ModelSort", "VersionOrderBy", "VersionSort"]

strawberry.enum(ModelSort, name="ModelOrderField", description="By what models are ordered.")
strawberry.enum(
    VersionSort,
    name="ModelVersionOrderField",
    description="By what versions are ordered: SemVer 2.0 precedence (build left out), creation, or number.",
)
strawberry.enum(
    Increment,
    name="VersionIncrement",
    description="Which part of a model's highest version the next one raises: MAJOR breaks consumers, MINOR adds, "
    "PATCH retrains, PRERELEASE goes on towards the next release.",
)


@strawberry.input(name="ModelOrder", description="An order of models.")
class ModelOrderBy:
    field: ModelSort = strawberry.field(description="By what.")
    descending: bool = optional("Whether the greatest come first.", default=False)

    def key(self) -> ModelOrder:
        return ModelOrder(self.field, self.descending)


@strawberry.input(name="ModelVersionOrder", description="An order of versions.")
class VersionOrderBy:
    field: VersionSort = strawberry.field(description="By what.")
    descending: bool = optional("Whether the greatest come first.", default=True)
