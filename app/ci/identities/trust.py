"""Which identities of CI jobs a project trusts: checked when its settings are saved.

A path of a CI project may lead to another one some day: after a renaming, a transfer, or a deletion. Numbers do not.
So trust is bound to the number of the CI project and to that of its owner, as the issuer claims them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from app.access.policy import Role, Scope
from app.ci.client import PROVIDERS
from app.ci.identities import claims
from app.ci.providers.protocol import is_external_id
from app.ci.tables import CiSettings
from app.errors import Invalid, TooLarge
from app.text import quoted

MAX_AUDIENCE = 500
SCOPES = (Scope.API, Scope.READ_API)
"""The scopes that a token for an identity can have: what only people give to single tokens no job gets."""


@dataclass(frozen=True, slots=True)
class EditIdentity:
    """Which identity tokens of CI jobs are exchanged for project tokens. Only what is not None changes."""

    enabled: bool | None = None
    issuer: str | None = None
    audience: str | None = None
    claims: Mapping[str, Sequence[str]] | None = None
    role: Role | None = None
    scope: Scope | None = None
    ci_project_id: str | None = None
    ci_owner_id: str | None = None

    @property
    def is_empty(self) -> bool:
        return all(getattr(self, field.name) is None for field in fields(self))


UNCHANGED = EditIdentity()


def values(present: CiSettings | None, edit: EditIdentity, location: Mapping[str, Any], own: Role) -> dict[str, Any]:
    """The columns of the identity but its issuer; ``location`` is provider, base URL and CI project as they will be.

    Raises:
        Invalid: a value is not acceptable, or something is trusted without the numbers that it takes.
    """
    enabled = edit.enabled if edit.enabled is not None else bool(present and present.identity_enabled)
    numbers = _numbers(present, edit, location)
    if enabled and not (edit.is_empty and not _moved(present, location)):
        _require_numbers(numbers, location)
    return {
        "identity_enabled": enabled,
        "identity_audience": _audience(present, edit, enabled=enabled),
        "identity_claims": _claims(present, edit, location),
        "identity_role": int(_role(present, edit, own)),
        "identity_scope": str(_scope(present, edit)),
        **numbers,
    }


def _moved(present: CiSettings | None, location: Mapping[str, Any]) -> bool:
    """Whether the settings come to mean another CI project; its number then means nothing any more."""
    return present is None or any(
        getattr(present, name) != location[name] for name in ("provider", "base_url", "ci_project")
    )


def _numbers(present: CiSettings | None, edit: EditIdentity, location: Mapping[str, Any]) -> dict[str, str | None]:
    kept = None if _moved(present, location) else present
    by_number = location["ci_project"] if is_external_id(location["ci_project"]) else None
    usual = by_number or (kept.identity_ci_project_id if kept else None)
    project = edit.ci_project_id if edit.ci_project_id is not None else usual
    usual = kept.identity_ci_owner_id if kept else None
    owner = edit.ci_owner_id if edit.ci_owner_id is not None else usual
    for name, number in (("ci_project_id", project), ("ci_owner_id", owner)):
        if number is not None and not is_external_id(number):
            raise Invalid(
                f"{quoted(number)} is not a number of a CI system: 1 to 19 digits, the first of them not 0.", field=name
            )
    if by_number is not None and project != by_number:
        raise Invalid(
            f"The CI project is number {by_number}, its identities would be of number {project}.", field="ci_project_id"
        )
    return {"identity_ci_project_id": project, "identity_ci_owner_id": owner}


def _require_numbers(numbers: Mapping[str, str | None], location: Mapping[str, Any]) -> None:
    provider = PROVIDERS[location["provider"]]
    for name, claim, variable in (
        ("ci_project_id", provider.number_claim, provider.number_variable),
        ("ci_owner_id", provider.owner_claim, provider.owner_variable),
    ):
        if numbers[f"identity_{name}"] is None:
            raise Invalid(
                f"Say the number that {provider.title} claims as `{claim}`: a job has it in `{variable}`. A path alone "
                "is not trusted, since another owner may come to have it.",
                field=name,
            )


def _claims(present: CiSettings | None, edit: EditIdentity, location: Mapping[str, Any]) -> dict[str, list[str]]:
    """A protected ref is needed unless a claim says otherwise that tells of protection."""
    bound = claims.check(edit.claims) if edit.claims is not None else dict(present.identity_claims) if present else {}
    if edit.is_empty or not PROVIDERS[location["provider"]].guards.isdisjoint(bound):
        return bound
    return {**bound, **claims.PROTECTED}


def _audience(present: CiSettings | None, edit: EditIdentity, *, enabled: bool) -> str:
    audience = edit.audience if edit.audience is not None else present.identity_audience if present else ""
    if len(audience) > MAX_AUDIENCE:
        raise TooLarge(f"The audience has {len(audience)} characters; at most {MAX_AUDIENCE} fit.", field="audience")
    if enabled and not audience.strip():
        raise Invalid("Say which audience (`aud`) the identity tokens must have.", field="audience")
    return audience


def _role(present: CiSettings | None, edit: EditIdentity, own: Role) -> Role:
    role = Role(edit.role or (present.identity_role if present else Role.DEVELOPER))
    if role > min(Role.MAINTAINER, own):
        raise Invalid(
            f"CI jobs may be maintainer at most, and not more than you; not {role.name.lower()}.", field="role"
        )
    return role


def _scope(present: CiSettings | None, edit: EditIdentity) -> Scope:
    scope = edit.scope or Scope(present.identity_scope if present else Scope.API)
    if scope not in SCOPES:
        raise Invalid(
            f"Tokens of CI jobs have the scope {' or '.join(SCOPES)}; {scope} is given by people, to single tokens.",
            field="scope",
        )
    return scope
