"""The file of OpenID providers (TOML): which there are, how claims are read, which roles their groups give."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)

from app.access.policy import Role
from app.settings import SettingsError

MAX_PROVIDERS, MAX_RULES, MAX_SECRET = 20, 1_000, 1_000
SETTING = "MODELYARD_OPENID_PROVIDERS"

ProviderName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Domain = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,253}$", to_lower=True)]


def _role(value: Any) -> Any:
    names = [role.name.lower() for role in Role]
    if value not in names:
        raise ValueError(f"must be one of {', '.join(names)}")
    return Role[value.upper()]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClaimNames(_Part):
    """Which claim tells what. A name with dots may lead into objects, such as ``realm_access.roles``."""

    username: Text = "preferred_username"
    name: Text = "name"
    email: Text = "email"
    groups: Text = "groups"


class GroupRule(_Part):
    """Members of a group at the provider have a role in a group or project here."""

    member_of: Text
    """The group, as the claim names it."""
    role: Annotated[Role, BeforeValidator(_role)]
    group: Text | None = None
    project: Text | None = None
    """The full path of one of the two."""

    @model_validator(mode="after")
    def _has_one_target(self) -> Self:
        if (self.group is None) == (self.project is None):
            raise ValueError("needs either `group` or `project`, the full path where the role is given")
        return self


class Provider(_Part):
    """An OpenID provider as the operator describes it."""

    name: ProviderName
    """In addresses, and in the memberships that its rules make; stays when the title changes."""
    title: Text
    issuer: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$", max_length=500)]
    client_id: Text
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    client_authentication: Literal["basic", "post"] | None = None
    """How the secret is sent; None: as the provider says that it can be."""
    scopes: tuple[Annotated[str, StringConstraints(pattern=r"^[!#-\[\]-~]{1,200}$")], ...] = (
        "openid", "profile", "email",
    )  # fmt: skip
    accounts: Literal["automatic", "invited"] = "invited"
    """Whether a person who comes for the first time gets an account, or needs an invitation."""
    email_domains: tuple[Domain, ...] = ()
    """Automatic accounts are for these alone, by a verified e-mail address; empty: for all."""
    emails_are_verified: bool = False
    """Take its e-mail addresses for verified where it does not say ``email_verified``."""
    claims: ClaimNames = ClaimNames()
    rules: Annotated[tuple[GroupRule, ...], Field(max_length=MAX_RULES)] = ()

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if (self.client_secret is None) == (self.client_secret_file is None):
            raise ValueError("needs either `client_secret` or `client_secret_file`")
        if "openid" not in self.scopes:
            raise ValueError("`scopes` must have `openid` in them")
        return self

    @property
    def secret(self) -> str:
        """What proves to the provider who asks; it has been read by :func:`read`."""
        assert self.client_secret is not None, "read() has put it there"
        return self.client_secret.get_secret_value()


class _File(_Part):
    provider: Annotated[tuple[Provider, ...], Field(max_length=MAX_PROVIDERS)] = ()


def read(path: Path) -> tuple[Provider, ...]:
    """The providers of a file, with their secrets.

    Raises:
        SettingsError: a line for everything in it that is missing or wrong.
    """
    try:
        with path.open("rb") as file:
            described = _File.model_validate(tomllib.load(file))
    except OSError as error:
        raise SettingsError(f"{SETTING}: {path} cannot be read: {error.strerror or error}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{SETTING}: {path} is not TOML: {error}.") from None
    except ValidationError as error:
        raise SettingsError(_explained(path, error)) from None
    for what in ("name", "issuer"):
        values = Counter(getattr(provider, what) for provider in described.provider)
        for value, count in values.items():
            if count > 1:
                raise SettingsError(
                    f"{SETTING}: {path} has {count} providers with the {what} {value}; each has its own."
                )
    return tuple(_with_secret(provider, path) for provider in described.provider)


def _with_secret(provider: Provider, described_in: Path) -> Provider:
    where = f"{SETTING}: {described_in}: the client secret of {provider.name}"
    if provider.client_secret_file is not None:
        try:
            text = (described_in.parent / provider.client_secret_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise SettingsError(f"{where} cannot be read from {provider.client_secret_file}: {why}.") from None
        provider = provider.model_copy(update={"client_secret": SecretStr(text)})
    if not 0 < len(provider.secret) <= MAX_SECRET or not provider.secret.isprintable():
        raise SettingsError(f"{where} is empty, longer than {MAX_SECRET} characters, or not printable.")
    return provider


def _explained(path: Path, error: ValidationError) -> str:
    explained = [f"{SETTING}: {path} does not describe OpenID providers:"]
    for problem in error.errors(include_input=False, include_url=False):
        where = ".".join(str(part + 1) if isinstance(part, int) else part for part in problem["loc"])
        explained.append(f"  {where or 'file'}: {problem['msg'].removeprefix('Value error, ')}")
    return "\n".join(explained)
