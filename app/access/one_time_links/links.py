"""The mechanism: who holds the link may use it, once, as long as it lives and its maker could still make it.

A link is used up by one UPDATE that also decides whether it may be used: of two uses at the same moment the second
waits for the first and then finds nothing to use. A use that fails later in its transaction is undone with it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from app.access.one_time_links.validity import maker_may, person_is_active
from app.access.tables_of_people import OneTimeLink as OneTimeLink
from app.access.tables_of_people import OpenIdRequest
from app.access.tokens import digest
from app.db.database import Snapshot, Tx
from app.errors import Gone, NotFound

PREFIX = "myl_"
_MAX_SECRET = 100
_FRESH: dict[str, Any] = {"populate_existing": True, "synchronize_session": False}
"""What the statement answers is what the caller sees, also of a row that was read before."""


class Purpose(StrEnum):
    """What a link is for."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a purpose
    SIGN_IN = "sign_in"


LIFE = {
    Purpose.INVITATION: timedelta(hours=72),
    Purpose.PASSWORD_RESET: timedelta(hours=24),
    Purpose.SIGN_IN: timedelta(hours=1),
}
"""An invitation has to outlast a weekend; what opens an account that exists is shorter, the more so the more it does
by itself."""


class End(StrEnum):
    """Why a link cannot be used any more."""

    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"
    MAKER = "maker"
    """Who made it has left, or may not give any more what it gives."""
    PERSON = "person"
    """The person whom it is for was deactivated."""


_WHY = {
    End.USED: "This link has been used already; each works once.",
    End.REVOKED: "This link was taken back, or replaced by a newer one.",
    End.EXPIRED: "This link has expired.",
    End.MAKER: "Who made this link may not give any more what it was for.",
    End.PERSON: "The account that this link is for is deactivated.",
}


class LinkNotFound(NotFound):
    """There is no such link; it may have been cut off where it was copied."""


