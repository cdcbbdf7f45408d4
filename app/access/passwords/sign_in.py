"""Signing in with a name and a password: the use case of the page `/sign-in`.

Its course is the same whatever the name is: read the account, count the attempt, compute one hash with the parameters
of today, write one entry of the access log. Only the last step tells right from wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from prometheus_client import Counter

from app.access import access_log, sessions
from app.access.access_log import Action
from app.access.authentication.client_info import ClientInfo
from app.access.openid import password_sign_in
from app.access.openid.providers import OpenIdProviders
from app.access.passwords import attempts, familiar_browsers, hashing, passwords
from app.access.passwords.attempts import Subjects
from app.access.passwords.familiar_browsers import Browser
from app.access.passwords.passwords import Account
from app.access.sessions import Method, NewSession
from app.db.database import Database, Tx
from app.db.statements import Statement
from app.errors import TooManyRequests, Unauthenticated
from app.settings import Settings
from app.text import normalized

SIGN_INS = Counter(
    "modelyard_password_sign_ins_total",
    "Attempts to sign in by password: ok, wrong, or slowed, which were not looked at.",
    ["result"],
)
_LONGEST_NAME = 320
"""Of an e-mail address (RFC 3696, erratum 1690); usernames are shorter."""
# A subquery for the hash: joined, it would be read differently for a name that is none.
_FIND = Statement(
    "access.find_account",
    "The account that a typed username or e-mail address stands for, and the name as all its spellings have it.",
    """
    SELECT t.name, u.id, u.username, u.is_bot,
           u.blocked_at IS NOT NULL OR u.deleted_at IS NOT NULL AS is_blocked,
           (SELECT p.hash FROM passwords AS p WHERE p.user_id = u.id) AS hash
    FROM (SELECT lower(:name::text) AS name) AS t
    LEFT JOIN users AS u ON lower(u.username) = t.name OR lower(u.email) = t.name
    ORDER BY lower(u.username) = t.name DESC, u.id LIMIT 1
    """,
)


class NotSignedIn(Unauthenticated):
    """The name or the password is not right."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was typed, and where: ``name`` is a username or e-mail address."""

    name: str
    password: str = field(repr=False)
    client: ClientInfo
    browsers: str = field(default="", repr=False)
    """The cookie of browsers that have signed in before."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The session that begins, and the cookie by which the browser is known from now on."""

    session: NewSession
    browsers: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Typed:
    """What a typed name stands for."""

    name: str
    account: Account | None

    @property
    def user_id(self) -> int | None:
        return None if self.account is None else self.account.id

    @property
    def hash(self) -> str | None:
        """The hash to verify; none where no password is right."""
        return None if self.account is None or self.account.obstacle else self.account.hash

    @property
    def obstacle(self) -> str:
        return "unknown_name" if self.account is None else self.account.obstacle


async def sign_in(db: Database, settings: Settings, attempt: Attempt, openid: OpenIdProviders) -> SignedIn:
    """Begin a session of the person whose name and password these are.

    Raises:
        PasswordsOff: this installation accepts none.
        NotSignedIn: they are not; in the same words and after the same time whether there is such an account, has a
            password, is a bot, or is deactivated.
        TooManyRequests: too many attempts were wrong, or the server computes too many hashes; nothing was verified.
    """
    try:
        signed = await _sign_in(db, settings, attempt, openid)
    except (NotSignedIn, TooManyRequests) as error:
        SIGN_INS.labels("wrong" if isinstance(error, NotSignedIn) else "slowed").inc()
        raise
    SIGN_INS.labels("ok").inc()
    return signed


async def _sign_in(db: Database, settings: Settings, attempt: Attempt, openid: OpenIdProviders) -> SignedIn:
    if openid.is_only_way:
        async with db.read() as snap:
            await password_sign_in.require_on(snap, openid)
    typed = await _find(db, attempt.name)
    browser = familiar_browsers.read(settings, attempt.browsers)
    is_familiar = browser.is_familiar_to(typed.user_id)
    subjects = _subjects(typed, browser, attempt.client, is_familiar=is_familiar)
    await attempts.refuse_early(db, subjects)
    with hashing.queued(from_familiar_browser=is_familiar):
        await _reserve(db, attempt, typed, subjects)
        if not await hashing.verify(typed.hash, attempt.password, goes_first=is_familiar) or typed.hash is None:
            await _record_failure(db, attempt, typed)
            raise NotSignedIn
        new_hash = await hashing.renewed(typed.hash, attempt.password)
    session = await _begin(db, settings, attempt, typed, subjects, new_hash)
    if session is None:
        raise NotSignedIn
    return SignedIn(session, browser.with_person(session.session.user_id).cookie(settings))


async def _find(db: Database, name: str) -> _Typed:
    name = normalized(name.strip())
    if len(name) > _LONGEST_NAME or not _is_storable(name):
        # It is no account's name; the course goes on all the same, with one that is free for ever.
        name = "@"
    async with db.direct() as connection:
        row = await _FIND.fetch_one(connection, name=name)
    assert row is not None, "the name itself is always in the answer"
    if row["id"] is None:
        return _Typed(row["name"], None)
    return _Typed(row["name"], Account(*(row[column] for column in Account._fields)))


def _is_storable(name: str) -> bool:
    try:
        return b"\0" not in name.encode()
    except UnicodeEncodeError:
        return False


def _subjects(typed: _Typed, browser: Browser, client: ClientInfo, *, is_familiar: bool) -> Subjects:
    if is_familiar:
        return attempts.of_one("browser", browser.number, str(typed.user_id))
    return attempts.from_stranger(typed.name, client.address)


async def _reserve(db: Database, attempt: Attempt, typed: _Typed, subjects: Subjects) -> None:
    async with db.write() as tx:
        decision = await attempts.reserve(tx, subjects)
        # Logged once for each turn that is given: an attack must not fill the log with what it was not let to do.
        if decision.changes and not decision.is_admitted:
            await _record(tx, attempt, typed, refused="slowed")
    if not decision.is_admitted:
        raise attempts.refusal(decision.wait)


async def _record_failure(db: Database, attempt: Attempt, typed: _Typed) -> None:
    async with db.write() as tx:
        await _record(tx, attempt, typed, refused=typed.obstacle or "wrong_password")


async def _record(tx: Tx, attempt: Attempt, typed: _Typed, *, refused: str = "") -> None:
    await access_log.record(
        tx,
        Action.SIGN_IN,
        client=attempt.client,
        user_id=typed.user_id,
        username=attempt.name if typed.account is None else typed.account.username,
        refused=refused,
        method=str(Method.PASSWORD),
    )


async def _begin(
    db: Database, settings: Settings, attempt: Attempt, typed: _Typed, subjects: Subjects, new_hash: str | None
) -> NewSession | None:
    """The session; none if the password was changed or the account deactivated since it was read."""
    assert typed.account is not None, "a password was right"
    assert typed.hash is not None, "likewise"
    user_id = typed.account.id
    async with db.write() as tx:
        if not await passwords.is_still(tx, user_id, typed.hash):
            await _record(tx, attempt, typed, refused="changed_meanwhile")
            return None
        if new_hash is not None:
            await passwords.renew(tx, user_id, old=typed.hash, new=new_hash)
        await attempts.give_back(tx, subjects)
        life = timedelta(seconds=settings.session_seconds)
        session = await sessions.start(tx, user_id, attempt.client, Method.PASSWORD, life=life)
        await _record(tx, attempt, typed)
    return session
