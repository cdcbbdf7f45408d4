"""Uploads of files as the client sees them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from app.artifacts.reads import unfinished_uploads as unfinished
from app.artifacts.uploads.announced import MultipartUpload
from app.errors import Invalid, TooLarge
from app.files import announced
from app.files.announced import PartAddress
from app.files.targets import Target
from app.graphql.access.types import User, named_user
from app.graphql.artifacts.types import Artifact
from app.graphql.context import Info
from app.graphql.jobs.types import BackgroundJob
from app.graphql.types import ids
from app.graphql.types.connections import Connection, connection
from app.graphql.types.fields import resolved, value
from app.graphql.types.node import Node
from app.graphql.types.scalars import Long
from app.pagination import Window

MAX_PARTS_AT_ONCE = 1_000
MAX_PARTS_OF_REQUEST = 10_000
"""Each has an address to be signed, and uploads may be many: 1,000 of them could have millions of parts."""
MaxParts = Annotated[int, strawberry.argument(description="At most how many parts, 1 to 1,000.")]
AfterPart = Annotated[int, strawberry.argument(description="Only parts with a higher number.")]
MissingOnly = Annotated[bool, strawberry.argument(description="Only parts that have not arrived.")]


@strawberry.enum(description="The status of an upload.")
class ArtifactUploadStatus(Enum):
    OPEN = value("open", "It takes parts.")
    VERIFYING = value("verifying", "A worker reads back what arrived, compares and inspects it.")
    READY = value("completed", "The file is in place.")
    FAILED = value(
        "failed",
        "What arrived is not what was announced, another file is in the way, or its owner is gone; see `statusReason`.",
    )
    ABORTED = value("aborted", "It was aborted, or its time ran out.")


@strawberry.type(description="One part of a file on its way.")
class ArtifactUploadPart:
    number: int = strawberry.field(description="From 1.")
    offset: Long = strawberry.field(description="Where in the file it begins.")
    size: Long = strawberry.field(description="Bytes.")
    url: str = strawberry.field(
        description="PUT the bytes here, with Content-Length and without a token; 200 means that they have arrived."
    )
    has_arrived: bool = strawberry.field(description="Whether it has arrived.")

    @classmethod
    def of(cls, part: PartAddress) -> ArtifactUploadPart:
        return cls(
            number=part.number,
            offset=Long(part.offset),
            size=Long(part.size),
            url=part.url,
            has_arrived=part.has_arrived,
        )


@strawberry.type(description="A file on its way: announced, sent in parts, verified by a worker.")
class ArtifactUpload(Node):
    row: strawberry.Private[MultipartUpload]
    path: str = strawberry.field(description="Where the file is going to be.")
    size: Long = strawberry.field(description="The announced bytes.")
    sha256: str | None = strawberry.field(description="The announced SHA-256, in hexadecimal digits.")
    media_type: str = strawberry.field(description="Its media type once it is stored.")
    status: ArtifactUploadStatus = strawberry.field(description="Its status.")
    already_stored: bool = strawberry.field(
        description="The project has these bytes: nothing is to be sent. The file is in place at once (`READY`), or as "
        "soon as they have been inspected under this name (`VERIFYING`, with a `backgroundJob`)."
    )
    status_reason: str | None = strawberry.field(description="Why it failed.")
    part_size: Long = strawberry.field(description="The bytes of every part but the last.")
    part_count: int = strawberry.field(description="How many parts there are; none for an empty file.")
    created_at: datetime = strawberry.field(description="When it was announced.")
    expires_at: datetime = strawberry.field(description="When it is aborted, or forgotten.")

    @classmethod
    def of(cls, row: MultipartUpload) -> ArtifactUpload:
        return cls(
            id=ids.of("ArtifactUpload", row.project_id, row.id),
            row=row,
            path=row.path,
            size=Long(row.size or 0),
            sha256=row.sha256.hex() if row.sha256 else None,
            media_type=row.media_type,
            status=ArtifactUploadStatus(row.state),
            already_stored=row.is_shared,
            status_reason=row.reason,
            part_size=Long(row.part_size or 0),
            part_count=row.parts,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )

    @resolved("Its parts by number, with the addresses to send them to; none unless `viewerCanComplete`.")
    async def parts(
        self, info: Info, *, max_parts: MaxParts = 100, after_number: AfterPart = 0, missing_only: MissingOnly = False
    ) -> list[ArtifactUploadPart]:
        if not 1 <= max_parts <= MAX_PARTS_AT_ONCE:
            raise Invalid(
                f"`maxParts` is {max_parts}; 1 to {MAX_PARTS_AT_ONCE} parts can be requested.", field="maxParts"
            )
        if not self.viewer_can_complete(info):
            return []
        _count_parts(info, max(1, min(max_parts, self.row.parts - after_number)))
        context = info.context
        parts = await announced.parts(
            context.runtime,
            context.actor,
            self.row,
            context.base_url,
            most=max_parts,
            after=after_number,
            missing_only=missing_only,
        )
        return [ArtifactUploadPart.of(part) for part in parts]

    @resolved("The file, once it is in place.")
    async def artifact(self, info: Info) -> Artifact | None:
        if self.row.artifact_id is None:
            return None
        file = await info.context.loaders.artifacts.artifacts.load((self.row.project_id, self.row.artifact_id))
        return Artifact.of(file) if file else None

    @resolved("The candidate that gets the file; null when a logged model does.")
    async def candidate(self, info: Info) -> tracking.Candidate | None:
        owner = self.row.candidate_id
        return await tracking.candidate_by_key(info, self.row.project_id, owner) if owner else None

    @resolved("The job that verifies it, from its completion on, or from its beginning if the project has its bytes.")
    async def background_job(self, info: Info) -> BackgroundJob | None:
        row = await info.context.loaders.access.jobs.load(self.row.job_id) if self.row.job_id else None
        return BackgroundJob.of(row) if row else None

    @resolved("Whether it is open and yours to complete.")
    def viewer_can_complete(self, info: Info) -> bool:
        return announced.may_complete(info.context.actor, self.row)

    @resolved("Who made it.")
    async def created_by(self, info: Info) -> User | None:
        return await named_user(info, self.row.created_by)


def _count_parts(info: Info, more: int) -> None:
    """Refuse a request that asks for too many parts of all its uploads together."""
    loaders = info.context.loaders.artifacts
    loaders.parts_requested += more
    if loaders.parts_requested > MAX_PARTS_OF_REQUEST:
        limit = f"{MAX_PARTS_OF_REQUEST:,}"
        raise TooLarge(
            f"More than {limit} parts are asked for at once; ask for fewer of each upload.", field="maxParts"
        )


async def uploads_of(info: Info, target: Target, window: Window) -> Connection[ArtifactUpload]:
    """Uploads to a candidate, logged model or version, newest first."""
    context = info.context
    page = await announced.page(context.db, context.actor, target, window)
    return connection(page, ArtifactUpload.of, lambda: announced.count(context.db, context.actor, target))


async def unfinished_uploads(info: Info, project_id: int, window: Window) -> Connection[ArtifactUpload]:
    """Uploads to a project that have not ended, newest first."""
    db, actor = info.context.db, info.context.actor
    page = await unfinished.page(db, actor, project_id, window)
    return connection(page, ArtifactUpload.of, lambda: unfinished.count(db, actor, project_id))


async def upload_by_key(info: Info, project_id: int, upload_id: UUID) -> ArtifactUpload | None:
    """The upload with that id, by the request's loader.

    Raises:
        NotFound: the project may not be seen.
    """
    row = await info.context.loaders.artifacts.uploads.load((project_id, upload_id))
    return ArtifactUpload.of(row) if row else None


# At the end, since the types of these modules refer to each other.
from app.graphql.tracking import types as tracking  # noqa: E402
