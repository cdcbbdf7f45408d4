"""Inputs of the mutations of users, groups, projects, members and tokens."""

from __future__ import annotations

from datetime import datetime

import strawberry

from app.access import policy
from app.graphql.access.enums import FeatureAccess, Role, TokenScope, VersionBumpPolicy, Visibility
from app.graphql.access.lookups import GroupLookup, GroupOrProjectLookup, ProjectLookup
from app.graphql.types.fields import choice, optional
from app.graphql.types.scalars import Long


@strawberry.input(description="Input of `userCreate`.")
class UserCreateInput:
    username: str = strawberry.field(description="Unique, and not the path of a group.")
    name: str | None = optional("For people to read; the username when left out.")
    email: str | None = optional("The e-mail address, of no other user.")
    is_admin: bool = optional("Whether the user administers the installation.", default=False)


@strawberry.input(description="Input of `groupCreate`.")
class GroupCreateInput:
    path: str = strawberry.field(description="Its part of the address.")
    name: str | None = optional("For people to read; the path when left out.")
    parent: GroupLookup | None = optional("The group that it is created in; a top-level group when left out.")
    visibility: Visibility = optional("Who may know of it.", default=Visibility.PRIVATE)


@strawberry.input(description="Input of `projectCreate`.")
class ProjectCreateInput:
    group: GroupLookup = strawberry.field(description="The group, or the user's namespace, that it is created in.")
    path: str = strawberry.field(description="Its part of the address.")
    name: str | None = optional("For people to read; the path when left out.")
    description: str = optional("Markdown, at most 10,000 characters.", default="")
    visibility: Visibility = optional("Who may know of it.", default=Visibility.PRIVATE)


@strawberry.input(description="Input of `projectUpdate`; what is left out stays.")
class ProjectUpdateInput:
    project: ProjectLookup = strawberry.field(description="The project.")
    name: str | None = optional("For people to read.")
    description: str | None = optional("Markdown, at most 10,000 characters.")
    visibility: Visibility | None = optional("Who may know of it.")
    registry_access: FeatureAccess | None = optional("For whom models and versions are switched on.")
    experiments_access: FeatureAccess | None = optional("For whom experiments and candidates are switched on.")
    allows_version_reuse: bool | None = optional(
        "Whether the SemVer of a deleted version may come back with other files."
    )
    version_bump_policy: VersionBumpPolicy | None = optional(
        "What becomes of a version whose step in SemVer is smaller than its differences take."
    )


@strawberry.input(description="Input of `projectDelete`; everything in the project is deleted with it.")
class ProjectDeleteInput:
    project: ProjectLookup = strawberry.field(description="The project.")
    confirm: str = strawberry.field(description="Its full path, to show that this one is meant.")


@strawberry.input(description="Input of `memberSet`.")
class MemberSetInput:
    group_or_project: GroupOrProjectLookup = strawberry.field(description="The group or project.")
    username: str | None = optional("Who; this or `email`.")
    email: str | None = optional("The address of a user whom you may see; of another one, invite the person.")
    role: Role = strawberry.field(description="The role, at most your own; it replaces a former one.")
    expires_at: datetime | None = choice("When the role ends; null: never; as it was when left out.")


@strawberry.input(description="Input of `memberDelete`; inherited roles stay.")
class MemberDeleteInput:
    group_or_project: GroupOrProjectLookup = strawberry.field(description="The group or project.")
    username: str = strawberry.field(description="Who; yourself to leave.")


@strawberry.input(description="Input of `tokenCreate`.")
class TokenCreateInput:
    name: str = strawberry.field(description="What it is for.")
    group_or_project: GroupOrProjectLookup | None = optional(
        "Confines it to a group or project, where a bot of its own acts; a personal token when left out."
    )
    role: Role = optional("The role of that bot; of no meaning for personal tokens.", default=policy.Role.DEVELOPER)
    service_account_id: strawberry.ID | None = optional(
        "Instead of a group or project: the service account that it acts as, with the role of that."
    )
    scopes: list[TokenScope] = strawberry.field(
        default_factory=lambda: [policy.Scope.API], description="What it may be used for."
    )
    model_patterns: list[str] | None = optional(
        "Confines it to models whose names match one of these, where `*` stands for any characters: `fraud-*`. Only "
        "with the scopes `READ_REGISTRY`, `WRITE_REGISTRY` and `READ_ARTIFACTS`."
    )
    expires_at: datetime | None = optional(
        "From when on it is refused; when left out never, or as late as the installation allows."
    )
    request_limit: int | None = optional("Requests in a minute that it may make; no limit when left out.")
    storage_limit: Long | None = optional("Bytes that may be stored with it; no limit when left out.")


@strawberry.input(description="Input of `tokenRevoke`.")
class TokenRevokeInput:
    id: strawberry.ID = strawberry.field(description="The id of the token.")


@strawberry.input(description="Input of `tokenRotate`.")
class TokenRotateInput:
    id: strawberry.ID = strawberry.field(description="The id of the token.")
    overlap_seconds: int = optional(
        "For how long the old secret goes on beside the new one; 0 ends it at once, at most 2,592,000 (30 days).",
        default=0,
    )
    expires_at: datetime | None = optional(
        "From when on the new one is refused; when left out it lives as long as the old one was made to live."
    )


@strawberry.input(description="Input of `serviceAccountCreate`.")
class ServiceAccountCreateInput:
    group_or_project: GroupOrProjectLookup = strawberry.field(description="The group or project that it belongs to.")
    name: str = strawberry.field(description="Unique in it, whatever the case.")
    description: str = optional("What it is for, at most 1,000 characters.", default="")
    role: Role = optional("Its role there, at most your own.", default=policy.Role.DEVELOPER)


@strawberry.input(description="Input of `serviceAccountUpdate`; what is left out stays.")
class ServiceAccountUpdateInput:
    id: strawberry.ID = strawberry.field(description="The id of the service account.")
    name: str | None = optional("Unique in its group or project, whatever the case.")
    description: str | None = optional("What it is for, at most 1,000 characters.")
    role: Role | None = optional("Its role, at most your own; it holds for all its tokens at once.")


@strawberry.input(description="Input of `serviceAccountDelete`; all its tokens end.")
class ServiceAccountDeleteInput:
    id: strawberry.ID = strawberry.field(description="The id of the service account.")
