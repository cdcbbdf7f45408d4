"""Sign-ins under way: written when a browser is sent to a provider, and used once by what it comes back with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from app.access.tokens import digest
from app.db.database import Tx
from app.db.statements import Statement, columns
from app.errors import Conflict, Forbidden, Invalid

LIFE_SECONDS = 600
"""For how long a person may take to sign in at the provider."""
_SWEPT_AT_ONCE = 100


class RequestUnknown(Invalid):
    """There is no such sign-in under way: it was completed or ended already. Begin again."""


class RequestExpired(Conflict):
    """The sign-in took longer than ten minutes and has expired. Begin again."""


class OtherBrowser(Forbidden):
    """The sign-in was begun in another browser, and can only be completed there. Begin again."""


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A sign-in that begins; of state and browser only hashes are kept."""

    provider: str
    state: str
    browser: str
    nonce: str
    verifier: str
    return_to: str
    link_id: int | None = None
    user_id: int | None = None


class TakenRequest(NamedTuple):
    """A sign-in that came back to the browser that had begun it."""

    nonce: str
    verifier: str
    return_to: str
    link_id: int | None
    """The invitation that it accepts."""
    user_id: int | None
    """The person, signed in already, who links the identity."""


class _Left(NamedTuple):
    is_expired: bool
    is_of_browser: bool


_ADD = Statement(
    "access.add_openid_request",
    "Note a sign-in that begins, and remove some that were not completed in time.",
    """
    WITH expired AS (
      DELETE FROM openid_requests WHERE state_sha256 IN (
        SELECT state_sha256 FROM openid_requests WHERE expires_at < now() - make_interval(secs => :life)
        ORDER BY expires_at LIMIT :swept FOR UPDATE SKIP LOCKED)
    )
    INSERT INTO openid_requests
      (state_sha256, browser_sha256, provider, nonce, verifier, return_to, link_id, user_id, expires_at)
    VALUES (:state, :browser, :provider, :nonce, :verifier, :return_to, :link_id, :user_id,
      now() + make_interval(secs => :life))
    """,
)
_TAKE = Statement(
    "access.take_openid_request",
    "Use up a sign-in that came back in time, to the browser that had begun it.",
    f"""
    DELETE FROM openid_requests
    WHERE state_sha256 = :state AND browser_sha256 = :browser AND provider = :provider AND expires_at > now()
    RETURNING {columns(TakenRequest)}
    """,  # noqa: S608 - of constants
    row=TakenRequest,
)
_WHY_NOT = Statement(
    "access.untaken_openid_request",
    "Why a sign-in that came back could not be used.",
    """
    SELECT expires_at <= now() AS is_expired, browser_sha256 = :browser AS is_of_browser
    FROM openid_requests WHERE state_sha256 = :state AND provider = :provider
    """,
    row=_Left,
)


async def add(tx: Tx, request: NewRequest) -> None:
    """Step: note that a browser is sent to a provider."""
    await _ADD.execute(
        tx,
        state=digest(request.state),
        browser=digest(request.browser),
        provider=request.provider,
        nonce=request.nonce,
        verifier=request.verifier,
        return_to=request.return_to,
        link_id=request.link_id,
        user_id=request.user_id,
        life=float(LIFE_SECONDS),
        swept=_SWEPT_AT_ONCE,
    )


async def take(tx: Tx, *, provider: str, state: str, browser: str) -> TakenRequest:
    """Step: the sign-in of that state; given once, and to no other browser.

    Raises:
        RequestUnknown: there is none: never was, or it was used.
        RequestExpired: it came back too late.
        OtherBrowser: it was begun in another one, which may still complete it.
    """
    hashes = {"state": digest(state), "browser": digest(browser), "provider": provider}
    taken = await _TAKE.fetch_one(tx, **hashes)
    if taken is not None:
        return taken
    left = await _WHY_NOT.fetch_one(tx, **hashes)
    if left is None:
        raise RequestUnknown
    if not left.is_of_browser:
        raise OtherBrowser
    raise RequestExpired
