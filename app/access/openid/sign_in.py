"""Signing in with a provider: the browser is sent there, comes back with a code, and gets a session.

Between the two stands one row that the callback uses up, whatever comes of it: a code or state that comes a second time
finds nothing. The provider is asked before the transaction in which the account, its roles and the session are written,
so that a sign-in is complete or has left nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from app.access import access_log, policy, sessions
from app.access.access_log import Action
from app.access.authentication.client_info import ClientInfo
from app.access.one_time_links import acceptance
from app.access.openid import accounts, conversation, rule_memberships, sign_in_requests
from app.access.openid.accounts import Entrance, SignInRefused
from app.access.openid.claims import Profile
from app.access.openid.configuration import Provider
from app.access.openid.conversation import MAX_CODE, Secrets
from app.access.openid.providers import OpenIdProviders
from app.access.openid.sign_in_requests import NewRequest, RequestUnknown, TakenRequest
from app.access.policy import Actor
from app.access.sessions import Method, NewSession
from app.db.database import Database, Tx
from app.errors import Busy, Forbidden, Invalid, ModelyardError, Taken

MAX_RETURN = 2_000
_SECRET_BYTES = 32
_MAX_PROOF = 200
_ATTEMPTS = 4
"""Of the transaction: another sign-in may get the same free username at the same moment."""


class ProviderRefused(Forbidden):
    """The provider has not signed you in."""


@dataclass(frozen=True, slots=True)
class Begin:
    """A request to be sent to a provider."""

    provider: str
    return_to: str = "/"
    """Path on this installation where the browser goes afterwards."""
    invitation: str = ""
    """The secret of an invitation that the identity shall accept."""
    links: bool = False
    """Whether the identity becomes one of the person who is signed in already."""
    browser: str = ""
    """What the browser's cookie of an earlier sign-in holds: two at once share it."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser has to go; ``browser`` goes into a cookie, without which it cannot come back."""

    address: str
    browser: str
    provider: Provider


@dataclass(frozen=True, slots=True)
class Callback:
    """What a browser brings back from a provider."""

    provider: str
    browser: str = ""
    """From its cookie."""
    state: str = ""
    code: str = ""
    error: str = ""
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Completed:
    """A person who has come in, or linked an identity (then there is no new session)."""

    return_to: str
    session: NewSession | None


async def begin(db: Database, actor: Actor, openid: OpenIdProviders, command: Begin) -> Begun:
    """Prepare a sign-in and answer where the browser has to go.

    Raises:
        ProviderNotFound: there is no provider of that name.
        ProviderAway: it does not tell where its sign-in is.
        Unauthenticated: an identity shall be linked, and no one is signed in.
        NotFound: the invitation is unknown, used, revoked or has expired.
    """
    provider = openid.get(command.provider)
    user_id = _linking(actor) if command.links else None
    if len(command.return_to) > MAX_RETURN:
        raise Invalid(f"The page to return to has more than {MAX_RETURN} characters.", field="return_to")
    proof = Secrets(*(secrets.token_urlsafe(_SECRET_BYTES) for _ in range(3)))
    browser = command.browser if _is_proof(command.browser) else secrets.token_urlsafe(_SECRET_BYTES)
    address = await conversation.authorization_url(openid, provider, proof)
    async with db.write() as tx:
        link = await acceptance.usable(tx, command.invitation) if command.invitation else None
        request = NewRequest(
            provider.name, proof.state, browser, proof.nonce, proof.verifier, command.return_to,
            link_id=link.id if link is not None else None, user_id=user_id,
        )  # fmt: skip
        await sign_in_requests.add(tx, request)
    return Begun(address, browser, provider)


async def complete(
    db: Database, actor: Actor, openid: OpenIdProviders, callback: Callback, client: ClientInfo, *, life: timedelta
) -> Completed:
    """Let a person in who comes back from a provider; ``life`` is that of the session.

    Raises:
        RequestUnknown, RequestExpired, OtherBrowser: no sign-in of this browser is under way.
        ProviderRefused: the provider says that it has not signed the person in.
        ProviderAway, ProviderBusy, CodeRefused, AnswerRefused, IdTokenRefused: see :func:`conversation.identify`.
        SignInRefused, IdentityTaken: see :func:`accounts.enter`.
        NotFound: the invitation was used, revoked or has expired meanwhile.
    """
    provider = openid.get(callback.provider)
    if not _is_proof(callback.state):
        raise RequestUnknown("This address is called by a sign-in at a provider, and no such sign-in is under way.")
    async with db.write() as tx:
        request = await sign_in_requests.take(
            tx, provider=provider.name, state=callback.state, browser=callback.browser
        )
    try:
        if request.user_id is not None and _linking(actor) != request.user_id:
            raise SignInRefused("You are signed in as another person than when you began to link the identity.")
        profile = await _identified(openid, provider, callback, request)
        return await _let_in(db, provider, profile, request, client, life)
    except ModelyardError as refusal:
        await _note_refusal(db, provider, request, client, refusal)
        raise


