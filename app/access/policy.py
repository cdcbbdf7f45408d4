"""Who may do what: the one list of permissions, and the rule that decides.

A use case first finds what the actor may see (else NotFound: what one may not see does not exist), then calls
:func:`require` (else Forbidden).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from app.errors import Forbidden, NotFound, Unauthenticated

if TYPE_CHECKING:
    from app.access.passes import Pass
    from app.access.tables import Project


class Role(IntEnum):
    """What a member is in a group or project; inherited downwards, the highest one counts."""

    GUEST = 10
    REPORTER = 20
    DEVELOPER = 30
    MAINTAINER = 40
    OWNER = 50


class Scope(StrEnum):
    """What a token may be used for, whatever its owner's role."""

    API = "api"
    READ_API = "read_api"


class Permission(StrEnum):
    """Everything that can be allowed in a project; alphabetical."""

    ARTIFACT_RELEASE = "artifact:release"
    CANDIDATE_READ = "candidate:read"
    CANDIDATE_WRITE = "candidate:write"
    JOB_MANAGE = "job:manage"
    CI_MANAGE = "ci:manage"
    MEMBER_MANAGE = "member:manage"
    MLFLOW_WRITE = "mlflow:write"
    PROJECT_DELETE = "project:delete"
    PROJECT_READ = "project:read"
    REGISTRY_READ = "registry:read"
    REGISTRY_WRITE = "registry:write"
    TOKEN_MANAGE = "token:manage"  # noqa: S105  (the name of a permission)
    WEBHOOK_MANAGE = "webhook:manage"


_LEAST_ROLE = {
    Permission.ARTIFACT_RELEASE: Role.MAINTAINER,
    Permission.CANDIDATE_READ: None,
    Permission.CANDIDATE_WRITE: Role.DEVELOPER,
    Permission.JOB_MANAGE: Role.MAINTAINER,
    Permission.CI_MANAGE: Role.MAINTAINER,
    Permission.MEMBER_MANAGE: Role.MAINTAINER,
    Permission.MLFLOW_WRITE: Role.DEVELOPER,
    Permission.PROJECT_DELETE: Role.OWNER,
    Permission.PROJECT_READ: None,
    Permission.REGISTRY_READ: None,
    Permission.REGISTRY_WRITE: Role.REPORTER,
    Permission.TOKEN_MANAGE: Role.MAINTAINER,
    Permission.WEBHOOK_MANAGE: Role.MAINTAINER,
}
"""None: everybody who may see the project."""

_SWITCH = {
    Permission.CANDIDATE_READ: "experiments_access",
    Permission.CANDIDATE_WRITE: "experiments_access",
    Permission.REGISTRY_READ: "registry_access",
    Permission.REGISTRY_WRITE: "registry_access",
}
"""The project setting (disabled, private, enabled) that rules over a permission."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. A token confined to a project or group takes its boundary along."""

    user_id: int | None = None
    username: str = ""
    is_admin: bool = False
    scopes: frozenset[Scope] = field(default_factory=frozenset)
    project_boundary: int | None = None
    group_boundary: int | None = None
    token_id: int | None = None
    ci_job: str | None = None
    """The CI job that got the token for its identity, as ``provider:external id``."""
    known: Pass | None = field(default=None, compare=False, repr=False)
    """What is known of the projects that it reaches; None: nothing is."""

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
    return _switched_on(access, permission) and _permitted(actor, access, permission)


def require(actor: Actor, access: ProjectAccess, permission: Permission) -> None:
    """Refuse what the actor may not do.

    Raises:
        SwitchedOff: the feature is switched off, or open to members only.
        Unauthenticated: nobody is signed in, and somebody would have to be.
        Forbidden: the role or the token's scope is too small.
    """
    if not _switched_on(access, permission):
        raise SwitchedOff(f"This part of project `{access.project.full_path}` is switched off.")
    if _permitted(actor, access, permission):
        return
    if actor.is_anonymous:
        raise Unauthenticated("This needs a token: send it as `Authorization: Bearer myt_…`.")
    least = _LEAST_ROLE[permission]
    if not actor.may_write:
        raise Forbidden(f"The token has the scope read_api only; `{permission}` needs the scope api.")
    name = least.name.lower() if least else "guest"
    have = access.role.name.lower() if access.role else "no role"
    raise Forbidden(f"`{permission}` in project `{access.project.full_path}` needs the role {name}; you have {have}.")


def forget(actor: Actor) -> None:
    """Rely on nothing that the actor's request knew when it began: it has just changed who may do what."""
    if actor.known is not None:
        actor.known.forget()


def require_signed_in(actor: Actor, *, to_write: bool = True) -> int:
    """The id of the user behind the actor.

    Raises:
        Unauthenticated: nobody is signed in.
        Forbidden: the token can only read.
    """
    if actor.user_id is None:
        raise Unauthenticated("This needs a token: send it as `Authorization: Bearer myt_…`.")
    if to_write and not actor.may_write:
        raise Forbidden("The token has the scope read_api only; changes need the scope api.")
    return actor.user_id


def _permitted(actor: Actor, access: ProjectAccess, permission: Permission) -> bool:
    least = _LEAST_ROLE[permission]
    if least is None:
        return True
    return actor.may_write and access.role is not None and access.role >= least


def _switched_on(access: ProjectAccess, permission: Permission) -> bool:
    switch = _SWITCH.get(permission)
    level = getattr(access.project, switch) if switch else "enabled"
    return bool(level == "enabled" or (level == "private" and access.role is not None))
