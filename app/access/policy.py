"""Who may do what: the one list of permissions, and the rule that decides.

A use case first finds what the actor may see (else NotFound: what one may not see does not exist), then calls
:func:`require` (else Forbidden).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from app.access.authentication.client_info import UNKNOWN, ClientInfo
from app.errors import Forbidden, Invalid, NotFound, Unauthenticated

if TYPE_CHECKING:
    from app.access.authentication.access_cache import RequestCache
    from app.access.tables import Project


class Role(IntEnum):
    """What a member is in a group or project; inherited downwards, the highest one counts."""

    GUEST = 10
    REPORTER = 20
    DEVELOPER = 30
    MAINTAINER = 40
    OWNER = 50


class Scope(StrEnum):
    """What a token may be used for, whatever its owner's role.

    Those behind the first two come on top of ``api``, and only for tokens of projects and groups: see ``_BOT_NEEDS``.
    """

    API = "api"
    READ_API = "read_api"
    MANAGE_ACCESS = "manage_access"
    MANAGE_PROJECT = "manage_project"
    DELETE_PROJECT = "delete_project"


class Permission(StrEnum):
    """Everything that can be allowed in a project or group; alphabetical."""

    ARTIFACT_RELEASE = "artifact:release"
    CANDIDATE_READ = "candidate:read"
    CANDIDATE_WRITE = "candidate:write"
    CI_MANAGE = "ci:manage"
    GROUP_CREATE = "group:create"
    GROUP_DELETE = "group:delete"
    GROUP_UPDATE = "group:update"
    JOB_MANAGE = "job:manage"
    MEMBER_MANAGE = "member:manage"
    MLFLOW_WRITE = "mlflow:write"
    PERSON_INVITE = "person:invite"
    PROJECT_CREATE = "project:create"
    PROJECT_DELETE = "project:delete"
    PROJECT_READ = "project:read"
    PROJECT_TRANSFER = "project:transfer"
    PROJECT_UPDATE = "project:update"
    REGISTRY_READ = "registry:read"
    REGISTRY_WRITE = "registry:write"
    TOKEN_MANAGE = "token:manage"  # noqa: S105  (the name of a permission)
    WEBHOOK_MANAGE = "webhook:manage"


_LEAST_ROLE = {
    Permission.ARTIFACT_RELEASE: Role.MAINTAINER,
    Permission.CANDIDATE_READ: None,
    Permission.CANDIDATE_WRITE: Role.DEVELOPER,
    Permission.CI_MANAGE: Role.MAINTAINER,
    Permission.GROUP_CREATE: Role.MAINTAINER,
    Permission.GROUP_DELETE: Role.OWNER,
    Permission.GROUP_UPDATE: Role.OWNER,
    Permission.JOB_MANAGE: Role.MAINTAINER,
    Permission.MEMBER_MANAGE: Role.MAINTAINER,
    Permission.MLFLOW_WRITE: Role.DEVELOPER,
    Permission.PERSON_INVITE: Role.OWNER,
    Permission.PROJECT_CREATE: Role.MAINTAINER,
    Permission.PROJECT_DELETE: Role.OWNER,
    Permission.PROJECT_READ: None,
    Permission.PROJECT_TRANSFER: Role.OWNER,
    Permission.PROJECT_UPDATE: Role.MAINTAINER,
    Permission.REGISTRY_READ: None,
    Permission.REGISTRY_WRITE: Role.REPORTER,
    Permission.TOKEN_MANAGE: Role.MAINTAINER,
    Permission.WEBHOOK_MANAGE: Role.MAINTAINER,
}
"""None: every caller who may see the project."""

_BOT_NEEDS = {
    Permission.CI_MANAGE: Scope.MANAGE_ACCESS,
    Permission.GROUP_CREATE: Scope.MANAGE_PROJECT,
    Permission.GROUP_DELETE: Scope.DELETE_PROJECT,
    Permission.GROUP_UPDATE: Scope.MANAGE_PROJECT,
    Permission.MEMBER_MANAGE: Scope.MANAGE_ACCESS,
    Permission.PROJECT_CREATE: Scope.MANAGE_PROJECT,
    Permission.PROJECT_DELETE: Scope.DELETE_PROJECT,
    Permission.PROJECT_TRANSFER: Scope.DELETE_PROJECT,
    Permission.PROJECT_UPDATE: Scope.MANAGE_PROJECT,
    Permission.TOKEN_MANAGE: Scope.MANAGE_ACCESS,
    Permission.WEBHOOK_MANAGE: Scope.MANAGE_PROJECT,
}
"""What a token of a project or group may do with this scope only, whatever its role.

