"""What a person does: looks at what a machine says of itself, compares the code, and allows or refuses it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from app.access import access_log, policy
from app.access.access_log import Action
from app.access.devices import codes
from app.access.passwords import attempts
from app.access.passwords.change import require_session
from app.access.policy import Actor
from app.db.database import Database, Tx
from app.db.statements import Statement, columns
from app.errors import NotFound

_GUESSED = "to guess a code by you"


class Waiting(NamedTuple):
    """A sign-in that waits for a decision, in the words of who began it."""

    user_code: str
    name: str
    scopes: Sequence[str]
    address: str
    created_at: datetime


_FIND = Statement(
    "access.find_device_grant",
    "The sign-in with a code, unless it is decided or over.",
    f"""
    SELECT {columns(Waiting)} FROM device_grants
    WHERE user_code = :user_code AND decided_at IS NULL AND expires_at > now()
    """,  # noqa: S608 - of constants
    row=Waiting,
)
_DECIDE = Statement(
    "access.decide_device_grant",
    "Allow or refuse a sign-in; the first decision stands.",
    f"""
    UPDATE device_grants SET decided_at = now(), user_id = :user
    WHERE user_code = :user_code AND decided_at IS NULL AND expires_at > now()
    RETURNING {columns(Waiting)}
    """,  # noqa: S608 - of constants
    row=Waiting,
)


class CodeNotFound(NotFound):
    """No sign-in waits with this code: it was mistyped, is older than ten minutes, or was decided already."""


async def find(db: Database, actor: Actor, typed: str) -> Waiting:
    """The sign-in that waits with a code. A code that is none counts as a guess, and guesses are slowed.

    Raises:
        Unauthenticated, Forbidden: the caller has no session.
        CodeNotFound: none does.
        TooManyRequests: this person, or this network, has guessed too often.
    """
    user_id = require_session(actor)
    subjects = attempts.of_code(user_id, actor.client.address)
    await attempts.refuse_early(db, subjects, _GUESSED)
    async with db.write() as tx:
        decision = await attempts.reserve(tx, subjects)
        waiting = await _find(tx, typed) if decision.is_admitted else None
        if waiting is not None:
            await attempts.give_back(tx, subjects)
    if not decision.is_admitted:
        raise attempts.refusal(decision.wait, _GUESSED)
    if waiting is None:
        raise CodeNotFound(field="code")
    return waiting


async def decide(db: Database, actor: Actor, typed: str, *, allow: bool) -> Waiting:
    """Allow or refuse a sign-in. The token is made when the machine comes for it, and speaks for the actor.

    Raises:
        Unauthenticated, Forbidden: the caller has no session.
        CodeNotFound: it was decided meanwhile, or is over.
        TooManyRequests: see :func:`find`.
    """
    waiting = await find(db, actor, typed)
    user_id = policy.require_signed_in(actor)
    action = Action.DEVICE_ALLOW if allow else Action.DEVICE_REFUSE
    async with db.write() as tx:
        decided = await _DECIDE.fetch_one(tx, user_code=waiting.user_code, user=user_id if allow else None)
        if decided is None:
            raise CodeNotFound(field="code")
        await access_log.record(tx, action, actor=actor, name=decided.name, from_address=decided.address)
    return decided


async def _find(tx: Tx, typed: str) -> Waiting | None:
    user_code = codes.read_user_code(typed)
    return None if user_code is None else await _FIND.fetch_one(tx, user_code=user_code)
