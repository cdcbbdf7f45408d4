"""How experiments and candidates are named in queries and mutations alike."""

from __future__ import annotations

from uuid import UUID

import strawberry

from app.graphql.types import ids
from app.graphql.types.fields import choice
from app.graphql.types.scalars import Long


@strawberry.input(description="An experiment by project and number.")
class ExperimentPath:
    project: str = strawberry.field(description="The full path of the project.")
    number: Long = strawberry.field(description="The number of the experiment; 0 is Default.")


@strawberry.input(description="An experiment by project and name.")
class ExperimentName:
    project: str = strawberry.field(description="The full path of the project.")
    name: str = strawberry.field(description="The name of the experiment.")


@strawberry.input(one_of=True, description="Names an experiment, in one of three ways.")
class ExperimentLookup:
    id: strawberry.ID | None = choice("The id of the experiment.")
    path: ExperimentPath | None = choice("Its project and number.")
    name: ExperimentName | None = choice("Its project and name.")

    def key(self, field: str = "experiment") -> tuple[int | str, int | str]:
        """Project, and number or name, as the core knows them.

        Raises:
            NotFound: the id means no experiment.
        """
        if self.path:
            return self.path.project, self.path.number
        if self.name:
            return self.name.project, self.name.name
        key = ids.pair(self.id or "", "Experiment")
        if key is None:
            raise ids.missing("experiment", self.id or "", field)
        return key


@strawberry.input(description="A candidate by project and UUID.")
class CandidatePath:
    project: str = strawberry.field(description="The full path of the project.")
    uuid: str = strawberry.field(description="The UUID of the candidate, which MLflow clients call run id.")


@strawberry.input(one_of=True, description="Names a candidate, in one of two ways.")
class CandidateLookup:
    id: strawberry.ID | None = choice("The id of the candidate.")
    path: CandidatePath | None = choice("Its project and UUID.")

    def key(self, field: str = "candidate") -> tuple[int | str, UUID]:
        """Project and UUID as the core knows them.

        Raises:
            NotFound: the id means no candidate.
        """
        if self.path:
            uuid = ids.as_uuid(self.path.uuid)
            if uuid is None:
                raise ids.missing("candidate", self.path.uuid, field)
            return self.path.project, uuid
        key = ids.in_project(self.id or "", "Candidate")
        if key is None:
            raise ids.missing("candidate", self.id or "", field)
        return key


@strawberry.input(description="A logged model by project and UUID.")
class LoggedModelPath:
    project: str = strawberry.field(description="The full path of the project.")
    uuid: str = strawberry.field(description="Its UUID, with or without the `m-` that MLflow clients put before it.")


@strawberry.input(one_of=True, description="Names a logged model, in one of two ways.")
class LoggedModelLookup:
    id: strawberry.ID | None = choice("The id of the logged model.")
    path: LoggedModelPath | None = choice("Its project and UUID.")

    def key(self, field: str = "loggedModel") -> tuple[int | str, UUID]:
        """Project and UUID as the core knows them.

        Raises:
            NotFound: the id means no logged model.
        """
        if self.path:
            uuid = ids.as_uuid(self.path.uuid.removeprefix("m-"))
            if uuid is None:
                raise ids.missing("logged model", self.path.uuid, field)
            return self.path.project, uuid
        key = ids.in_project(self.id or "", "LoggedModel")
        if key is None:
            raise ids.missing("logged model", self.id or "", field)
        return key
