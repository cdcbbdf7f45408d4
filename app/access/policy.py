"""Who may do what: the one list of permissions, and the rule that decides.

A use case first finds what the actor may see (else NotFound: what one may not see does not exist), then calls
:func:`require` (else Forbidden).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from app.access.authentication.client_info import UNKNOWN, ClientInfo
from app.access.token_rules import model_patterns
from app.errors import Forbidden, NotFound, Unauthenticated

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
    """What a token may be used for, whatever its owner's role: see ``_SCOPES``.

    The last four come on top of ``api``, and only for tokens of projects and groups: see ``_BOT_NEEDS``. ``promote``
    lets a token move protected aliases and stages (:mod:`app.registry.stages.protections`).
    """

    API = "api"
    READ_API = "read_api"
    READ_REGISTRY = "read_registry"
    WRITE_REGISTRY = "write_registry"
    WRITE_CANDIDATES = "write_candidates"
    READ_ARTIFACTS = "read_artifacts"
    MANAGE_ACCESS = "manage_access"
    MANAGE_PROJECT = "manage_project"
    DELETE_PROJECT = "delete_project"
    PROMOTE = "promote"


class Permission(StrEnum):
    """Everything that can be allowed in a project or group, and what belongs to none (``account``); alphabetical."""

    ACCOUNT_MANAGE = "account:manage"
    ACCOUNT_READ = "account:read"
    ARTIFACT_READ = "artifact:read"
    ARTIFACT_RELEASE = "artifact:release"
    AUDIT_READ = "audit:read"
    CANDIDATE_READ = "candidate:read"
    CANDIDATE_WRITE = "candidate:write"
    CI_MANAGE = "ci:manage"
    DEPLOYMENT_READ = "deployment:read"
    DEPLOYMENT_WRITE = "deployment:write"
    EVALUATION_WRITE = "evaluation:write"
    FACT_WRITE = "fact:write"
    GROUP_CREATE = "group:create"
    GROUP_DELETE = "group:delete"
    GROUP_UPDATE = "group:update"
    JOB_MANAGE = "job:manage"
    JOB_READ = "job:read"
    LIFECYCLE_MANAGE = "lifecycle:manage"
    MEMBER_MANAGE = "member:manage"
    MEMBER_READ = "member:read"
    MLFLOW_WRITE = "mlflow:write"
    PERSON_INVITE = "person:invite"
    PROJECT_CREATE = "project:create"
    PROJECT_DELETE = "project:delete"
    PROJECT_READ = "project:read"
    PROJECT_TRANSFER = "project:transfer"
    PROJECT_UPDATE = "project:update"
    PROMOTION_APPROVE = "promotion:approve"
    PROMOTION_BYPASS = "promotion:bypass"
    PROTECTED_WRITE = "protected:write"
    REGISTRY_PURGE = "registry:purge"
    REGISTRY_READ = "registry:read"
    REGISTRY_WRITE = "registry:write"
    STORAGE_READ = "storage:read"
    TOKEN_MANAGE = "token:manage"  # noqa: S105  (the name of a permission)
    WEBHOOK_MANAGE = "webhook:manage"


_LEAST_ROLE = {
    Permission.ACCOUNT_MANAGE: None,
    Permission.ACCOUNT_READ: None,
    Permission.ARTIFACT_READ: None,
    Permission.ARTIFACT_RELEASE: Role.MAINTAINER,
    Permission.AUDIT_READ: Role.MAINTAINER,
    Permission.CANDIDATE_READ: None,
    Permission.CANDIDATE_WRITE: Role.DEVELOPER,
    Permission.CI_MANAGE: Role.MAINTAINER,
    Permission.DEPLOYMENT_READ: Role.GUEST,
    Permission.DEPLOYMENT_WRITE: Role.REPORTER,
    **dict.fromkeys((Permission.EVALUATION_WRITE, Permission.FACT_WRITE), Role.REPORTER),
    Permission.GROUP_CREATE: Role.MAINTAINER,
    Permission.GROUP_DELETE: Role.OWNER,
    Permission.GROUP_UPDATE: Role.OWNER,
    Permission.JOB_MANAGE: Role.MAINTAINER,
    Permission.JOB_READ: None,
    Permission.LIFECYCLE_MANAGE: Role.MAINTAINER,
    Permission.MEMBER_MANAGE: Role.MAINTAINER,
    Permission.MEMBER_READ: None,
    Permission.MLFLOW_WRITE: Role.DEVELOPER,
    Permission.PERSON_INVITE: Role.OWNER,
    Permission.PROJECT_CREATE: Role.MAINTAINER,
    Permission.PROJECT_DELETE: Role.OWNER,
    Permission.PROJECT_READ: None,
    Permission.PROJECT_TRANSFER: Role.OWNER,
    Permission.PROJECT_UPDATE: Role.MAINTAINER,
    Permission.PROMOTION_APPROVE: Role.DEVELOPER,
    Permission.PROMOTION_BYPASS: Role.MAINTAINER,
    Permission.PROTECTED_WRITE: Role.MAINTAINER,
    Permission.REGISTRY_PURGE: Role.MAINTAINER,
    Permission.REGISTRY_READ: None,
    Permission.REGISTRY_WRITE: Role.REPORTER,
    Permission.STORAGE_READ: None,
    Permission.TOKEN_MANAGE: Role.MAINTAINER,
    Permission.WEBHOOK_MANAGE: Role.MAINTAINER,
}
"""None: every caller who may see the project."""

_READ = frozenset({Scope.API, Scope.READ_API})
_SCOPES: dict[Permission, frozenset[Scope]] = {
    Permission.ACCOUNT_READ: _READ,
    Permission.ARTIFACT_READ: _READ | {Scope.READ_ARTIFACTS},
    Permission.CANDIDATE_READ: _READ | {Scope.WRITE_CANDIDATES},
    Permission.CANDIDATE_WRITE: frozenset({Scope.API, Scope.WRITE_CANDIDATES}),
    Permission.DEPLOYMENT_READ: _READ | {Scope.READ_REGISTRY, Scope.WRITE_REGISTRY},
    Permission.DEPLOYMENT_WRITE: frozenset({Scope.API, Scope.WRITE_REGISTRY}),
    **dict.fromkeys((Permission.EVALUATION_WRITE, Permission.FACT_WRITE), frozenset({Scope.API, Scope.WRITE_REGISTRY})),
    Permission.JOB_READ: _READ,
    Permission.MEMBER_READ: _READ,
    Permission.MLFLOW_WRITE: frozenset({Scope.API, Scope.WRITE_CANDIDATES, Scope.WRITE_REGISTRY}),
    Permission.PROJECT_READ: frozenset(Scope),
    Permission.REGISTRY_READ: _READ | {Scope.READ_REGISTRY, Scope.WRITE_REGISTRY},
    Permission.REGISTRY_WRITE: frozenset({Scope.API, Scope.WRITE_REGISTRY}),
    Permission.STORAGE_READ: _READ,
}
"""The scopes that allow a permission to tokens, each alone; where there is no line, ``api`` only.

