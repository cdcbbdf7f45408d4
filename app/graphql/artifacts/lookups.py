"""How files and their owners are named in queries and mutations alike."""

from __future__ import annotations

from dataclasses import dataclass

import strawberry

from app.artifacts.artifacts import Root
from app.graphql.context import Info
from app.graphql.registry.lookups import ModelVersionLookup
from app.graphql.registry.queries import find_version
from app.graphql.tracking.lookups import CandidateLookup, LoggedModelLookup
from app.graphql.tracking.queries import find_candidate, find_logged_model
from app.graphql.types.fields import choice
from app.registry.versions import versions


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


@dataclass(frozen=True, slots=True)
class Target:
    """Where files are: below a folder of a root; ``version`` where they were named by one."""

    root: Root
    folder: str = ""
    version: versions.ModelVersion | None = None


async def find_root(info: Info, owner: ArtifactOwnerLookup) -> tuple[Root, str]:
    """Whose files are meant, and below which folder.

    Raises:
        NotFound: the owner does not exist or may not be seen.
    """
    target = await find_target(info, owner)
    return target.root, target.folder


async def find_target(info: Info, owner: ArtifactOwnerLookup) -> Target:
    """The same with the version that was named.

    Raises:
        NotFound: the owner does not exist or may not be seen.
    """
    if owner.model_version:
        version = await find_version(info, owner.model_version)
        return Target(*versions.root_of(version), version)
    if owner.logged_model:
        model = await find_logged_model(info, owner.logged_model)
        return Target(Root(model.project_id, logged_model_id=model.id))
    assert owner.candidate, "one of the three is given"
    found = await find_candidate(info, owner.candidate)
    return Target(Root(found.project_id, candidate_id=found.id))


def below(folder: str, path: str) -> str:
    """A path of an owner as a path of its root; versions may own a folder only."""
    return f"{folder}/{path}" if folder and path != folder and not path.startswith(f"{folder}/") else path