class LinkEnded(Gone):
    """Used, revoked, expired, or worth nothing any more."""

    def __init__(self, end: End, link: OneTimeLink) -> None:
        super().__init__(_WHY[end])
        self.end = end
        self.link = link


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that was just made; ``secret`` is never shown again."""

    link: OneTimeLink
    secret: str


async def find(snap: Snapshot, purpose: Purpose, secret: str) -> OneTimeLink:
    """Read step: a link that could be used now; this does not use it up.

    Raises:
        LinkNotFound: there is none, or it is for something else.
        LinkEnded: it cannot be used any more.
    """
    return await _find(snap, purpose, _is(secret))


async def use(tx: Tx, purpose: Purpose, secret: str) -> OneTimeLink:
    """Step: use the link up. One statement decides and writes; the caller goes on in the same transaction.

    Raises:
        LinkNotFound: there is none, or it is for something else.
        LinkEnded: it cannot be used any more.
    """
    return await _use(tx, purpose, _is(secret))


async def use_by_id(tx: Tx, purpose: Purpose, link_id: int) -> OneTimeLink:
    """Step: the same for callers that saw the secret earlier and kept the id."""
    return await _use(tx, purpose, OneTimeLink.id == link_id)


async def add(tx: Tx, purpose: Purpose, **values: Any) -> NewLink:
    """Step: a new link with a secret of its own; ``values`` are columns of its row."""
    secret = _new_secret()
    expires_at = datetime.now(UTC) + LIFE[purpose]
    statement = insert(OneTimeLink).values(purpose=str(purpose), sha256=digest(secret), expires_at=expires_at, **values)
    return NewLink((await tx.scalars(statement.returning(OneTimeLink))).one(), secret)


async def add_for_person(tx: Tx, purpose: Purpose, user_id: int, created_by: int | None) -> NewLink:
    """Step: a new link for a person; those of the same purpose that the person has are revoked.

    The caller holds the lock of the person's row, so that of two links made at once one is left.
    """
    others = (OneTimeLink.user_id == user_id, OneTimeLink.purpose == str(purpose))
    statement = update(OneTimeLink).where(*others, *_open()).values(revoked_at=func.now())
    await tx.execute(statement.execution_options(**_FRESH))
    return await add(tx, purpose, user_id=user_id, created_by=created_by)


async def renew(tx: Tx, link_id: int, created_by: int | None) -> NewLink | None:
    """Step: give a link that was neither used nor revoked a new secret and its whole life; the old secret is dead.

    ``created_by`` stands for it from now on. None if there is no such link.
    """
    secret = _new_secret()
    row = await tx.scalar(
        update(OneTimeLink)
        .where(OneTimeLink.id == link_id, *_open())
        .values(
            sha256=digest(secret),
            created_by=created_by,
            expires_at=datetime.now(UTC) + LIFE[Purpose.INVITATION],
        )
        .returning(OneTimeLink)
        .execution_options(**_FRESH)
    )
    await _end_openid_requests(tx, link_id)
    return NewLink(row, secret) if row is not None else None


async def revoke(tx: Tx, link_id: int) -> OneTimeLink | None:
    """Step: end a link that was not used; twice is fine. None if it was used."""
    row: OneTimeLink | None = await tx.scalar(
        update(OneTimeLink)
        .where(OneTimeLink.id == link_id, OneTimeLink.used_at.is_(None))
        .values(revoked_at=func.coalesce(OneTimeLink.revoked_at, func.now()))
        .returning(OneTimeLink)
        .execution_options(**_FRESH)
    )
    await _end_openid_requests(tx, link_id)
    return row


async def revoke_of_person(tx: Tx, user_id: int) -> None:
    """Step: end all links that would let a person in, as after a new password."""
    statement = update(OneTimeLink).where(OneTimeLink.user_id == user_id, *_open()).values(revoked_at=func.now())
    await tx.execute(statement.execution_options(**_FRESH))


async def _find(snap: Snapshot, purpose: Purpose, which: ColumnElement[bool] | None) -> OneTimeLink:
    if which is None:
        raise LinkNotFound
    statement = select(
        OneTimeLink,
        (OneTimeLink.expires_at <= func.now()).label("is_expired"),
        maker_may().label("maker_may"),
        person_is_active().label("person_is_active"),
    ).where(which, OneTimeLink.purpose == str(purpose))
    row = (await snap.execute(statement.execution_options(populate_existing=True))).one_or_none()
    if row is None:
        raise LinkNotFound
    link: OneTimeLink = row[0]
    ends = {
        End.USED: link.used_at is not None,
        End.REVOKED: link.revoked_at is not None,
        End.PERSON: not row.person_is_active,
        End.EXPIRED: row.is_expired,
        End.MAKER: not row.maker_may,
    }
    end = next((end for end, holds in ends.items() if holds), None)
    if end is not None:
        raise LinkEnded(end, link)
    return link


async def _use(tx: Tx, purpose: Purpose, which: ColumnElement[bool] | None) -> OneTimeLink:
    if which is None:
        raise LinkNotFound
    link: OneTimeLink | None = await tx.scalar(
        update(OneTimeLink)
        .where(which, OneTimeLink.purpose == str(purpose), *_open(), OneTimeLink.expires_at > func.now())
        .where(maker_may(), person_is_active())
        .values(used_at=func.now(), used_by=OneTimeLink.user_id)
        .returning(OneTimeLink)
        .execution_options(**_FRESH)
    )
    if link is None:
        await _find(tx, purpose, which)
        raise LinkNotFound  # it became usable between the two statements: who holds it tries again
    return link


async def _end_openid_requests(tx: Tx, link_id: int) -> None:
    """A sign-in at a provider that began with the old secret ends with it."""
    statement = delete(OpenIdRequest).where(OpenIdRequest.link_id == link_id)
    await tx.execute(statement.execution_options(**_FRESH))


def _is(secret: str) -> ColumnElement[bool] | None:
    return OneTimeLink.sha256 == digest(secret) if len(secret) <= _MAX_SECRET else None


def _open() -> tuple[ColumnElement[bool], ...]:
    return OneTimeLink.used_at.is_(None), OneTimeLink.revoked_at.is_(None)


def _new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(32)
