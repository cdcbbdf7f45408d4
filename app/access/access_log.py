"""The sign-in and access log: who got in or was refused, and who let others in; from where, and how it ended."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import insert

from app.access.authentication.client_info import UNKNOWN, ClientInfo
from app.access.policy import Actor
from app.access.tables_of_people import AccessLogEntry as AccessLogEntry
from app.db.database import Tx


class Action(StrEnum):
    """What is logged."""

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
    TOKEN_CREATE = "token_create"  # noqa: S105 - likewise
    TOKEN_ROTATE = "token_rotate"  # noqa: S105 - likewise
    TOKEN_REVOKE = "token_revoke"  # noqa: S105 - likewise
    TOKEN_EXPIRING = "token_expiring"  # noqa: S105 - likewise
    SERVICE_ACCOUNT_CREATE = "service_account_create"
    SERVICE_ACCOUNT_UPDATE = "service_account_update"
    SERVICE_ACCOUNT_DELETE = "service_account_delete"
    DEVICE_ALLOW = "device_allow"
    DEVICE_REFUSE = "device_refuse"
    GROUP_DELETE = "group_delete"
    GROUP_UPDATE = "group_update"
    PROJECT_DELETE = "project_delete"
    PROJECT_TRANSFER = "project_transfer"


async def record(
    tx: Tx,
    action: Action,
    *,
    actor: Actor | None = None,
    client: ClientInfo | None = None,
    user_id: int | None = None,
    username: str = "",
    refused: str = "",
    **details: Any,
) -> None:
    """Step: write an entry in the transaction of what it tells of.

    ``actor`` did it; ``client`` says from where if there is no actor yet. ``user_id`` and ``username``: whom it is
    about, the actor if left out. ``refused`` is the reason of a refusal; its transaction has to commit.
    """
    origin = client or (actor.client if actor is not None else UNKNOWN)
    await tx.execute(
        insert(AccessLogEntry).values(
            action=str(action),
            result="refused" if refused else "ok",
            reason=refused,
            actor_id=actor.user_id if actor is not None else None,
            user_id=user_id if user_id is not None else (actor.user_id if actor is not None else None),
            username=(username or (actor.username if actor is not None else ""))[:255],
            token_id=actor.token_id if actor is not None else None,
            session_id=actor.session_id if actor is not None else None,
            address=origin.address,
            client=origin.agent,
            request_id=origin.request_id,
            details=details,
        )
    )
