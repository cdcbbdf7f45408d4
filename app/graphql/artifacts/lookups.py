"""How files and their owners are named in queries and mutations alike."""

from __future__ import annotations

import strawberry

from app.files.targets import CandidateFiles, LoggedModelFiles, Target, VersionFiles
from app.graphql.context import Info
from app.graphql.registry.lookups import ModelVersionLookup
from app.graphql.registry.queries import find_version
from app.graphql.tracking.lookups import CandidateLookup, LoggedModelLookup
from app.graphql.tracking.queries import find_candidate, find_logged_model
from app.graphql.types.fields import choice


@strawberry.input(one_of=True, description="Names whose files they are.")
class ArtifactOwnerLookup:
    candidate: CandidateLookup | None = choice("Those of a candidate.")
    model_version: ModelVersionLookup | None = choice("Those of a version.")
    logged_model: LoggedModelLookup | None = choice("Those of a logged model.")


@strawberry.input(description="A file by its owner and path.")
class ArtifactPath:
    owner: ArtifactOwnerLookup = strawberry.field(description="Whose file.")
    path: str = strawberry.field(description="Folders and name, joined by slashes.")


@strawberry.input(one_of=True, description="Names a file, in one of two ways.")
class ArtifactLookup:
    id: strawberry.ID | None = choice("The id of the file.")
    path: ArtifactPath | None = choice("Its owner and path.")


async def find_target(info: Info, owner: ArtifactOwnerLookup) -> Target:
    """Whose files are meant.

    Raises:
        NotFound: the owner does not exist or may not be seen.
    """
    if owner.model_version:
        version = await find_version(info, owner.model_version)
        return VersionFiles(version.project_id, version, from_root=True)
    if owner.logged_model:
        model = await find_logged_model(info, owner.logged_model)
        return LoggedModelFiles(model.project_id, model.id)
    assert owner.candidate, "one of the three is given"
    candidate = await find_candidate(info, owner.candidate)
    return CandidateFiles(candidate.project_id, candidate.id)
