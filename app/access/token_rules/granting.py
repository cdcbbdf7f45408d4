"""Scopes that only a person gives to a token, and for how long they hold."""

from __future__ import annotations

from collections.abc import Collection

from app.access.policy import Actor, Role, Scope
from app.errors import Forbidden, Invalid

GRANTED_BY = {
    Scope.MANAGE_ACCESS: Role.MAINTAINER,
    Scope.MANAGE_PROJECT: Role.MAINTAINER,
    Scope.DELETE_PROJECT: Role.OWNER,
    Scope.PROMOTE: Role.MAINTAINER,
}
"""The least role, in the project or group of the token, of the person who gives it such a scope,
for as long as it shall hold."""
_GIVEN_TO = {**GRANTED_BY, Scope.PROMOTE: Role.DEVELOPER}
"""The least role of the token itself."""


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
        if given < _GIVEN_TO[scope] or Scope.API not in scopes:
            raise Invalid(
                f"The scope {scope} comes on top of the scope api and the role {_GIVEN_TO[scope].name.lower()}; "
                f"this token would have {', '.join(scopes)} and {given.name.lower()}.",
                field="scopes",
            )


def holding(scopes: Collection[Scope], granter: Role | None) -> frozenset[Scope]:
    """The scopes that a token has now: some last as long as the person who gave them could give them again."""
    return frozenset(
        scope for scope in scopes if scope not in GRANTED_BY or (granter is not None and granter >= GRANTED_BY[scope])
    )
