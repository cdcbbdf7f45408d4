"""Mutations of uploads, and the release of files from quarantine."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from app.artifacts.upkeep import quarantine
from app.artifacts.uploads.announced import AnnouncedFile
from app.errors import Invalid
from app.files import announced
from app.graphql.artifacts.hashes import SHA256
from app.graphql.artifacts.lookups import ArtifactLookup, ArtifactOwnerLookup, find_target
from app.graphql.artifacts.queries import find_key
from app.graphql.artifacts.types import Artifact
from app.graphql.context import Info
from app.graphql.errors import UserError
from app.graphql.jobs.queries import job_by_id
from app.graphql.jobs.types import BackgroundJob
from app.graphql.types import ids
from app.graphql.types.fields import INPUT, mutation, optional, user_errors
from app.graphql.types.scalars import Long
from app.graphql.uploads.types import ArtifactUpload


@strawberry.input(description="A file that will come.")
class ArtifactUploadFileInput:
    path: str = strawberry.field(description="Folders and name, joined by slashes.")
    size: Long = strawberry.field(description="Its bytes.")
    sha256: str | None = optional(
        "Its SHA-256 in hexadecimal digits: verified, and bytes that the project has need not be sent."
    )
    media_type: str | None = optional("What to serve it as; guessed from the name when left out.")

    def announced(self, index: int) -> AnnouncedFile:
        if self.sha256 is not None and not SHA256.fullmatch(self.sha256):
            field = f"files.{index}.sha256"
            raise Invalid(f"`{self.sha256[:80]}` is no SHA-256: it has 64 hexadecimal digits.", field=field)
        sha256 = bytes.fromhex(self.sha256) if self.sha256 else None
        return AnnouncedFile(self.path, self.size, sha256, self.media_type)


@strawberry.input(description="Input of `artifactUploadCreate`; all files are announced or none.")
class ArtifactUploadCreateInput:
    owner: ArtifactOwnerLookup = strawberry.field(description="Whose files; a version's are its candidate's, too.")
    files: list[ArtifactUploadFileInput] = strawberry.field(description="1 to 1,000 files.")


@strawberry.type(description="Payload of `artifactUploadCreate`.")
class ArtifactUploadCreatePayload:
    artifact_uploads: list[ArtifactUpload] | None = optional("The uploads, in the order of the files.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Input of `artifactUploadComplete`; all uploads are completed or none.")
class ArtifactUploadCompleteInput:
    ids: list[strawberry.ID] = strawberry.field(description="1 to 1,000 uploads of one project.")


@strawberry.type(description="Payload of `artifactUploadComplete`.")
class ArtifactUploadCompletePayload:
    artifact_uploads: list[ArtifactUpload] | None = optional("The uploads, as they are now.")
    background_job: BackgroundJob | None = optional("The job that verifies them; it counts bytes.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Input of `artifactUploadAbort`.")
class ArtifactUploadAbortInput:
    ids: list[strawberry.ID] = strawberry.field(description="1 to 1,000 uploads of one project.")


@strawberry.type(description="Payload of `artifactUploadAbort`.")
class ArtifactUploadAbortPayload:
    artifact_uploads: list[ArtifactUpload] | None = optional("The uploads, as they are now.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Input of `artifactRelease`.")
class ArtifactReleaseInput:
    artifact: ArtifactLookup = strawberry.field(description="The file.")


@strawberry.type(description="Payload of `artifactRelease`.")
class ArtifactReleasePayload:
    artifact: Artifact | None = optional("The file as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class ArtifactUploadsMutation:
    @mutation("Announces files: answers where their parts go, or that the project has their bytes already.")
    async def artifact_upload_create(
        self, info: Info, input: Annotated[ArtifactUploadCreateInput, INPUT]
    ) -> ArtifactUploadCreatePayload:
        context, target = info.context, await find_target(info, input.owner)
        files = [file.announced(index) for index, file in enumerate(input.files)]
        rows = await announced.announce(context.runtime, context.actor, target, files)
        return ArtifactUploadCreatePayload(artifact_uploads=[ArtifactUpload.of(row) for row in rows])

    @mutation("Says that all parts were sent; a worker verifies them and puts the files in place. Twice is fine.")
    async def artifact_upload_complete(
        self, info: Info, input: Annotated[ArtifactUploadCompleteInput, INPUT]
    ) -> ArtifactUploadCompletePayload:
        context, (project_id, keys) = info.context, _keys(input.ids)
        rows, job_id = await announced.complete(context.runtime, context.actor, project_id, keys)
        job = await job_by_id(info, job_id) if job_id else None
        return ArtifactUploadCompletePayload(
            artifact_uploads=[ArtifactUpload.of(row) for row in rows], background_job=job
        )

    @mutation("Gives uploads up and frees what has arrived. Twice is fine.")
    async def artifact_upload_abort(
        self, info: Info, input: Annotated[ArtifactUploadAbortInput, INPUT]
    ) -> ArtifactUploadAbortPayload:
        context, (project_id, keys) = info.context, _keys(input.ids)
        rows = await announced.abort(context.runtime, context.actor, project_id, keys)
        return ArtifactUploadAbortPayload(artifact_uploads=[ArtifactUpload.of(row) for row in rows])

    @mutation("Lets a file out of quarantine, and every file of the project with the same bytes; for maintainers.")
    async def artifact_release(
        self, info: Info, input: Annotated[ArtifactReleaseInput, INPUT]
    ) -> ArtifactReleasePayload:
        key = await find_key(info, input.artifact)
        released = await quarantine.release(info.context.db, info.context.actor, *key)
        return ArtifactReleasePayload(artifact=Artifact.of(released))


def _keys(given: list[strawberry.ID]) -> tuple[int, list[UUID]]:
    """The project of the uploads, and their ids.

    Raises:
        NotFound: one is no id of an upload.
        Invalid: none is named, or they are of several projects.
    """
    if not given:
        raise Invalid("No upload is named; name 1 to 1,000.", field="ids")
    keys = []
    for id in given:
        key = ids.in_project(id, "ArtifactUpload")
        if key is None:
            raise ids.missing("upload", id, "ids")
        keys.append(key)
    project_id = keys[0][0]
    if any(project != project_id for project, _ in keys):
        raise Invalid("The uploads are of several projects; name those of one.", field="ids")
    return project_id, [upload_id for _, upload_id in keys]
