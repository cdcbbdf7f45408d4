"""What is requested of a new token, and what no token can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.access.names import check_title
from app.access.policy import Role, Scope
from app.access.token_rules import model_patterns
from app.access.token_rules.granting import GRANTED_BY
from app.errors import Invalid

_OF_MODELS = frozenset({Scope.READ_REGISTRY, Scope.WRITE_REGISTRY, Scope.READ_ARTIFACTS})
_SEES_FILES = frozenset({Scope.API, Scope.READ_API, Scope.READ_REGISTRY, Scope.WRITE_REGISTRY, Scope.WRITE_CANDIDATES})


@dataclass(frozen=True, slots=True)
class IssueToken:
    """A request for a token: of one's own, or of a project or group, where it acts with ``role``.

    A token of a service account belongs to the project or group of that, and has its role.
    """

    name: str
    scopes: Sequence[Scope] = (Scope.API,)
    project_id: int | None = None
    group_id: int | None = None
    role: Role = Role.DEVELOPER
    expires_at: datetime | None = None
    ci_job: str | None = None
    """The CI job that it is made for, as ``provider:external id``."""
    service_account_id: int | None = None
    """The user of the service account."""
    model_patterns: Sequence[str] | None = None
    """Names of models that it is confined to, ``*`` standing for any characters; None: to none."""
    request_limit: int | None = None
    """Requests in a minute."""
    storage_limit: int | None = None
    """Bytes that may be stored with it."""

    @property
    def is_personal(self) -> bool:
        return self.project_id is None and self.group_id is None and self.service_account_id is None


def check(command: IssueToken) -> None:
    """Refuse what no token can be.

    Raises:
        Invalid: no name, no scope, an expiry in the past, or scopes, patterns and limits that do not go together.
    """
    check_title(command.name, "name")
    if command.project_id is not None and command.group_id is not None:
        raise Invalid("A token belongs to a project or to a group, not to both.", field="groupId")
    if command.expires_at is not None and command.expires_at <= datetime.now(UTC):
        raise Invalid(
            f"`{command.expires_at.isoformat()}` is in the past; a token must expire later.", field="expiresAt"
        )
    _check_scopes(command)
    for limit, field in ((command.request_limit, "requestLimit"), (command.storage_limit, "storageLimit")):
        if limit is not None and not 1 <= limit < 2**63:
            raise Invalid(f"{limit} is no limit; it is at least 1, and left out for none.", field=field)


def _check_scopes(command: IssueToken) -> None:
    scopes = frozenset(command.scopes)
    if not scopes:
        raise Invalid("A token needs at least one scope, such as api or read_api.", field="scopes")
    if command.is_personal and not GRANTED_BY.keys().isdisjoint(scopes):
        raise Invalid(
            "A personal token with the scope api may do all that you may; manage_…, delete_… and promote are for "
            "tokens of projects and groups.",
            field="scopes",
        )
    if Scope.READ_ARTIFACTS in scopes and scopes.isdisjoint(_SEES_FILES):
        raise Invalid(
            "The scope read_artifacts is for the bytes of files that the token may see; another scope, such as "
            "read_registry, has to let it see some.",
            field="scopes",
        )
    if command.model_patterns is None:
        return
    model_patterns.check(command.model_patterns)
    if not scopes <= _OF_MODELS:
        raise Invalid(
            "A token that is confined to models takes the scopes read_registry, write_registry and read_artifacts; "
            f"{', '.join(sorted(scopes - _OF_MODELS))} would reach more than models.",
            field="scopes",
        )
