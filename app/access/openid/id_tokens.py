"""ID tokens: whether a provider signed one, for this installation, now, and for this very sign-in."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import jwt

from app.errors import Forbidden
from app.outgoing.issuers import Key

LEEWAY_SECONDS = 60
"""How far the clocks of provider and installation may differ."""
MAX_TOKEN, MAX_SUBJECT = 65_536, 255
_ALGORITHMS: dict[tuple[str, str], tuple[str, ...]] = {
    ("RSA", ""): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
"""By type and curve of the key. What a token says of its own algorithm never chooses how it is checked: that is what
the key says or, where it says nothing, the first one."""
_HASHES: dict[str, Callable[[bytes], Any]] = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


class IdTokenRefused(Forbidden):
    """The ID token of the provider is not acceptable."""


def key_id(token: str) -> str | None:
    """The key that a token names; None: it names none.

    Raises:
        IdTokenRefused: it is no signed token.
    """
    if not 0 < len(token) <= MAX_TOKEN or not token.isascii():
        raise IdTokenRefused(f"The ID token is empty, longer than {MAX_TOKEN} characters, or not ASCII.")
    try:
        named = jwt.get_unverified_header(token).get("kid")
    except (jwt.PyJWTError, RecursionError):
        raise IdTokenRefused("What the provider sent as ID token is no signed JSON Web Token.") from None
    return None if named is None else str(named)


def verified(
    token: str, key: Key | None, *, issuer: str, client_id: str, nonce: str, access_token: str
) -> dict[str, Any]:
    """The claims of a token that was checked (OpenID Connect Core 1.0 §3.1.3.7).

    Raises:
        IdTokenRefused: another key, issuer, audience or sign-in, or not valid now.
    """
    if key is None:
        raise IdTokenRefused("The ID token is signed with a key that the provider does not publish.")
    algorithm = _algorithm(key)
    claims = _decoded(token, key, algorithm, issuer, client_id)
    _check_parties(claims, client_id)
    if not hmac.compare_digest(str(claims.get("nonce")).encode("utf-8", "replace"), nonce.encode()):
        raise IdTokenRefused("The ID token was made for another sign-in (`nonce`).")
    at_hash = claims.get("at_hash")
    if at_hash is not None and at_hash != _access_token_hash(access_token, algorithm):
        raise IdTokenRefused("The ID token belongs to another access token (`at_hash`).")
    return claims


def _algorithm(key: Key) -> str:
    fitting = _ALGORITHMS.get((str(key.get("kty")), str(key.get("crv", ""))), ())
    algorithm = key.get("alg", fitting[0] if fitting else None)
    if not isinstance(algorithm, str) or algorithm not in fitting:
        raise IdTokenRefused("The ID token is signed with a key of a kind that is not accepted.")
    return algorithm


def _decoded(token: str, key: Key, algorithm: str, issuer: str, client_id: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK(key, algorithm),
            algorithms=[algorithm],
            audience=client_id,
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "iss", "aud", "sub"], "enforce_minimum_key_length": True},
        )
    except jwt.ExpiredSignatureError:
        raise IdTokenRefused("The ID token has expired; compare the clocks of provider and installation.") from None
    except jwt.ImmatureSignatureError:
        raise IdTokenRefused(
            "The ID token is from the future; compare the clocks of provider and installation."
        ) from None
    except jwt.InvalidAudienceError:
        raise IdTokenRefused("The ID token is meant for another application (`aud`).") from None
    except jwt.InvalidIssuerError:
        raise IdTokenRefused("The ID token was issued by another issuer than the settings name (`iss`).") from None
    except jwt.MissingRequiredClaimError as error:
        raise IdTokenRefused(f"The ID token lacks the claim `{error.claim}`.") from None
    except (jwt.PyJWTError, RecursionError):
        raise IdTokenRefused("The ID token is not signed by the provider, or not readable.") from None
    return claims


def _check_parties(claims: dict[str, Any], client_id: str) -> None:
    audience, party, subject = claims["aud"], claims.get("azp"), claims["sub"]
    has_several = isinstance(audience, list) and len(set(audience)) > 1
    if (party is not None or has_several) and party != client_id:
        raise IdTokenRefused("The ID token was issued to another application (`azp`).")
    if not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise IdTokenRefused(f"The ID token's `sub` is not 1 to {MAX_SUBJECT} printable characters.")


def _access_token_hash(access_token: str, algorithm: str) -> str:
    digest = _HASHES["512" if algorithm == "EdDSA" else algorithm[2:]](access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
