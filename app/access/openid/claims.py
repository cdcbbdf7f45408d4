"""What a provider tells of a person, read with suspicion: what is not of the expected kind is not there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.access.names import check_email
from app.access.openid.configuration import Provider
from app.errors import Invalid
from app.text import normalized

MAX_NAME, MAX_USERNAME = 255, 60
MAX_GROUPS, MAX_GROUP = 10_000, 500
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as a provider describes it."""

    subject: str
    username: str
    """A name that could stand in a web address, made of what the provider says; may be in use here."""
    name: str | None
    email: str | None
    """Only an address that the provider has verified."""
    groups: frozenset[str]
    tells_groups: bool
    """Whether the claim with the groups was there at all."""


def profile(provider: Provider, subject: str, claims: Mapping[str, Any]) -> Profile:
    """Read the claims of ID token and userinfo together."""
    names = provider.claims
    email = _email(provider, claims)
    listed = _value(claims, names.groups)
    username = _username(_value(claims, names.username)) or _username((email or "").partition("@")[0])
    return Profile(
        subject=subject,
        username=username or "user",
        name=_title(_value(claims, names.name)),
        email=email,
        groups=_groups(listed),
        tells_groups=isinstance(listed, str | list),
    )


def _value(claims: Mapping[str, Any], name: str) -> Any:
    """The claim of that name or, where there is none, what its parts between dots lead to."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _username(value: Any) -> str:
    """A text as one segment of a path; empty where nothing is left of it."""
    if not isinstance(value, str):
        return ""
    # The accents of `é` stand by themselves then, and go; what has no letters of ours is left out.
    plain = unicodedata.normalize("NFKD", value[:MAX_NAME].partition("@")[0])
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    fit = _UNFIT.sub("-", plain)[:MAX_USERNAME].strip(".-")
    while fit.lower().endswith((".git", ".atom")):
        fit = fit.rpartition(".")[0].rstrip(".-")
    return f"user-{fit}" if fit.isdigit() else fit


def _title(value: Any) -> str | None:
    """A name for people, without what cannot be shown."""
    if not isinstance(value, str):
        return None
    shown = "".join(letter if letter.isprintable() else " " for letter in value[: 4 * MAX_NAME])
    return normalized(" ".join(shown.split()))[:MAX_NAME].strip() or None


def _email(provider: Provider, claims: Mapping[str, Any]) -> str | None:
    value, is_verified = _value(claims, provider.claims.email), claims.get("email_verified")
    # Some providers write the boolean as text; what says no is believed in any case.
    accepted = is_verified is True or is_verified == "true" or (is_verified is None and provider.emails_are_verified)
    if not accepted or not isinstance(value, str):
        return None
    try:
        return check_email(value)
    except Invalid:
        return None


def _groups(value: Any) -> frozenset[str]:
    """Names of groups; one text is a list of one."""
    listed = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(
        normalized(group) for group in listed[:MAX_GROUPS] if isinstance(group, str) and len(group) <= MAX_GROUP
    )
