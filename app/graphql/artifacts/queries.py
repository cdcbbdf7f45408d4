"""Queries of files and uploads."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.access import projects
from app.artifacts.artifacts import ArtifactDetails
from app.artifacts.reads.loaders import ArtifactKey
from app.errors import Invalid
from app.files import read
from app.graphql.access.lookups import ProjectLookup
from app.graphql.artifacts.lookups import ArtifactLookup, ArtifactOwnerLookup, find_target
from app.graphql.artifacts.types import Artifact
from app.graphql.context import Info
from app.graphql.errors import or_none
from app.graphql.types import ids
from app.graphql.types.connections import After, Before, Connection, First, Last, window
from app.graphql.types.fields import choice, resolved
from app.graphql.uploads.types import ArtifactUpload, unfinished_uploads, upload_by_key, uploads_of

OfOwner = Annotated[ArtifactOwnerLookup | None, strawberry.argument(description="Whose files they are going to be.")]
InProject = Annotated[ProjectLookup | None, strawberry.argument(description="The project.")]


@strawberry.type
class ArtifactsQuery:
    @resolved("A file; null when it does not exist or may not be seen.")
    async def artifact(
        self, info: Info, by: Annotated[ArtifactLookup, strawberry.argument(description="The artifact.")]
    ) -> Artifact | None:
        file = await or_none(find_artifact(info, by))
        return Artifact.of(file) if file else None


@strawberry.input(one_of=True, description="Names an upload.")
class ArtifactUploadLookup:
    id: strawberry.ID | None = choice("The id of the upload.")


@strawberry.type
class ArtifactUploadsQuery:
    @resolved("An upload; null when it does not exist, is forgotten, or may not be seen.")
    async def artifact_upload(
        self, info: Info, by: Annotated[ArtifactUploadLookup, strawberry.argument(description="The artifact upload.")]
    ) -> ArtifactUpload | None:
        key = ids.in_project(by.id or "", "ArtifactUpload")
        return await or_none(upload_by_key(info, *key)) if key else None

    @resolved("""
        Uploads to a candidate or version, or those to a project that have not ended; newest first. Name one of both.
        Those who are no members see their own.""")
    async def artifact_uploads(
        self,
        info: Info,
        owner: OfOwner = None,
        *,
        project: InProject = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[ArtifactUpload] | None:
        if (owner is None) == (project is None):
            raise Invalid("Name either `owner` or `project`.", field="owner")
        page = window(first, after, last, before)
        if project is not None:
            access = await or_none(projects.get(info.context.db, info.context.actor, project.key()))
            return await unfinished_uploads(info, access.id, page) if access else None
        target = await or_none(find_target(info, owner)) if owner else None
        return await uploads_of(info, target, page) if target else None


async def find_key(info: Info, by: ArtifactLookup) -> ArtifactKey:
    """Project and UUID of the file that is meant; one that is named by its id is not read.

    Raises:
        NotFound: the id means no file, or the owner or path does not exist or may not be seen.
        InvalidPath: no file could have that path.
    """
    if by.path:
        file = await find_artifact(info, by)
        return file.project_id, file.id
    key = ids.in_project(by.id or "", "Artifact")
    if key is None:
        raise ids.missing("artifact", by.id or "", "artifact")
    return key


async def find_artifact(info: Info, by: ArtifactLookup) -> ArtifactDetails:
    """The file that is meant.

    Raises:
        NotFound: it does not exist or may not be seen.
        InvalidPath: no file could have that path.
    """
    if not by.path:
        file = await info.context.loaders.artifacts.artifacts.load(await find_key(info, by))
        if file is None:
            raise ids.missing("artifact", by.id or "", "id")
        return file
    return await read.find(info.context.db, info.context.actor, await find_target(info, by.path.owner), by.path.path)