It is all by which a token could give itself or others more than it was given, or would go on to have an effect after
its end: other tokens, members, trust in CI identities; visibility, new projects and groups, webhooks that carry what
happens in the project to any address; and the end of the project.
"""

GRANTED_BY = {
    Scope.MANAGE_ACCESS: Role.MAINTAINER,
    Scope.MANAGE_PROJECT: Role.MAINTAINER,
    Scope.DELETE_PROJECT: Role.OWNER,
}
"""The least role, in the project or group of the token, of the person who gives it such a scope,
for as long as it shall hold."""

_SWITCH = {
    Permission.CANDIDATE_READ: "experiments_access",
    Permission.CANDIDATE_WRITE: "experiments_access",
    Permission.REGISTRY_READ: "registry_access",
    Permission.REGISTRY_WRITE: "registry_access",
}
"""The project setting (disabled, private, enabled) that rules over a permission."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls. A token confined to a project or group takes its boundary along."""

    user_id: int | None = None
    username: str = ""
    is_admin: bool = False
    scopes: frozenset[Scope] = field(default_factory=frozenset)
    project_boundary: int | None = None
    group_boundary: int | None = None
    token_id: int | None = None
    ci_job: str | None = None
    """The CI job that got the token for its identity, as ``provider:external id``."""
    session_id: int | None = None
    """The session of a browser; such a request has no token."""
    client: ClientInfo = field(default=UNKNOWN, compare=False, repr=False)
    """Where the request comes from."""
    valid_until: datetime | None = field(default=None, compare=False, repr=False)
    """When it has to be read again: its token or session ends then, or a membership of its user."""
    cache: RequestCache | None = field(default=None, compare=False, repr=False)
    """The projects that were read for it already; None: nothing is cached."""

    @property
    def is_anonymous(self) -> bool:
        return self.user_id is None

    @property
    def is_confined(self) -> bool:
        return self.project_boundary is not None or self.group_boundary is not None

    @property
    def may_write(self) -> bool:
        return Scope.API in self.scopes


ANONYMOUS = Actor()


@dataclass(frozen=True, slots=True)
class ProjectAccess:
    """A project that the actor may see, and the actor's role in it (None: a visitor)."""

    project: Project
    role: Role | None

    @property
    def id(self) -> int:
        return self.project.id


class SwitchedOff(NotFound):
    """A part of a project that the actor may see is switched off, or open to members only."""


def allows(actor: Actor, access: ProjectAccess, permission: Permission) -> bool:
    """Whether the actor may do that in a project that it can see."""
    return _switched_on(access, permission) and permits(actor, access.role, permission)


def require(actor: Actor, access: ProjectAccess, permission: Permission) -> None:
    """Refuse what the actor may not do.

    Raises:
        SwitchedOff: the feature is switched off, or open to members only.
        Unauthenticated: the request is anonymous, and this needs a token.
        Forbidden: the role or the token's scope is too small.
    """
    if not _switched_on(access, permission):
        raise SwitchedOff(f"This part of project `{access.project.full_path}` is switched off.")
    require_role(actor, f"project `{access.project.full_path}`", access.role, permission)