``MLFLOW_WRITE`` is never all that a call takes: what it writes needs the registry's or the candidates' permission, too.
"""

NARROW = frozenset({Scope.READ_REGISTRY, Scope.WRITE_REGISTRY, Scope.WRITE_CANDIDATES, Scope.READ_ARTIFACTS})
"""The scopes for a part of what ``api`` is for."""

_API_ONLY = frozenset({Scope.API})

_BOT_NEEDS = {
    Permission.CI_MANAGE: Scope.MANAGE_ACCESS,
    Permission.GROUP_CREATE: Scope.MANAGE_PROJECT,
    Permission.GROUP_DELETE: Scope.DELETE_PROJECT,
    Permission.GROUP_UPDATE: Scope.MANAGE_PROJECT,
    Permission.LIFECYCLE_MANAGE: Scope.MANAGE_PROJECT,
    Permission.MEMBER_MANAGE: Scope.MANAGE_ACCESS,
    Permission.PROJECT_CREATE: Scope.MANAGE_PROJECT,
    Permission.PROJECT_DELETE: Scope.DELETE_PROJECT,
    Permission.PROJECT_TRANSFER: Scope.DELETE_PROJECT,
    Permission.PROJECT_UPDATE: Scope.MANAGE_PROJECT,
    Permission.PROMOTION_BYPASS: Scope.MANAGE_PROJECT,
    Permission.TOKEN_MANAGE: Scope.MANAGE_ACCESS,
    Permission.WEBHOOK_MANAGE: Scope.MANAGE_PROJECT,
}
"""What a token of a project or group may do with this scope only, whatever its role.

