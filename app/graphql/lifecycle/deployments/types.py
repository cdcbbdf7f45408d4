"""Deployments as the client sees them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from app.access.policy import Permission
from app.graphql.access.types import User, maker
from app.graphql.context import Info
from app.graphql.errors import or_none
from app.graphql.lifecycle.deployments.statuses import DeploymentStatus, for_members
from app.graphql.types import ids
from app.graphql.types.fields import resolved
from app.graphql.types.node import Node
from app.graphql.types.scalars import Long
from app.lifecycle.deployments import deployments
from app.lifecycle.deployments.reads import Shown
from app.registry.versions.lookup import ModelVersion as VersionRow

_REASONS = {
    "ended": "It was ended.",
    "replaced": "Another version was registered under the same environment, endpoint and instance.",
    "lost": "No heartbeat came for days.",
}


@strawberry.type(
    description="What a serving stack says it runs: a version under an environment, endpoint and instance."
)
class Deployment(Node):
    row: strawberry.Private[deployments.Deployment]
    environment: str = strawberry.field(description="Such as `production`.")
    endpoint: str = strawberry.field(description="What is served there, such as a name or an address.")
    instance: str = strawberry.field(description="Which of several processes or machines; empty: there is one.")
    version: str = strawberry.field(description="The semantic version that runs.")
    number: Long = strawberry.field(description="The number of the version in its model.")
    model_name: str = strawberry.field(description="The name of the model when it was registered.")
    follows: str = strawberry.field(
        description="The reference that it resolves at its start, such as `stage:production`; empty: none."
    )
    digest: str | None = strawberry.field(
        description="The SHA-256 of the manifest of what it has loaded, as it says itself."
    )
    status: DeploymentStatus = strawberry.field(description="How it stands.")
    status_reason: str | None = strawberry.field(description="Why it has ended; null until then.")
    started_at: datetime = strawberry.field(description="Since when it runs, as it says itself.")
    created_at: datetime = strawberry.field(description="When it was registered.")
    last_heartbeat_at: datetime = strawberry.field(description="When it last said that it runs, to some seconds.")
    ended_at: datetime | None = strawberry.field(description="When it ended; null until then.")

    @classmethod
    def of(cls, row: deployments.Deployment, *, is_silent: bool = False) -> Deployment:
        status = DeploymentStatus.SILENT if is_silent else DeploymentStatus.RUNNING
        ended = _REASONS[row.end_kind] if row.end_kind else None
        return cls(
            id=ids.of("Deployment", row.project_id, row.id),
            row=row,
            environment=row.environment,
            endpoint=row.endpoint,
            instance=row.instance,
            version=row.version,
            number=Long(row.number),
            model_name=row.model,
            follows=row.follows,
            digest=row.digest.hex() if row.digest else None,
            status=DeploymentStatus.ENDED if row.ended_at else status,
            status_reason=row.end_reason or ended,
            started_at=row.started_at,
            created_at=row.created_at,
            last_heartbeat_at=row.heartbeat_at,
            ended_at=row.ended_at,
        )

    @classmethod
    def shown(cls, shown: Shown) -> Deployment:
        return cls.of(shown.row, is_silent=shown.is_silent)

    @resolved("The model.")
    async def model(self, info: Info) -> registry.Model | None:
        return await registry.model_by_key(info, self.row.project_id, self.row.model_id)

    @resolved("The version that runs; null when it was deleted.")
    async def model_version(self, info: Info) -> registry.ModelVersion | None:
        return await registry.version_by_key(info, self.row.project_id, self.row.version_id)

    @resolved("The version that `follows` means now; null when it means none, or nothing is followed.")
    async def model_version_followed(self, info: Info) -> registry.ModelVersion | None:
        row = await self._followed(info)
        return registry.ModelVersion.of(row) if row else None

    @resolved("Whether `follows` means another version now than the one that runs; null when nothing is followed.")
    async def is_drifting(self, info: Info) -> bool | None:
        if not self.row.follows or self.row.ended_at is not None:
            return None
        row = await self._followed(info)
        return row is None or row.id != self.row.version_id

    @resolved(
        "Whether `digest` is another one than that of the version, which is sealed: then other files were loaded than "
        "the registry has. Null when nothing was told, or the version is not sealed."
    )
    async def has_other_files(self, info: Info) -> bool | None:
        if self.row.digest is None:
            return None
        row = await or_none(info.context.loaders.registry.versions.load((self.row.project_id, self.row.version_id)))
        return None if row is None or row.manifest_digest is None else row.manifest_digest != self.row.digest

    @resolved("Who registered it.")
    async def created_by(self, info: Info) -> User | None:
        return await maker(info, self.row.created_by, self.row.project_id)

    @resolved("Who ended it, or registered what came after it.")
    async def ended_by(self, info: Info) -> User | None:
        return await maker(info, self.row.ended_by, self.row.project_id)

    @resolved("Whether you may send heartbeats for it, and end it.")
    async def viewer_can_update(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.DEPLOYMENT_WRITE)

    async def _followed(self, info: Info) -> VersionRow | None:
        if not self.row.follows:
            return None
        key = ((self.row.project_id, self.row.model_id), self.row.follows)
        return await or_none(info.context.loaders.deployments.followed.load(key))


async def deployment_by_key(info: Info, project_id: int, deployment_id: int) -> Deployment | None:
    """The deployment of that id, by the request's loader; None when there is none that may be seen."""
    shown = await for_members(info.context.loaders.deployments.deployments.load((project_id, deployment_id)), None)
    return Deployment.shown(shown) if shown else None


# At the end, since the types of these modules refer to each other.
from app.graphql.access import groups_and_projects  # noqa: E402
from app.graphql.registry import types as registry  # noqa: E402
