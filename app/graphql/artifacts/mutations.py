"""Deleting files."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.access.policy import Permission
from app.artifacts import paths, visibility
from app.artifacts.uploads import stream
from app.graphql.artifacts.lookups import ArtifactOwnerLookup, below, find_root
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.tracking import file_owners


@strawberry.input(description="Input of `artifactsDelete`.")
class ArtifactsDeleteInput:
    owner: ArtifactOwnerLookup = strawberry.field(description="Whose files; a version's are its candidate's, too.")
    path: str = strawberry.field(description="A file, or a folder with all below it.")


@strawberry.type(description="Payload of `artifactsDelete`.")
class ArtifactsDeletePayload:
    deleted_count: int | None = optional("How many files are gone; none is no error.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class ArtifactsMutation:
    @mutation("Deletes a file, or a folder with all below it. Bytes that no other file needs leave the store soon.")
    async def artifacts_delete(
        self, info: Info, input: Annotated[ArtifactsDeleteInput, INPUT]
    ) -> ArtifactsDeletePayload:
        root, folder = await find_root(info, input.owner)
        access = await info.context.loaders.access.projects.load(root.project_id)
        count = await stream.remove(
            info.context.db,
            info.context.actor,
            root,
            below(folder, paths.check(input.path.rstrip("/"))),
            lock_owner=file_owners.lock(root),
            permission=visibility.write_permission(access) if access else Permission.REGISTRY_WRITE,
        )
        return ArtifactsDeletePayload(deleted_count=count)