It is all by which a token could give itself or others more than it was given, or would go on to have an effect after
its end: other tokens, members, trust in CI identities; visibility, new projects and groups, webhooks that carry what
happens in the project to any address; and the end of the project.
"""

_OF_REGISTRY = (
    Permission.DEPLOYMENT_READ, Permission.DEPLOYMENT_WRITE, Permission.EVALUATION_WRITE, Permission.FACT_WRITE,
    Permission.LIFECYCLE_MANAGE, Permission.PROMOTION_APPROVE, Permission.PROMOTION_BYPASS,
    Permission.PROTECTED_WRITE, Permission.REGISTRY_PURGE, Permission.REGISTRY_READ, Permission.REGISTRY_WRITE,
)  # fmt: skip
SWITCHES = {
    Permission.CANDIDATE_READ: "experiments_access",
    Permission.CANDIDATE_WRITE: "experiments_access",
    **dict.fromkeys(_OF_REGISTRY, "registry_access"),
}
"""The project setting (disabled, private, enabled) that rules over a permission."""
_OF_MODELS = frozenset({
    Permission.DEPLOYMENT_READ, Permission.DEPLOYMENT_WRITE, Permission.EVALUATION_WRITE, Permission.FACT_WRITE,
    Permission.PROTECTED_WRITE, Permission.REGISTRY_PURGE, Permission.REGISTRY_READ, Permission.REGISTRY_WRITE,
})  # fmt: skip
"""What a token that is confined to some models may do with these only."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls. A token confined to a project or group takes its boundary along."""

    user_id: int | None = None
    username: str = ""
    is_admin: bool = False
    scopes: frozenset[Scope] = field(default_factory=frozenset)
    project_boundary: int | None = None
    group_boundary: int | None = None
    model_patterns: tuple[str, ...] | None = None
    """Names of models, ``*`` standing for any characters, that the token is confined to; None: to none of them."""
    token_id: int | None = None
    request_limit: int | None = None
    storage_limit: int | None = None
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
    def is_administrator(self) -> bool:
        """Whether it speaks for an administrator, with a token that is confined to nothing."""
        return self.is_admin and not self.is_confined and self.model_patterns is None


ANONYMOUS = Actor()


@dataclass(frozen=True, slots=True)
class ProjectAccess:
    """A project that the actor may see, and the actor's role in it (None: a visitor)."""

    project: Project
    role: Role | None

    @property
    def id(self) -> int:
        return self.project.id


class BeyondScope(Forbidden):
    """The scopes of the token do not allow it, whatever the role."""


class SwitchedOff(NotFound):
    """A part of a project that the actor may see is switched off, or open to members only."""


def allows(actor: Actor, access: ProjectAccess, permission: Permission, *, of_models: bool = False) -> bool:
    """Whether :func:`require` would let the actor pass."""
    within = of_models or _reaches_all(actor, permission)
    return within and _switched_on(access, permission) and permits(actor, access.role, permission)


