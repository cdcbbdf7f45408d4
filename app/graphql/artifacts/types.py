"""Files as the client sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from app.artifacts import downloads, paths
from app.artifacts.artifacts import ArtifactDetails
from app.graphql import ids
from app.graphql.access.types import User, user_by_id
from app.graphql.connections import Connection, connection
from app.graphql.context import Info
from app.graphql.fields import resolved
from app.graphql.node import Node
from app.graphql.scalars import Long
from app.pagination import Window

Folder = Annotated[str, strawberry.argument(description="Only files below this folder, in whatever depth.")]


@strawberry.type(description="A file of a candidate or version.")
class Artifact(Node):
    details: strawberry.Private[ArtifactDetails]
    path: str = strawberry.field(description="Folders and name, joined by slashes.")
    name: str = strawberry.field(description="The last part of the path.")
    size: Long = strawberry.field(description="Bytes.")
    sha256: str = strawberry.field(description="The SHA-256 of its bytes, in hexadecimal digits.")
    media_type: str = strawberry.field(description="What it is served as.")
    created_at: datetime = strawberry.field(description="When it was stored.")

    @classmethod
    def of(cls, details: ArtifactDetails) -> Artifact:
        return cls(
            id=ids.of("Artifact", details.project_id, details.id),
            details=details,
            path=details.path,
            name=details.path.rpartition("/")[2],
            size=Long(details.size),
            sha256=details.sha256.hex(),
            media_type=details.media_type,
            created_at=details.created_at,
        )

    @resolved("Where anybody can download it for the next five minutes, without a token.")
    def download_url(self, info: Info) -> str:
        return downloads.link(info.context.runtime.settings, self.details)

    @resolved("Who stored it.")
    async def created_by(self, info: Info) -> User | None:
        return await user_by_id(info, self.details.created_by)


async def artifacts_of(info: Info, project_id: int, root_id: UUID, window: Window, folder: str) -> Connection[Artifact]:
    """The files below a folder of a root, by path."""
    loaders, key = info.context.loaders.artifacts, (project_id, root_id)
    folder = paths.check_folder(folder, "folder")
    page = await loaders.pages.load((key, (window, folder)))
    return connection(page, Artifact.of, lambda: loaders.counts.load((key, folder)))
