"""What is said with a provider: where to send the browser, the exchange of the code, and what userinfo tells."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import structlog

from app.access.openid import id_tokens
from app.access.openid.claims import Profile, profile
from app.access.openid.configuration import Provider
from app.access.openid.providers import OpenIdProviders
from app.errors import Conflict, Forbidden, Unavailable
from app.outgoing import json_documents
from app.outgoing.addresses import AddressRefused
from app.outgoing.issuers import IssuerAway
from app.outgoing.json_documents import DocumentUnreadable

MAX_CODE, MAX_ACCESS_TOKEN = 8_192, 65_536
log = structlog.get_logger()


class ProviderAway(Unavailable):
    """The OpenID provider cannot be reached."""


class CodeRefused(Conflict):
    """The provider does not accept the code of this sign-in; it was used already, or has expired. Begin again."""


class AnswerRefused(Forbidden):
    """What the provider answered does not belong to this sign-in."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What ties a sign-in together: none of them is ever shown, and the provider gets only what it has to."""

    state: str
    nonce: str
    verifier: str
    """PKCE (RFC 7636)."""


async def authorization_url(openid: OpenIdProviders, provider: Provider, secrets: Secrets) -> str:
    """Where the browser has to go. Never within a transaction.

    Raises:
        ProviderAway: it does not tell where.
        ProviderBusy: the process speaks with it for many others already.
    """
    async with _talk(openid, provider):
        address = _endpoint(openid, provider, await _description(openid, provider), "authorization_endpoint")
    challenge = base64.urlsafe_b64encode(hashlib.sha256(secrets.verifier.encode()).digest()).rstrip(b"=").decode()
    query = urlencode(
        {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": openid.callback_url(provider),
            "scope": " ".join(provider.scopes),
            "state": secrets.state,
            "nonce": secrets.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
    )
    return f"{address}{'&' if urlsplit(address).query else '?'}{query}"


async def problem_of(openid: OpenIdProviders, provider: Provider) -> str:
    """Why no one could sign in with the provider now; empty if it describes itself well. Its secret is not tried."""
    try:
        description = await _description(openid, provider)
        _endpoint(openid, provider, description, "authorization_endpoint")
        _endpoint(openid, provider, description, "token_endpoint")
        if description.get("userinfo_endpoint") is not None:
            _endpoint(openid, provider, description, "userinfo_endpoint")
    except ProviderAway as away:
        return away.message
    return ""


async def check_issuer(openid: OpenIdProviders, provider: Provider, issuer: str | None) -> None:
    """Refuse a callback that another provider has caused (RFC 9207). Never within a transaction.

    Raises:
        AnswerRefused: it names another issuer, or none although the provider always does.
        ProviderAway: the provider does not tell whether it does.
    """
    if issuer is None:
        async with _talk(openid, provider):
            description = await _description(openid, provider)
        if description.get("authorization_response_iss_parameter_supported") is not True:
            return
    if issuer != provider.issuer:
        raise AnswerRefused(f"The answer does not come from {provider.title}: it names another issuer (`iss`).")


async def identify(openid: OpenIdProviders, provider: Provider, code: str, nonce: str, verifier: str) -> Profile:
    """Exchange a code and answer whom the provider vouches for. Never within a transaction.

    Raises:
        ProviderAway: no answer in time, or none that can be read.
        ProviderBusy: the process speaks with it for many others already.
        CodeRefused: the code is of no use (any more).
        AnswerRefused, IdTokenRefused: what came is of another issuer, audience, sign-in or person.
    """
    async with _talk(openid, provider):
        return await _identify(openid, provider, code, nonce, verifier)


@asynccontextmanager
async def _talk(openid: OpenIdProviders, provider: Provider) -> AsyncIterator[None]:
    try:
        async with openid.conversation(provider):
            yield
    except TimeoutError:
        raise ProviderAway(f"{provider.title} takes too long to answer; try again shortly.") from None
    except DocumentUnreadable as failure:
        raise _away(provider, failure.message) from None


async def _identify(openid: OpenIdProviders, provider: Provider, code: str, nonce: str, verifier: str) -> Profile:
    description = await _description(openid, provider)
    id_token, access_token = await _exchange(openid, provider, description, code, verifier)
    key = await openid.issuers.key(provider.issuer, id_tokens.key_id(id_token))
    claims = id_tokens.verified(
        id_token, key, issuer=provider.issuer, client_id=provider.client_id, nonce=nonce, access_token=access_token
    )
    subject: str = claims["sub"]
    if description.get("userinfo_endpoint") is None:
        return profile(provider, subject, claims)
    address = _endpoint(openid, provider, description, "userinfo_endpoint")
    told = await json_documents.get(openid.rules, address, timeout_seconds=openid.timeout_seconds, bearer=access_token)
    if told.get("sub") != subject:
        raise AnswerRefused(f"What {provider.title} tells of the person is about another one (`sub` of userinfo).")
    return profile(provider, subject, claims | told)


async def _exchange(
    openid: OpenIdProviders, provider: Provider, description: Mapping[str, Any], code: str, verifier: str
) -> tuple[str, str]:
    """ID token and access token."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": openid.callback_url(provider),
        "code_verifier": verifier,
    }
    headers = json_documents.HEADERS | {"Content-Type": "application/x-www-form-urlencoded"}
    if _sends_basic(provider, description):
        # Encoded as in a form before they are joined (RFC 6749 §2.3.1).
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": provider.client_id, "client_secret": provider.secret}
    answer = await json_documents.send(
        openid.rules,
        "POST",
        _endpoint(openid, provider, description, "token_endpoint"),
        headers,
        body=urlencode(form).encode(),
        timeout_seconds=openid.timeout_seconds,
    )
    if answer.status in {400, 401, 403}:
        raise _refusal(provider, answer.status, json_documents.members(answer).get("error"))
    if answer.status != 200:
        raise DocumentUnreadable(f"answered {answer.status} when the code was exchanged")
    told = json_documents.members(answer)
    id_token, access_token = told.get("id_token"), told.get("access_token")
    if not isinstance(id_token, str) or not isinstance(access_token, str) or not _is_access_token(access_token):
        raise DocumentUnreadable("answered without an ID token or access token")
    return id_token, access_token


def _is_access_token(value: str) -> bool:
    """Whether it can stand in a header."""
    return 0 < len(value) <= MAX_ACCESS_TOKEN and value.isascii() and value.isprintable()


def _refusal(provider: Provider, status: int, error: Any) -> CodeRefused | ProviderAway:
    """Why the code was not exchanged; the names of errors are those of RFC 6749 §5.2."""
    if error == "invalid_grant":
        return CodeRefused(
            f"{provider.title} does not accept the code of this sign-in: it was used already, or has expired. "
            "Begin again."
        )
    named = error[:100] if isinstance(error, str) and error.isprintable() else None
    log.error("openid.client_refused", provider=provider.name, status=status, error=named)
    return ProviderAway(
        f"{provider.title} does not accept this installation as its client; its operator has to compare client id, "
        "secret and callback address."
    )


def _sends_basic(provider: Provider, description: Mapping[str, Any]) -> bool:
    if provider.client_authentication is not None:
        return provider.client_authentication == "basic"
    supported = description.get("token_endpoint_auth_methods_supported")
    # What is not said is basic (OpenID Connect Discovery 1.0 §3).
    return (
        not isinstance(supported, list) or "client_secret_basic" in supported or "client_secret_post" not in supported
    )


async def _description(openid: OpenIdProviders, provider: Provider) -> Mapping[str, Any]:
    try:
        return await openid.issuers.description(provider.issuer)
    except IssuerAway as failure:
        raise _away(provider, failure.message) from None


def _endpoint(openid: OpenIdProviders, provider: Provider, description: Mapping[str, Any], name: str) -> str:
    address = description.get(name)
    try:
        if isinstance(address, str):
            openid.rules.check(address)
            return address.partition("#")[0]
    except AddressRefused as refusal:
        raise _away(provider, f"has its `{name}` where requests may not go: {refusal.message}") from None
    raise _away(provider, f"does not say where its `{name}` is")


def _away(provider: Provider, reason: str) -> ProviderAway:
    log.warning("openid.provider_away", provider=provider.name, reason=reason)
    return ProviderAway(f"{provider.title} cannot be used at the moment: it {reason.rstrip('.')}.")