def require(actor: Actor, access: ProjectAccess, permission: Permission, *, of_models: bool = False) -> None:
    """Refuse what the actor may not do in a project that it can see.

    ``of_models``: the caller itself leaves out models that the actor's token does not reach. Without it, a token that
    is confined to some may do nothing that concerns models.

    Raises:
        SwitchedOff: the feature is switched off, or open to members only.
        Unauthenticated: the request is anonymous, and this needs a token.
        Forbidden: the role or the token's scope is too small, or this reaches models that the token does not.
    """
    if not _switched_on(access, permission):
        raise SwitchedOff(f"This part of project `{access.project.full_path}` is switched off.")
    if not of_models and not _reaches_all(actor, permission):
        raise beyond_patterns(actor, "this is not about single models")
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
        raise Unauthenticated("Sign in, or send a token: `Authorization: Bearer myt_…`.")
    require_scope(actor, permission)
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
    if not has_scope(actor, permission):
        return False
    least = _LEAST_ROLE[permission]
    if least is None:
        return True
    needed = _BOT_NEEDS.get(permission) if actor.is_confined else None
    return role is not None and role >= least and (needed is None or needed in actor.scopes)


def has_scope(actor: Actor, permission: Permission) -> bool:
    """Whether the scopes of the actor's token allow that, whatever its role; who has no token needs none to read."""
    return actor.is_anonymous or not actor.scopes.isdisjoint(scopes_for(permission))


def scopes_for(permission: Permission) -> frozenset[Scope]:
    """The scopes that allow a permission, each alone."""
    return _SCOPES.get(permission, _API_ONLY)


def require_scope(actor: Actor, permission: Permission) -> None:
    """Refuse what the scopes of the actor's token do not allow.

    Raises:
        BeyondScope: with the scopes that would.
    """
    if has_scope(actor, permission):
        return
    needed = " or ".join(scope for scope in Scope if scope in scopes_for(permission) and scope is not Scope.READ_API)
    have = ", ".join(scope for scope in Scope if scope in actor.scopes)
    raise BeyondScope(f"`{permission}` needs the scope {needed}; the token has {have or 'none that still holds'}.")


def require_administrator(actor: Actor, to_do: str, *, to_write: bool = True) -> int:
    """The id of an administrator, whose token is confined to nothing; ``to_do`` completes "Only administrators …".

    Raises:
        Unauthenticated: the request is anonymous.
        Forbidden: the actor is none, or the token's scope or boundary is too small.
    """
    user_id = require_signed_in(actor, to_write=to_write)
    if not actor.is_administrator:
        raise Forbidden(f"Only administrators {to_do}.")
    return user_id


def sees_addresses(actor: Actor) -> bool:
    """Whether e-mail addresses of people are for the actor's token: machines, which have narrow ones, need none."""
    return not actor.is_confined and actor.model_patterns is None and has_scope(actor, Permission.MEMBER_READ)


def reaches(actor: Actor, model: str) -> bool:
    """Whether the actor's token reaches the models of that name."""
    return actor.model_patterns is None or model_patterns.matches(actor.model_patterns, model)


def beyond_patterns(actor: Actor, what: str) -> Forbidden:
    """The refusal of what a token that is confined to some models may not do."""
    names = ", ".join(f"`{pattern}`" for pattern in actor.model_patterns or ())
    return Forbidden(f"The token is confined to models that match {names}; {what}.")


def invalidate_cache(actor: Actor) -> None:
    """Use nothing that was cached when the actor's request began: it has just changed who may do what."""
    if actor.cache is not None:
        actor.cache.invalidate()


def require_signed_in(actor: Actor, *, to_write: bool = True) -> int:
    """The id of the user behind the actor.

    Raises:
        Unauthenticated: the request is anonymous.
        Forbidden: the token's scopes do not allow it.
    """
    if actor.user_id is None:
        raise Unauthenticated("Sign in, or send a token: `Authorization: Bearer myt_…`.")
    require_scope(actor, Permission.ACCOUNT_MANAGE if to_write else Permission.ACCOUNT_READ)
    return actor.user_id


def _reaches_all(actor: Actor, permission: Permission) -> bool:
    return actor.model_patterns is None or permission not in _OF_MODELS


def _switched_on(access: ProjectAccess, permission: Permission) -> bool:
    switch = SWITCHES.get(permission)
    level = getattr(access.project, switch) if switch else "enabled"
    return bool(level == "enabled" or (level == "private" and access.role is not None))
