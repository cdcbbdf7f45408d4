"""The passwords that are kept: one hash of each person who has set one."""

from __future__ import annotations

from typing import NamedTuple

from app.access import sessions
from app.access.administration import administrators
from app.access.devices import grants
from app.db.database import Snapshot, Tx
from app.db.statements import Statement

_SET = Statement(
    "access.set_password",
    "A person's password from now on.",
    """
    INSERT INTO passwords (user_id, hash) VALUES (:user, :hash)
    ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, changed_at = now()
    """,
)
_RENEW = Statement(
    "access.renew_password_hash",
    "A new hash of the same password, unless it was changed meanwhile.",
    "UPDATE passwords SET hash = :new WHERE user_id = :user AND hash = :old",
)
_LOCK = Statement(
    "access.lock_password",
    "Whether this is a person's password still, and the person may sign in; the password is locked, so that it stays.",
    """
    SELECT p.hash = :hash AND u.blocked_at IS NULL AND u.deleted_at IS NULL
    FROM passwords AS p JOIN users AS u ON u.id = p.user_id WHERE p.user_id = :user FOR UPDATE OF p
    """,
)
_HAS = Statement(
    "access.has_password",
    "Whether a person has set a password.",
    "SELECT EXISTS (SELECT FROM passwords WHERE user_id = :user)",
)


class Account(NamedTuple):
    """A person or bot that a typed name stands for, with what decides whether it may sign in by password."""

    id: int
    username: str
    is_bot: bool
    is_blocked: bool
    hash: str | None

    @property
    def obstacle(self) -> str:
        """Why no password is right, for the access log alone; empty: one is."""
        if self.is_bot:
            return "bot"
        if self.is_blocked:
            return "deactivated"
        return "no_password" if self.hash is None else ""


async def set_password(tx: Tx, user_id: int, hash: str, *, keep_session: int | None = None) -> int:
    """Step: a person's new password, by its hash (``hashing.hash_password``, computed before the transaction began).

    All sessions of the person end but ``keep_session``, and so do sign-ins of machines that were allowed and not taken
    yet; answers how many sessions did. A sign-in with the former password that is under way gets no session: it locks
    the same row, and sees that the password has changed.
    """
    await _SET.execute(tx, user=user_id, hash=hash)
    await grants.withdraw(tx, user_id)
    return await sessions.end_all(tx, user_id, but=keep_session)


async def is_still(tx: Tx, user_id: int, hash: str) -> bool:
    """Step: whether the hash that was verified is the person's still, and the person may sign in; both stay so until
    the transaction ends.
    """
    await administrators.hold_changes(tx)
    return bool(await _LOCK.fetch_value(tx, user=user_id, hash=hash))


async def renew(tx: Tx, user_id: int, *, old: str, new: str) -> None:
    """Step: keep the same password by a new hash."""
    await _RENEW.execute(tx, user=user_id, old=old, new=new)


async def has_password(snap: Snapshot, user_id: int) -> bool:
    """Read step: whether the person has set a password."""
    return bool(await _HAS.fetch_value(snap, user=user_id))
