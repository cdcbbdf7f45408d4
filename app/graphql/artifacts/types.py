"""Files as the client sees them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.access.policy import Permission
from app.artifacts import paths
from app.artifacts.artifacts import ArtifactDetails
from app.artifacts.reads.loaders import Findings
from app.files import links, targets
from app.graphql.access.types import User, maker
from app.graphql.context import Info
from app.graphql.types import ids
from app.graphql.types.connections import Connection, connection
from app.graphql.types.fields import resolved, value
from app.graphql.types.node import Node
from app.graphql.types.scalars import Long
from app.pagination import Window

Folder = Annotated[str, strawberry.argument(description="Only files below this folder, in whatever depth.")]


@strawberry.enum(description="Whether a file can be used.")
class ArtifactStatus(Enum):
    READY = value("ready", "It can be downloaded; while `inspectedAt` is null it is not inspected yet.")
    FAILED = value("failed", "Its bytes are as they were sent, but it is not what it claims to be; see `statusReason`.")
    QUARANTINED = value("quarantined", "It may run foreign code when it is loaded; downloads are refused.")


@strawberry.enum(description="The verdict on a file that can run code when it is loaded.")
class ArtifactScanVerdict(Enum):
    SAFE = value("safe", "It imports nothing but what is known to be harmless.")
    SUSPICIOUS = value("suspicious", "It imports something unknown.")
    DANGEROUS = value("dangerous", "It imports what can run any code.")
    UNREADABLE = value("unreadable", "It could not be read to its end.")


@strawberry.enum(description="What is wrong with the stored bytes of a file. Sending the same bytes again heals it.")
class ArtifactDamage(Enum):
    MISSING = value("missing", "They are not in the store.")
    SIZE = value("size", "Their size has changed.")
    HASH = value("hash", "Their SHA-256 has changed.")


@strawberry.type(description="The findings of scanners in a file. Nothing is ever unpickled for it.")
class ArtifactScan:
    verdict: ArtifactScanVerdict = strawberry.field(description="The worst verdict of all scanners.")
    imports: list[str] = strawberry.field(description="What the file imports when it is loaded.")
    findings: list[str] = strawberry.field(description="The findings, in words.")
    scanners: list[str] = strawberry.field(description="The scanners, with versions.")

    @classmethod
    def of(cls, scan: Mapping[str, Any]) -> ArtifactScan:
        return cls(
            verdict=ArtifactScanVerdict(scan["verdict"]),
            imports=list(scan["imports"]),
            findings=list(scan["findings"]),
            scanners=list(scan["scanners"]),
        )


@strawberry.type(description="A file of a candidate or version.")
class Artifact(Node):
    details: strawberry.Private[ArtifactDetails]
    path: str = strawberry.field(description="Folders and name, joined by slashes.")
    name: str = strawberry.field(description="The last part of the path.")
    size: Long = strawberry.field(description="Bytes.")
    sha256: str = strawberry.field(description="The SHA-256 of its bytes, in hexadecimal digits.")
    media_type: str = strawberry.field(description="Its media type, e.g. `application/json`.")
    created_at: datetime = strawberry.field(description="When it was stored.")
    status: ArtifactStatus = strawberry.field(description="Whether it can be used.")
    status_reason: str | None = strawberry.field(description="Why it failed or is in quarantine, or was so once.")
    damage: ArtifactDamage | None = strawberry.field(
        description="What is known to be wrong with its bytes in the store; its download answers 503. Null: nothing."
    )
    format: str | None = strawberry.field(description="What its content is, e.g. `safetensors`; null: nothing known.")
    inspected_at: datetime | None = strawberry.field(description="When it was inspected; null: not yet.")
    released_at: datetime | None = strawberry.field(description="When a maintainer let it out of quarantine.")

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
            status=ArtifactStatus(details.state),
            status_reason=details.state_reason,
            damage=ArtifactDamage(details.damage) if details.damage else None,
            format=details.format,
            inspected_at=details.inspected_at,
            released_at=details.released_at,
        )

    @resolved(
        "Link to download it without a token, valid for five minutes and as long as you may read it; null while in "
        "quarantine."
    )
    def download_url(self, info: Info) -> str | None:
        context = info.context
        return links.download_url(context.runtime.settings, context.actor, self.details, context.base_url)

    @resolved("Metadata read from the file; its fields depend on `format`.")
    async def facts(self, info: Info) -> JSON | None:
        findings = await self._findings(info)
        return JSON(findings.facts) if findings and findings.facts else None

    @resolved("The findings of scanners; null when it holds nothing that runs.")
    async def scan(self, info: Info) -> ArtifactScan | None:
        findings = await self._findings(info)
        return ArtifactScan.of(findings.scan) if findings and findings.scan else None

    async def _findings(self, info: Info) -> Findings | None:
        return await info.context.loaders.artifacts.findings.load((self.details.project_id, self.details.id))

    @resolved("Whether you may delete it.")
    async def viewer_can_delete(self, info: Info) -> bool:
        access = await info.context.loaders.access.projects.load(self.details.project_id)
        return access is not None and targets.may_write(info.context.actor, access)

    @resolved("Whether it is in quarantine and you may let it out.")
    async def viewer_can_release(self, info: Info) -> bool:
        if self.status is not ArtifactStatus.QUARANTINED:
            return False
        return await groups_and_projects.may(info, self.details.project_id, Permission.ARTIFACT_RELEASE)

    @resolved("Who stored it.")
    async def created_by(self, info: Info) -> User | None:
        return await maker(info, self.details.created_by, self.details.project_id)


async def artifacts_of(
    info: Info, key: tuple[int, UUID], page: Window, folder: str, permission: Permission
) -> Connection[Artifact]:
    """The files below a folder of a root, by path, as those of a candidate or of a version."""
    loaders, folder = info.context.loaders.artifacts, paths.check_folder(folder, "folder")
    rows = await loaders.pages.load((key, (page, folder, permission)))
    return connection(rows, Artifact.of, lambda: loaders.counts.load((key, (folder, permission))))


from app.graphql.access import groups_and_projects  # noqa: E402 - types of these modules refer to each other
