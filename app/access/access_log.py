"""The sign-in and access log: who got in or was refused, and who let others in; from where, and how it ended."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import islice
from math import isfinite
from typing import Any, TypeAlias

from sqlalchemy import func, insert, select

from app.access.authentication.client_info import UNKNOWN, ClientInfo
from app.access.policy import Actor
from app.access.tables import User
from app.access.tables_of_people import AccessLogEntry as AccessLogEntry
from app.db.database import Tx

Entry: TypeAlias = dict[str, Any]
"""The columns of an entry."""
MAX_TEXT, MAX_NAME, MAX_DETAILS = 500, 255, 20
"""Characters of a reason or a detail, and of a name; details of an entry."""
_SECRET = re.compile(r"\bmy[a-z]_[A-Za-z0-9_-]{16,}")
"""Tokens, sessions and other secrets of this service, wherever a caller typed them: a token as the username."""


class Action(StrEnum):
    """What is logged."""

    AUTHENTICATE = "authenticate"
    """A request with a token or session that is no longer valid, or never was; see ``authentication.refusals``."""
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    SESSION_REVOKE = "session_revoke"
    PASSWORD_CHANGE = "password_change"  # noqa: S105 - the name of an action
    PASSWORD_RESET_CREATE = "password_reset_create"  # noqa: S105 - likewise
    INVITATION_CREATE = "invitation_create"
    INVITATION_RENEW = "invitation_renew"
    INVITATION_REVOKE = "invitation_revoke"
    INVITATION_ACCEPT = "invitation_accept"
    IDENTITY_LINK = "identity_link"
    IDENTITY_UNLINK = "identity_unlink"
    USER_CREATE = "user_create"
    USER_UPDATE = "user_update"
    USER_DEACTIVATE = "user_deactivate"
    USER_REACTIVATE = "user_reactivate"
    USER_DELETE = "user_delete"
    MEMBER_SET = "member_set"
    MEMBER_DELETE = "member_delete"
    MEMBER_EXPIRE = "member_expire"
    TOKEN_CREATE = "token_create"  # noqa: S105 - likewise
    TOKEN_ROTATE = "token_rotate"  # noqa: S105 - likewise
    TOKEN_REVOKE = "token_revoke"  # noqa: S105 - likewise
    TOKEN_EXPIRING = "token_expiring"  # noqa: S105 - likewise
    SERVICE_ACCOUNT_CREATE = "service_account_create"
    SERVICE_ACCOUNT_UPDATE = "service_account_update"
    SERVICE_ACCOUNT_DELETE = "service_account_delete"
    DEVICE_ALLOW = "device_allow"
    DEVICE_REFUSE = "device_refuse"
    GROUP_CREATE = "group_create"
    GROUP_UPDATE = "group_update"
    GROUP_DELETE = "group_delete"
    PROJECT_CREATE = "project_create"
    PROJECT_UPDATE = "project_update"
    PROJECT_TRANSFER = "project_transfer"
    PROJECT_DELETE = "project_delete"
    LIMITS_UPDATE = "limits_update"


async def record(
    tx: Tx,
    action: Action,
    *,
    actor: Actor | None = None,
    client: ClientInfo | None = None,
    user_id: int | None = None,
    username: str = "",
    group_id: int | None = None,
    project_id: int | None = None,
    refused: str = "",
    **details: Any,
) -> None:
    """Step: write an entry in the transaction of what it tells of.

    ``actor`` did it; ``client`` says from where if there is no actor yet. ``user_id`` and ``username``: whom it is
    about, the actor if left out. ``group_id`` and ``project_id``: where it happened; the owners of that see the entry.
    ``refused`` is the reason of a refusal; its transaction has to commit. ``details`` are short values by name; what is
    longer is cut, and what looks like a secret of ours is left out.
    """
    written = entry(
        action,
        actor=actor,
        client=client,
        user_id=user_id,
        username=username,
        group_id=group_id,
        project_id=project_id,
        refused=refused,
        **details,
    )
    if user_id is not None and not username:
        # The name as it is now: that of a deleted person is gone from elsewhere.
        name = select(User.username).where(User.id == user_id).scalar_subquery()
        written["username"] = func.coalesce(name, "")
    await tx.execute(insert(AccessLogEntry).values(**written))


async def record_all(tx: Tx, entries: Sequence[Entry]) -> None:
    """Step: the same for several entries, in one statement."""
    if entries:
        await tx.execute(insert(AccessLogEntry), list(entries))


def entry(
    action: Action,
    *,
    actor: Actor | None = None,
    client: ClientInfo | None = None,
    user_id: int | None = None,
    username: str = "",
    group_id: int | None = None,
    project_id: int | None = None,
    refused: str = "",
    **details: Any,
) -> Entry:
    """What :func:`record` writes."""
    origin = client or (actor.client if actor is not None else UNKNOWN)
    if actor is not None and user_id is None and not username:
        user_id, username = actor.user_id, actor.username
    return {
        "action": str(action),
        "result": "refused" if refused else "ok",
        "reason": printable(refused),
        "actor_id": actor.user_id if actor is not None else None,
        "user_id": user_id,
        "username": printable(username, MAX_NAME),
        "about_group_id": group_id,
        "about_project_id": project_id,
        "token_id": actor.token_id if actor is not None else None,
        "session_id": actor.session_id if actor is not None else None,
        "address": printable(origin.address, MAX_NAME),
        "client": printable(origin.agent, MAX_NAME),
        "request_id": printable(origin.request_id, MAX_NAME),
        "details": bounded(details),
    }


def printable(text: str, limit: int = MAX_TEXT) -> str:
    """Text that can be stored and shown: without control characters and lone surrogates, without secrets, cut."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[: 2 * limit])
    shown = _SECRET.sub("[secret]", shown).strip()
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def bounded(details: Mapping[str, Any]) -> dict[str, Any]:
    """Details of an entry, as JSON that is short whatever a caller typed."""
    return {printable(name, MAX_NAME): _bounded(value) for name, value in islice(details.items(), MAX_DETAILS)}


def _bounded(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value if value is None or -(2**63) <= value < 2**63 else str(value)[:MAX_NAME]
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return [printable(str(item), MAX_NAME) for item in islice(value, MAX_DETAILS)]
    return printable(str(value))
