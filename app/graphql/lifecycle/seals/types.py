"""Seals, withdrawals and manifests as the client sees them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from app.access.policy import Permission
from app.artifacts.artifacts import ArtifactDetails
from app.graphql.access.types import User, maker
from app.graphql.context import Info
from app.graphql.types.connections import Connection, connection
from app.graphql.types.fields import enumerated, resolved
from app.graphql.types.scalars import Long
from app.lifecycle.seals import manifests, withdrawals
from app.lifecycle.seals.reads import VersionSeal, VersionWithdrawal
from app.lifecycle.seals.withdrawals import Kind
from app.pagination import Window

enumerated(
    Kind,
    "How a version is withdrawn.",
    name="ModelVersionWithdrawalKind",
    YANK="`latest`, ranges and stages mean others; its text, its number and aliases mean it, with a warning.",
    DEPRECATION="It is meant as before, with a warning.",
)


@strawberry.type(description="That a version is sealed: its files, facts and description do not change any more.")
class ModelVersionSeal:
    row: strawberry.Private[VersionSeal]
    digest: str = strawberry.field(
        description="`sha256:` and the SHA-256 of its manifest (`modelVersionManifest`), in hexadecimal digits."
    )
    file_count: Long = strawberry.field(description="How many files it has.")
    size: Long = strawberry.field(description="Bytes of all files.")
    sealed_at: datetime = strawberry.field(description="Since when.")

    @classmethod
    def of(cls, row: VersionSeal) -> ModelVersionSeal:
        return cls(
            row=row,
            digest=manifests.shown_digest(row.digest),
            file_count=Long(row.file_count),
            size=Long(row.size),
            sealed_at=row.sealed_at,
        )

    @resolved("Who sealed it, or promoted it to a stage that seals.")
    async def sealed_by(self, info: Info) -> User | None:
        return await maker(info, self.row.sealed_by, self.row.project_id)


@strawberry.type(description="That a version was yanked or deprecated, and perhaps that this was undone.")
class ModelVersionWithdrawal:
    row: strawberry.Private[VersionWithdrawal]
    kind: Kind = strawberry.field(description="Whether it was yanked or deprecated.")
    given_reason: str = strawberry.field(description="Why.")
    replacement: str | None = strawberry.field(
        description="The version of the model to use instead, as text; null: none was named."
    )
    created_at: datetime = strawberry.field(description="Since when.")
    undone_at: datetime | None = strawberry.field(description="When it was undone; null: it stands.")
    undone_reason: str | None = strawberry.field(description="Why it was undone.")

    @classmethod
    def of(cls, row: VersionWithdrawal) -> ModelVersionWithdrawal:
        return cls(
            row=row,
            kind=Kind(row.kind),
            given_reason=row.reason,
            replacement=row.replacement,
            created_at=row.made_at,
            undone_at=row.undone_at,
            undone_reason=row.undone_reason,
        )

    @resolved("Who did it.")
    async def created_by(self, info: Info) -> User | None:
        return await maker(info, self.row.made_by, self.row.project_id)

    @resolved("Who undid it.")
    async def undone_by(self, info: Info) -> User | None:
        return await maker(info, self.row.undone_by, self.row.project_id)


@strawberry.type(description="A file of a manifest.")
class ManifestFile:
    path: str = strawberry.field(description="Folders and name, below the folder of the version.")
    size: Long = strawberry.field(description="Bytes.")
    sha256: str = strawberry.field(description="The SHA-256 of its bytes, in hexadecimal digits.")
    media_type: str = strawberry.field(description="What it is served as.")

    @classmethod
    def of(cls, details: ArtifactDetails, folder: str) -> ManifestFile:
        return cls(
            path=manifests.path_below(folder, details.path),
            size=Long(details.size),
            sha256=details.sha256.hex(),
            media_type=details.media_type,
        )


@strawberry.type(description="All files of a version as one text with one digest.")
class ModelVersionManifest:
    document: str = strawberry.field(
        description="JSON in canonical form (RFC 8785): `files` by path in byte order, each with `mediaType`, `path`, "
        "`sha256` and `size`; `format`; and `location`, where the files are kept elsewhere."
    )
    digest: str = strawberry.field(description="`sha256:` and the SHA-256 of the document, in hexadecimal digits.")
    is_sealed: bool = strawberry.field(description="Whether the version is sealed, so that this does not change.")
    file_count: Long = strawberry.field(description="How many files there are.")
    size: Long = strawberry.field(description="Bytes of all files.")


async def files_of(
    info: Info, key: tuple[int, UUID], page: Window, folder: str, permission: Permission
) -> Connection[ManifestFile]:
    """The files below a folder of a root, as a manifest has them."""
    loaders = info.context.loaders.artifacts
    rows = await loaders.pages.load((key, (page, folder, permission)))
    count = (key, (folder, permission))
    return connection(rows, lambda row: ManifestFile.of(row, folder), lambda: loaders.counts.load(count))


def warnings_of(version: str, rows: list[VersionWithdrawal]) -> list[str]:
    """What users of a version are told."""
    return [withdrawals.warning(version, row) for row in rows if row.undone_at is None]
