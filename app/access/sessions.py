"""Sessions: the sign-ins of browsers. The cookie's secret is random and long; only its hash is kept."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import insert

from app.access.authentication.client_info import ClientInfo
from app.access.tables_of_people import Session as Session
from app.access.tokens import digest
from app.db.database import Tx

PREFIX = "mys_"


class Method(StrEnum):
    """How a person proved who it is."""

    PASSWORD = "password"  # noqa: S105 - the name of a method
    OPENID = "openid"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that begins; ``secret`` goes into the cookie and is never shown again."""

    session: Session
    secret: str


async def start(
    tx: Tx, user_id: int, client: ClientInfo, method: Method, *, life: timedelta, provider: str | None = None
) -> NewSession:
    """Step: a new session of a person who has just proved who it is; ``life`` ends it however much it is used."""
    secret = PREFIX + secrets.token_urlsafe(30)
    values = {
        "user_id": user_id,
        "sha256": digest(secret),
        "method": str(method),
        "provider": provider,
        "last_address": client.address,
        "client": client.agent,
        "expires_at": datetime.now(UTC) + life,
    }
    row = (await tx.scalars(insert(Session).values(**values).returning(Session))).one()
    return NewSession(row, secret)
