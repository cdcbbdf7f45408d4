"""Identity tokens of CI jobs (OpenID Connect), exchanged for short-lived project tokens (RFC 8693).

Until the signature has been checked every refusal that depends on the project reads the same, so that no caller learns
which projects there are and what their settings say. The same identity may be exchanged again until it expires: a job
has several steps, and the holder of an identity gains nothing by a second token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from sqlalchemy import select

from app.access import bots, projects, tokens
from app.access.policy import Role, Scope
from app.access.tokens import IssueToken
from app.ci.client import PROVIDERS, CiClient
from app.ci.identities import claims
from app.ci.providers import protocol
from app.ci.tables import CiSettings
from app.db.database import Database, Tx
from app.errors import Forbidden, Invalid, Unauthenticated

LIFE = timedelta(minutes=15)
LEEWAY_SECONDS = 30
MAX_IDENTITY = 16_384
_ALGORITHMS: dict[tuple[Any, Any], str] = {("RSA", None): "RS256", ("EC", "P-256"): "ES256"}
"""By type and curve of the key: what a token says of its own algorithm never chooses how it is checked."""


class IdentityRefused(Unauthenticated):
    """The identity token is not accepted."""


class IdentityForbidden(Forbidden):
    """The identity token is genuine, but not for this."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A project token for a CI job; ``secret`` is never shown again."""

    secret: str
    scope: Scope
    expires_at: datetime


async def exchange(db: Database, client: CiClient, project: int | str, identity: str) -> IssuedToken:
    """Give the CI job behind an identity token a token of the project.

    Raises:
        Invalid: what was sent is no identity token.
        IdentityRefused: it was not signed by whom the project trusts, or is not valid now.
        IdentityForbidden: it is genuine, but of another audience or CI project, or without a claim that is needed.
    """
    key_id = _key_id(identity)
    async with db.read() as snap:
        project_id = await projects.id_of(snap, project)
        statement = select(CiSettings).where(CiSettings.project_id == project_id, CiSettings.identity_enabled)
        settings = await snap.scalar(statement) if project_id is not None else None
    if settings is None:
        raise _not_accepted()
    key = await client.issuers.key(settings.identity_issuer, key_id)
    if key is None:
        raise _not_accepted()
    claimed = _verified(identity, key, settings)
    _require_claims(claimed, settings)
    async with db.write() as tx:
        return await _issue(tx, settings, claimed)


def _key_id(identity: str) -> str:
    if not 0 < len(identity) <= MAX_IDENTITY or not identity.isascii():
        raise Invalid(f"An identity token has 1 to {MAX_IDENTITY} ASCII characters.", field="subject_token")
    try:
        header = jwt.get_unverified_header(identity)
    except (jwt.PyJWTError, RecursionError):
        raise IdentityRefused("The subject token is not a JSON Web Token.", field="subject_token") from None
    if header.get("alg") not in _ALGORITHMS.values():
        raise IdentityRefused("The identity token must be signed with RS256 or ES256.", field="subject_token")
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise IdentityRefused("The identity token does not name its key (`kid`).", field="subject_token")
    return key_id


def _verified(identity: str, key: dict[str, Any], settings: CiSettings) -> Mapping[str, Any]:
    # Lists and objects are no names of a type or curve, and could not be looked up.
    kind = tuple(None if one is None else str(one) for one in (key.get("kty"), key.get("crv")))
    algorithm = _ALGORITHMS.get((kind[0], kind[1]))
    if algorithm is None or key.get("alg", algorithm) != algorithm:
        raise _not_accepted()
    try:
        return jwt.decode(
            identity,
            jwt.PyJWK(key, algorithm),
            algorithms=[algorithm],
            audience=settings.identity_audience,
            issuer=settings.identity_issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "iss", "aud"], "enforce_minimum_key_length": True},
        )
    except jwt.ExpiredSignatureError:
        raise IdentityRefused("The identity token has expired; let the job get a new one.") from None
    except jwt.ImmatureSignatureError:
        raise IdentityRefused("The identity token is not valid yet; compare the clocks.") from None
    except jwt.InvalidAudienceError:
        raise IdentityForbidden("The identity token is meant for another audience (`aud`).") from None
    except jwt.MissingRequiredClaimError as error:
        raise IdentityForbidden(f"The identity token lacks the claim `{error.claim}`.") from None
    except (jwt.PyJWTError, RecursionError):
        raise _not_accepted() from None


def _not_accepted() -> IdentityRefused:
    return IdentityRefused(
        "The identity token is not accepted for this project: there is no such project, it takes no identities of CI "
        "jobs, or it trusts another issuer or key."
    )


def _require_claims(claimed: Mapping[str, Any], settings: CiSettings) -> None:
    if settings.identity_ci_project_id is None:
        raise IdentityForbidden(
            "The project trusts the jobs of a CI project by its path alone, as an earlier release allowed; another "
            "project may have that path now. A maintainer has to say its numbers: `ciSettingsUpdate` with "
            "`identity: {ciProjectId, ciOwnerId}`."
        )
    provider = PROVIDERS[settings.provider]
    if claims.text(claimed.get(provider.number_claim)) != settings.identity_ci_project_id:
        raise IdentityForbidden(f"The identity token is of another CI project (`{provider.number_claim}`).")
    owner = settings.identity_ci_owner_id
    if owner is not None and claims.text(claimed.get(provider.owner_claim)) != owner:
        raise IdentityForbidden(f"The CI project of the identity token has another owner (`{provider.owner_claim}`).")
    missing = claims.refusal(settings.identity_claims, claimed)
    if missing is not None:
        raise IdentityForbidden(f"The identity token's claim `{missing}` is not one that the project accepts.")


async def _issue(tx: Tx, settings: CiSettings, claimed: Mapping[str, Any]) -> IssuedToken:
    """Write the token, unless the settings have changed since they were read."""
    same = (
        CiSettings.project_id == settings.project_id,
        CiSettings.identity_enabled,
        CiSettings.updated_at == settings.updated_at,
    )
    bot_id = await tx.scalar(select(CiSettings.bot_id).where(*same).with_for_update(read=True))
    if bot_id is None:
        raise _not_accepted()
    await bots.forget_tokens(tx, bot_id)
    scope, job = Scope(settings.identity_scope), _job(claimed, settings)
    command = IssueToken(
        f"CI job {job}" if job else "CI job",
        (scope,),
        project_id=settings.project_id,
        role=Role(settings.identity_role),
        expires_at=datetime.now(UTC) + LIFE,
        ci_job=job,
    )
    issued = await tokens.add(tx, command, user_id=bot_id, created_by=None)
    assert issued.token.expires_at is not None, "it was given"
    return IssuedToken(issued.secret, scope, issued.token.expires_at)


def _job(claimed: Mapping[str, Any], settings: CiSettings) -> str | None:
    external_id = claims.text(claimed.get(PROVIDERS[settings.provider].job_claim)) or ""
    return f"{settings.provider}:{external_id}" if protocol.is_external_id(external_id) else None
