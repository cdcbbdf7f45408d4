"""Which service, as whom, in which project: from the environment, a profile, or a file of ``modelyard up``."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional
from urllib.parse import urlsplit

from modelyard_client.failures import Misused

FILE_NAME = "connection.env"
_URL, _TOKEN, _PROJECT = "MODELYARD_URL", "MODELYARD_TOKEN", "MODELYARD_PROJECT"
PROFILE = "MODELYARD_PROFILE"
_PATIENCE = "MODELYARD_RETRY_SECONDS"
_DEFAULT_PATIENCE = 60.0


@dataclass(frozen=True)
class Connection:
    """Where to send requests and in whose name."""

    url: str
    token: str = field(repr=False)
    project: str
    """Full path; empty where none is needed."""
    patience: float = _DEFAULT_PATIENCE
    """Seconds for which one request is tried again."""
    source: str = field(default="", compare=False)
    """Where address and token come from, in words."""
    profile: Optional[str] = field(default=None, compare=False)
    """The profile that they come from, if they do."""


@dataclass(frozen=True)
class Choice:
    """What a command line says about the connection."""

    file: Path | None = None
    profile: str | None = None
    project: str | None = None


def find(choice: Choice, environment: Mapping[str, str], *, needs_project: bool = True) -> Connection:
    """The connection that is meant.

    Address and token always come from the same source, so that no service is shown the token of another: from the file
    or the profile that is named, else from the environment, else from the profile that is set as default, else from
    the ``connection.env`` of a data directory.

    Raises:
        Misused: a setting is missing or makes no sense.
    """
    if choice.file is not None and choice.profile is not None:
        raise Misused("Give --connection or --profile, not both.")
    values, source, profile = _values(choice, environment)
    missing = [name for name in (_URL, _TOKEN) if not values.get(name)]
    project = choice.project or environment.get(_PROJECT) or values.get(_PROJECT) or ""
    missing += [_PROJECT] if needs_project and not project else []
    if missing:
        raise Misused(_missing(missing, source, profile))
    return Connection(
        checked_url(values[_URL]), _checked_token(values[_TOKEN]), project.strip("/"), patience(environment),
        source, profile,
    )  # fmt: skip


def _missing(names: list[str], source: str, profile: str | None) -> str:
    verb = "is" if len(names) == 1 else "are"
    if names == [_PROJECT] and profile:
        return (
            f"No project is named. Give --project, set {_PROJECT}, or `modelyard profiles use {profile} --project P`."
        )
    return (
        f"{' and '.join(names)} {verb} missing {source}. Sign in with `modelyard login URL`, set {_URL}, {_TOKEN} and "
        f"{_PROJECT}, or name the {FILE_NAME} that `modelyard up` writes into its data directory: --connection FILE."
    )


def _values(choice: Choice, environment: Mapping[str, str]) -> tuple[Mapping[str, str], str, str | None]:
    """Variables, where they come from in words, and from which profile."""
    if choice.file is not None:
        return _read(choice.file), f"in {choice.file}", None
    if choice.profile is None and (environment.get(_URL) or environment.get(_TOKEN)):
        return environment, "in the environment", None
    by_profile = _of_profile(choice.profile or environment.get(PROFILE) or None, environment)
    if by_profile:
        return by_profile
    candidates = _files(environment)
    for candidate in candidates:
        if candidate.is_file():
            return _read(candidate), f"in {candidate}", None
    looked = " nor ".join(str(candidate) for candidate in candidates)
    return {}, f"in the environment, and there is no profile nor {looked}", None


def _of_profile(name: str | None, environment: Mapping[str, str]) -> tuple[Mapping[str, str], str, str] | None:
    from modelyard_client.accounts import profiles  # noqa: PLC0415 - most CI jobs need none

    kept = profiles.Profiles.of(environment)
    profile = kept.find(name)
    if profile is None:
        return None
    values = {_URL: profile.url, _TOKEN: kept.token(profile), _PROJECT: profile.project}
    return values, f"in the profile {profile.name}", profile.name


def _files(environment: Mapping[str, str]) -> list[Path]:
    data_dir = environment.get("MODELYARD_DATA_DIR")
    return [*([Path(data_dir) / FILE_NAME] if data_dir else []), Path(".modelyard") / FILE_NAME]


def _read(file: Path) -> dict[str, str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        words = [shlex.split(line, comments=True) for line in lines]
    except (OSError, ValueError) as error:
        raise Misused(f"{file} cannot be read: {error}.") from None
    settings = (line[1:] if line[:1] == ["export"] else line for line in words)
    return dict(word.split("=", 1) for setting in settings for word in setting if "=" in word)


def checked_url(url: str) -> str:
    """The address of an installation without a slash at its end.

    Raises:
        Misused: it is no address, or holds a username, a query or a fragment.
    """
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or parts.query or parts.fragment or parts.username is not None or not _is_plain(url):
        raise Misused(f"{_URL} is {url[:200]!a}, but must be like https://models.example.org.")
    return url.rstrip("/")


def _checked_token(token: str) -> str:
    if not _is_plain(token):
        raise Misused(f"{_TOKEN} has characters that no token has.")
    return token


def _is_plain(text: str) -> bool:
    """Whether it may stand in a header of HTTP: no spaces, control characters or letters beyond ASCII."""
    return text.isascii() and text.isprintable() and " " not in text


def patience(environment: Mapping[str, str]) -> float:
    """Seconds for which one request is tried again, by ``MODELYARD_RETRY_SECONDS``.

    Raises:
        Misused: it is no number of seconds up to a day.
    """
    text = environment.get(_PATIENCE) or str(_DEFAULT_PATIENCE)
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise Misused(f"{_PATIENCE} is {text!r}, but must be a number of seconds from 0 to 86400.")
    return seconds


def default_environment() -> Mapping[str, str]:
    """The environment of this process."""
    return os.environ