def require_role(actor: Actor, target: str, role: Role | None, permission: Permission) -> None:
    """The same of a group, or of a project whose switches do not matter; ``role`` is the actor's there.

    ``target`` names it in the refusal.

    Raises:
        Unauthenticated: the request is anonymous, and this needs a token.
        Forbidden: the role or the token's scope is too small.
    """
    if permits(actor, role, permission):
        return
    if actor.is_anonymous:
        raise Unauthenticated("This needs a token: send it as `Authorization: Bearer myt_…`.")
    if not actor.may_write:
        raise Forbidden(f"The token has the scope read_api only; `{permission}` needs the scope api.")
    least = _LEAST_ROLE[permission] or Role.GUEST
    if role is None or role < least:
        have = role.name.lower() if role else "no role"
        raise Forbidden(f"`{permission}` in {target} needs the role {least.name.lower()}; you have {have}.")
    raise Forbidden(
        f"`{permission}` needs the scope {_BOT_NEEDS[permission]} of a token of a project or group; only a person can "
        "give it, when the token is made."
    )


def permits(actor: Actor, role: Role | None, permission: Permission) -> bool:
    """Whether the actor may do that in a project or group that it can see and where it has that role."""
    least = _LEAST_ROLE[permission]
    if least is None:
        return True
    needed = _BOT_NEEDS.get(permission) if actor.is_confined else None
    has_scope = needed is None or needed in actor.scopes
    return actor.may_write and role is not None and role >= least and has_scope


def require_grantable(actor: Actor, own: Role, given: Role, scopes: Collection[Scope]) -> None:
    """Refuse scopes and a role that the actor cannot give a token of a project or group; ``own`` is its role there.

    Raises:
        Forbidden: more than the actor has, or a scope that only people can give.
        Invalid: a scope without the role or the scope that it builds on.
    """
    if given > own:
        raise Forbidden(f"You are {own.name.lower()} here and cannot make a token with the role {given.name.lower()}.")
    for scope in (scope for scope in GRANTED_BY if scope in scopes):
        least = GRANTED_BY[scope]
        if actor.is_confined:
            raise Forbidden(f"Only a person can give a token the scope {scope}; this is a token of a project or group.")
        if own < least:
            needed = f"to give the scope {scope} takes the role {least.name.lower()}"
            raise Forbidden(f"You are {own.name.lower()} here; {needed}.")
        if given < least or Scope.API not in scopes:
            raise Invalid(
                f"The scope {scope} comes on top of the scope api and the role {least.name.lower()}; "
                f"this token would have {', '.join(scopes)} and {given.name.lower()}.",
                field="scopes",
            )


def holding(scopes: Collection[Scope], granter: Role | None) -> frozenset[Scope]:
    """The scopes that a token has now: some last as long as the person who gave them could give them again."""
    return frozenset(
        scope for scope in scopes if scope not in GRANTED_BY or (granter is not None and granter >= GRANTED_BY[scope])
    )


def invalidate_cache(actor: Actor) -> None:
    """Use nothing that was cached when the actor's request began: it has just changed who may do what."""
    if actor.cache is not None:
        actor.cache.invalidate()


def require_signed_in(actor: Actor, *, to_write: bool = True) -> int:
    """The id of the user behind the actor.

    Raises:
        Unauthenticated: the request is anonymous.
        Forbidden: the token can only read.
    """
    if actor.user_id is None:
        raise Unauthenticated("This needs a token: send it as `Authorization: Bearer myt_…`.")
    if to_write and not actor.may_write:
        raise Forbidden("The token has the scope read_api only; changes need the scope api.")
    return actor.user_id


def require_administrator(actor: Actor, to_do: str) -> int:
    """The id of an administrator, who acts without a boundary; ``to_do`` completes "Only administrators …".

    Raises:
        Unauthenticated: the request is anonymous.
        Forbidden: the actor is none, or its token can only read.
    """
    user_id = require_signed_in(actor)
    if not actor.is_admin or actor.is_confined:
        raise Forbidden(f"Only administrators {to_do}.")
    return user_id


def _switched_on(access: ProjectAccess, permission: Permission) -> bool:
    switch = _SWITCH.get(permission)
    level = getattr(access.project, switch) if switch else "enabled"
    return bool(level == "enabled" or (level == "private" and access.role is not None))
