"""Mutations of files."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.files import remove
from app.graphql.artifacts.lookups import ArtifactOwnerLookup, find_target
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.types.fields import INPUT, mutation, optional, user_errors


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
        target = await find_target(info, input.owner)
        count = await remove.remove(info.context.db, info.context.actor, target, input.path)
        return ArtifactsDeletePayload(deleted_count=count)