async def _identified(
    openid: OpenIdProviders, provider: Provider, callback: Callback, request: TakenRequest
) -> Profile:
    await conversation.check_issuer(openid, provider, callback.issuer)
    if callback.error:
        raise _provider_refusal(provider, callback.error)
    if not 0 < len(callback.code) <= MAX_CODE:
        raise ProviderRefused(f"{provider.title} sent you back without a code; begin again.")
    return await conversation.identify(openid, provider, callback.code, request.nonce, request.verifier)


def _provider_refusal(provider: Provider, error: str) -> ProviderRefused:
    """In our own words: texts of the callback's address can be made by any caller."""
    if error == "access_denied":
        return ProviderRefused(f"{provider.title} did not sign you in: you or it refused.")
    if error in {"login_required", "interaction_required", "consent_required", "account_selection_required"}:
        return ProviderRefused(f"{provider.title} needs you to sign in there first; begin again.")
    if error in {"server_error", "temporarily_unavailable"}:
        return ProviderRefused(f"{provider.title} had an error of its own; try again shortly.")
    return ProviderRefused(
        f"{provider.title} does not accept the request of this installation; its operator has to compare the settings."
    )


async def _let_in(
    db: Database, provider: Provider, profile: Profile, request: TakenRequest, client: ClientInfo, life: timedelta
) -> Completed:
    """One transaction, again while other sign-ins get in its way."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with db.write() as tx:
                return await _enter(tx, provider, profile, request, client, life)
        except (Taken, Busy):
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


async def _enter(
    tx: Tx, provider: Provider, profile: Profile, request: TakenRequest, client: ClientInfo, life: timedelta
) -> Completed:
    entrance = Entrance(
        provider, profile, client, is_invited=request.link_id is not None, linking_user_id=request.user_id
    )
    user = await accounts.enter(tx, entrance)
    if request.link_id is not None:
        await acceptance.accept(tx, request.link_id, user.id, client)
    roles = await rule_memberships.synchronize(tx, provider, user.id, profile.groups)
    if request.user_id is not None:
        return Completed(request.return_to, None)
    session = await sessions.start(tx, user.id, client, Method.OPENID, life=life, provider=provider.name)
    await access_log.record(
        tx,
        Action.SIGN_IN,
        client=client,
        user_id=user.id,
        username=user.username,
        provider=provider.name,
        method=str(Method.OPENID),
        memberships_made=roles.get("made", 0),
        memberships_changed=roles.get("changed", 0),
        memberships_removed=roles.get("removed", 0),
        tells_groups=profile.tells_groups,
    )
    return Completed(request.return_to, session)


async def _note_refusal(
    db: Database, provider: Provider, request: TakenRequest, client: ClientInfo, refusal: ModelyardError
) -> None:
    user = refusal.user if isinstance(refusal, SignInRefused) else None
    async with db.write() as tx:
        await access_log.record(
            tx,
            Action.SIGN_IN if request.user_id is None else Action.IDENTITY_LINK,
            client=client,
            user_id=user.id if user is not None else request.user_id,
            username=user.username if user is not None else "",
            refused=refusal.message,
            provider=provider.name,
        )


def _linking(actor: Actor) -> int:
    """The person whose identity it becomes: who is signed in with this browser.

    Raises:
        Unauthenticated: no one is.
        Forbidden: a token calls.
    """
    user_id = policy.require_signed_in(actor)
    if actor.session_id is None:
        raise Forbidden("Identities are linked in a browser that is signed in, not with a token.")
    return user_id


def _is_proof(text: str) -> bool:
    """Whether a text can be one of the secrets that are made here."""
    return 40 <= len(text) <= _MAX_PROOF and text.isascii() and text.isprintable()
