"""How models and versions are named in queries and mutations alike."""

from __future__ import annotations

from datetime import datetime

import strawberry

from app.graphql.types import ids
from app.graphql.types.fields import choice, optional
from app.registry.references.parse import as_of, parse_reference
from app.registry.references.resolve import Named, Target


@strawberry.input(description="A model by project and name.")
class ModelPath:
    project: str = strawberry.field(description="The full path of the project.")
    name: str = strawberry.field(description="The name of the model.")


@strawberry.input(one_of=True, description="Names a model, in one of two ways.")
class ModelLookup:
    id: strawberry.ID | None = choice("The id of the model.")
    path: ModelPath | None = choice("Its project and name.")

    def key(self, field: str = "model") -> tuple[int | str, int | str]:
        """Project and model as the core knows them.

        Raises:
            NotFound: the id means no model.
        """
        if self.path:
            return self.path.project, self.path.name
        key = ids.pair(self.id or "", "Model")
        if key is None:
            raise ids.missing("model", self.id or "", field)
        return key


@strawberry.input(description="A version by project, name of the model, and a reference.")
class ModelVersionPath:
    project: str = strawberry.field(description="The full path of the project.")
    model: str = strawberry.field(description="The name of the model.")
    reference: str = strawberry.field(
        description="`1.2.3`, `^1.2`, `~1.2.0`, `>=1,<2`, `1.x`, `latest`, `latest-prerelease`, `@alias`, "
        "`stage:production` or `#7`; of several the highest is meant. With `@{2026-05-03}` or a time behind it, it is "
        "what it meant then."
    )
    as_of: datetime | None = optional("The moment at which the reference is meant; now when left out.")


@strawberry.input(one_of=True, description="Names a version, in one of two ways.")
class ModelVersionLookup:
    id: strawberry.ID | None = choice("The id of the version.")
    path: ModelVersionPath | None = choice("Its project, model and a reference.")

    def key(self, field: str = "modelVersion") -> tuple[int | str, Target]:
        """Project and version as the core knows them.

        Raises:
            NotFound: the id means no version.
            InvalidReference: the reference has no known form.
        """
        if self.path:
            return self.path.project, Named(
                self.path.model, as_of(parse_reference(self.path.reference), self.path.as_of)
            )
        key = ids.pair(self.id or "", "ModelVersion")
        if key is None:
            raise ids.missing("model version", self.id or "", field)
        return key
