"""The sender of a request, as far as that can be told without a statement: the accounts that it is charged to.

A token is looked up only when the turn of its request has come. Until this process has seen that it is valid, its
request is charged to its address; and a project counts only once the token has been seen to reach it. So no caller gets
more turns by making up tokens, or takes turns from others by naming their projects.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from starlette.types import Scope

from app.access.authentication.networks import network_of
from app.access.policy import Actor
from app.http.admission.fair_queue import Account, Accounts
from app.http.answers import edge_of
from app.http.browsers import sessions

MAX_SENDERS = 10_000
"""Tokens and sessions, and pairs of user and project, that are cached; beyond that the oldest are dropped."""
_CREDENTIALS = frozenset({b"authorization", b"private-token"})
_BODY = frozenset({b"content-length", b"transfer-encoding"})
_MAX_REFERENCE = 300
"""Characters that are kept."""

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(slots=True)
class Sender:
    """The sender of a request, and its project."""

    accounts: Accounts
    credentials: bytes | None
    """SHA-256 of the header with the token, or of the session's cookie."""
    reference: str
    """The project as the path spells it; empty if it names none."""
    has_body: bool
    is_cached: bool = False
    """Whether both user and project are in the cache."""


class Senders:
    """The cache of senders that this process has seen."""

    def __init__(self) -> None:
        self._users: dict[bytes, Account] = {}
        self._both: dict[tuple[bytes, str], Accounts] = {}
        """User and project, by credentials and reference."""

    def of(self, scope: Scope) -> Sender:
        """The sender of a request, with the accounts to charge: the user or address, and the project."""
        credentials, has_body = _read(scope)
        reference = scope.get("state", {}).get("project_reference", "")[:_MAX_REFERENCE]
        if credentials is not None and (accounts := self._both.get((credentials, reference))):
            return Sender(accounts, credentials, reference, has_body, is_cached=True)
        return Sender(self._accounts(scope, credentials, reference), credentials, reference, has_body)

    def learn(self, sender: Sender, scope: Scope) -> Accounts:
        """Cache the sender, now that its token was looked up; returns the further accounts to charge."""
        if sender.is_cached or sender.credentials is None:
            return ()
        actor: Actor | None = scope.get("state", {}).get("actor")
        if actor is None or actor.user_id is None:
            return ()
        user = user_account(actor.user_id)
        _keep(self._users, sender.credentials, user)
        reached = actor.cache.first if actor.cache else None
        project_id = actor.project_boundary or (reached[0] if reached else None)
        accounts: Accounts = (user,) if project_id is None else (user, f"project {project_id}")
        if project_id is not None and (sender.reference or actor.project_boundary):
            _keep(self._both, (sender.credentials, sender.reference), accounts)
        return tuple(account for account in accounts if account not in sender.accounts)

    def _accounts(self, scope: Scope, credentials: bytes | None, reference: str) -> Accounts:
        first = self._users.get(credentials) if credentials is not None else None
        if first is None:
            first = f"address {network_of((scope.get('client') or ('',))[0])}"
        return (first, f"{first} {reference}") if reference else (first,)


def _read(scope: Scope) -> tuple[bytes | None, bool]:
    """What the sender signs in with, and whether a body follows; with a token the browser's cookie is not looked at."""
    token, has_cookie, has_body = None, False, False
    for name, value in scope["headers"]:
        if name in _CREDENTIALS:
            token = value
        elif name in _BODY:
            has_body = value != b"0"
        elif name == b"cookie":
            has_cookie = True
    if token is None and has_cookie and edge_of(scope).accepts_sessions:
        given = sessions.of_request(scope)
        token = f"session {given[0]}".encode("latin-1") if len(given) == 1 else None
    return None if token is None else sha256(token).digest(), has_body


def user_account(id: int) -> Account:
    """The account of a user, whichever of its tokens or sessions it uses."""
    return f"user {id}"


def _keep(cache: dict[Key, Value], key: Key, value: Value) -> None:
    if key not in cache and len(cache) >= MAX_SENDERS:
        del cache[next(iter(cache))]
    cache[key] = value
