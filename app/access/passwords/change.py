"""Changing a password: by its owner, in a browser, with the one that was so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.access import access_log, policy
from app.access.access_log import Action
from app.access.openid import password_sign_in
from app.access.openid.providers import OpenIdProviders
from app.access.passwords import attempts, hashing, passwords, rules
from app.access.passwords.attempts import Subjects
from app.access.policy import Actor
from app.db.database import Database
from app.db.statements import Statement
from app.errors import Conflict, Forbidden, Invalid

_CHANGED = "to change this password"
_READ_HASH = Statement(
    "access.read_password", "A person's password hash.", "SELECT hash FROM passwords WHERE user_id = :user"
)


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """The password so far, and the one from now on."""

    current: str = field(repr=False)
    new: str = field(repr=False)


async def change_password(db: Database, actor: Actor, command: ChangePassword, openid: OpenIdProviders) -> int:
    """Replace one's own password. All other sessions end at once; answers how many did. Tokens go on.

    Only a browser's session may: a token that was taken from a machine must not take the account, too.

    Raises:
        Forbidden: the caller is no person with a session.
        PasswordsOff: this installation accepts none.
        Invalid: the current password is wrong, or the new one breaks a rule; ``field`` says which of the two.
        Conflict: there is no password yet, or it was changed at the same moment.
        TooManyRequests: too many attempts with a wrong current password.
    """
    user_id = require_session(actor)
    async with db.read() as snap:
        await password_sign_in.require_on(snap, openid)
    rules.check(command.new, actor.username, field="newPassword")
    if hashing.prepared(command.new) == hashing.prepared(command.current):
        raise Invalid("The new password is the current one; choose another.", field="newPassword")
    stored = await _hash(db, user_id)
    subjects = attempts.of_one("change", str(user_id))
    await attempts.refuse_early(db, subjects, _CHANGED)
    with hashing.queued(from_familiar_browser=True):
        await _reserve(db, subjects)
        if not await hashing.verify(stored, command.current, goes_first=True):
            await _record_failure(db, actor)
            raise Invalid("The current password is not right.", field="currentPassword")
    new_hash = await hashing.hash_password(command.new)
    async with db.write() as tx:
        if not await passwords.is_still(tx, user_id, stored):
            raise Conflict("The password was changed at the same moment; sign in with the new one.")
        await attempts.give_back(tx, subjects)
        ended = await passwords.set_password(tx, user_id, new_hash, keep_session=actor.session_id)
        await access_log.record(tx, Action.PASSWORD_CHANGE, actor=actor, ended_sessions=ended)
    policy.invalidate_cache(actor)
    return ended


async def has_password(db: Database, actor: Actor) -> bool:
    """Whether the person of this session has a password that can be changed.

    Raises:
        Forbidden: the caller is no person with a session.
    """
    user_id = require_session(actor)
    async with db.read() as snap:
        return await passwords.has_password(snap, user_id)


def require_session(actor: Actor) -> int:
    """The id of the person who is signed in.

    Raises:
        Unauthenticated: the request is anonymous.
        Forbidden: it has a token.
    """
    user_id = policy.require_signed_in(actor)
    if actor.session_id is None:
        raise Forbidden("A token cannot do this; sign in to the web page with your name and password.")
    return user_id


async def _hash(db: Database, user_id: int) -> str:
    async with db.direct() as connection:
        stored: str | None = await _READ_HASH.fetch_value(connection, user=user_id)
    if stored is None:
        raise Conflict(
            "You have no password so far, since you sign in by other means; an administrator can make a link for "
            "setting one."
        )
    return stored


async def _reserve(db: Database, subjects: Subjects) -> None:
    async with db.write() as tx:
        decision = await attempts.reserve(tx, subjects)
    if not decision.is_admitted:
        raise attempts.refusal(decision.wait, _CHANGED)


async def _record_failure(db: Database, actor: Actor) -> None:
    async with db.write() as tx:
        await access_log.record(tx, Action.PASSWORD_CHANGE, actor=actor, refused="wrong_password")
