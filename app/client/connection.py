"""Which service, as whom, in which project: from the environment, or from the file that ``modelyard up`` writes."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from app.client.failures import Misused

FILE_NAME = "connection.env"
_URL, _TOKEN, _PROJECT = "MODELYARD_URL", "MODELYARD_TOKEN", "MODELYARD_PROJECT"
_PATIENCE = "MODELYARD_RETRY_SECONDS"
_DEFAULT_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Connection:
    """Where to send requests and in whose name."""

    url: str
    token: str = field(repr=False)
    project: str
    patience: float = _DEFAULT_PATIENCE
    """Seconds for which one request is tried again."""


def find(file: Path | None, project: str | None, environment: Mapping[str, str]) -> Connection:
    """The connection that is meant.

    Address and token always come from the same source, so that no service is shown the token of another:
    from ``file`` if one is named, else from the environment, else from the ``connection.env`` of the data directory.

    Raises:
        Misused: a setting is missing or makes no sense.
    """
    values, source = _values(file, environment)
    missing = [name for name in (_URL, _TOKEN) if not values.get(name)]
    project = project or environment.get(_PROJECT) or values.get(_PROJECT)
    missing += [] if project else [_PROJECT]
    if missing or not project:
        raise Misused(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing {source}. {_ADVICE}")
    return Connection(_checked_url(values[_URL]), values[_TOKEN], project.strip("/"), _patience(environment))


_ADVICE = (
    f"Set {_URL}, {_TOKEN} and {_PROJECT}, or name the {FILE_NAME} that `modelyard up` writes "
    f"into its data directory: --connection FILE."
)


def _values(file: Path | None, environment: Mapping[str, str]) -> tuple[Mapping[str, str], str]:
    """Variables, and where they come from in words."""
    if file is not None:
        return _read(file), f"in {file}"
    if environment.get(_URL) or environment.get(_TOKEN):
        return environment, "in the environment"
    data_dir = environment.get("MODELYARD_DATA_DIR")
    candidates = [Path(data_dir) / FILE_NAME] if data_dir else []
    candidates.append(Path(".modelyard") / FILE_NAME)
    for candidate in candidates:
        if candidate.is_file():
            return _read(candidate), f"in {candidate}"
    looked = " nor ".join(str(candidate) for candidate in candidates)
    return {}, f"in the environment, and there is no {looked}"


def _read(file: Path) -> dict[str, str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        words = [shlex.split(line, comments=True) for line in lines]
    except (OSError, ValueError) as error:
        raise Misused(f"{file} cannot be read: {error}.") from None
    settings = (line[1:] if line[:1] == ["export"] else line for line in words)
    return dict(word.split("=", 1) for setting in settings for word in setting if "=" in word)


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise Misused(f"{_URL} is {url!r}, but must be like https://models.example.org.")
    return url.rstrip("/")


def _patience(environment: Mapping[str, str]) -> float:
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
