"""Roles, visibilities, switches and scopes."""

from __future__ import annotations

from enum import Enum

import strawberry

from app.access.policy import Role
from app.access.policy import Scope as TokenScope
from app.access.projects import BumpPolicy as VersionBumpPolicy
from app.graphql.types.fields import enumerated, value

__all__ = ["FeatureAccess", "Role", "TokenScope", "VersionBumpPolicy", "Visibility"]

enumerated(
    Role,
    "What a member is. Each role includes the ones before it; roles of a group hold in all below it.",
    GUEST="Reads.",
    REPORTER="Writes models, versions, aliases and files.",
    DEVELOPER="Writes experiments and candidates, and through MLflow clients.",
    MAINTAINER="Manages members, tokens, webhooks and the CI system.",
    OWNER="Deletes projects.",
)
enumerated(
    TokenScope,
    "What a token may be used for, whatever the role of its owner.",
    name="TokenScope",
    API="Everything that the role allows; of tokens of projects and groups all but what the scopes below are for.",
    READ_API="Reading.",
    READ_REGISTRY="Reading models, versions, aliases and the names and sizes of their files.",
    WRITE_REGISTRY="Reading and writing these, files of versions too.",
    WRITE_CANDIDATES="Reading and writing experiments, candidates and logged models with their files.",
    READ_ARTIFACTS="Besides one of the last three: the bytes of the files that the token may see.",
    MANAGE_ACCESS="Besides api, for a token of a project or group that is maintainer: tokens, members, CI settings.",
    MANAGE_PROJECT="The same for settings and visibility, webhooks, and new projects and groups.",
    DELETE_PROJECT="Besides api, for a token of a project or group that is owner: deleting projects.",
    PROMOTE="Besides api, for a token of a project or group that is developer: moving protected aliases and stages.",
)
enumerated(
    VersionBumpPolicy,
    "What becomes of a version whose step in SemVer is smaller than its differences from the release before it take.",
    name="ModelVersionBumpPolicy",
    HINT="`modelVersionDiff` says so.",
    WARNING="Its promotion warns, too.",
    RULE="Its promotion is refused.",
)


@strawberry.enum(description="Who may know of a group or project.")
class Visibility(Enum):
    PRIVATE = value("private", "Members.")
    INTERNAL = value("internal", "All callers with a token.")
    PUBLIC = value("public", "All callers.")


@strawberry.enum(description="For whom a part of a project is switched on.")
class FeatureAccess(Enum):
    DISABLED = value("disabled", "No one.")
    PRIVATE = value("private", "Members.")
    ENABLED = value("enabled", "All who may see the project.")
