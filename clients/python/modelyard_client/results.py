"""What the registry answers, as plain values; ``as_json`` gives the form in which commands print them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from typing import Any, Optional, Union


@dataclass(frozen=True)
class Account:
    """Who a token speaks for."""

    url: str
    username: Optional[str]
    """None: the token speaks for no user."""
    is_admin: bool
    scopes: list[str]
    token_name: Optional[str] = None
    expires_at: Optional[datetime] = None
    """None: never, or the service does not say."""


@dataclass(frozen=True)
class Model:
    """A named series of versions."""

    id: str
    name: str
    description: str
    tags: Mapping[str, str]
    aliases: Mapping[str, str]
    """Version by alias."""
    latest_version: Optional[str]
    """The highest release; None if there is none."""
    created_at: Optional[datetime]
    updated_at: Optional[datetime]


@dataclass(frozen=True)
class Deployment:
    """What a serving stack says that it runs."""

    id: str
    environment: str
    endpoint: str
    instance: str
    model: str
    version: str
    number: int
    follows: str
    """The reference that it resolves at its start; empty: none."""
    status: str
    """RUNNING, SILENT or ENDED."""
    status_reason: Optional[str]
    is_drifting: Optional[bool]
    """Whether ``follows`` means another version now; None: it follows nothing, or has ended."""
    started_at: Optional[datetime]
    last_heartbeat_at: Optional[datetime]
    ended_at: Optional[datetime]


@dataclass(frozen=True)
class File:
    """A file of a version."""

    path: str
    size: int
    sha256: str
    status: str


@dataclass(frozen=True)
class Version:
    """A model version. ``params``, ``metrics``, ``datasets`` and ``files`` are filled where one version was fetched."""

    id: str
    model: str
    version: str
    number: int
    stage: str
    status: str
    """OPEN, READY, FAILED or QUARANTINED."""
    status_reason: Optional[str]
    description: str
    tags: Mapping[str, str]
    aliases: list[str]
    created_at: Optional[datetime]
    created_by: Optional[str]
    run_id: Optional[str]
    """The UUID of its candidate, MLflow's run id; None if it may not be seen."""
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    """The latest value of each."""
    datasets: list[str] = field(default_factory=list)
    """``name@digest`` of the data that it was made from."""
    files: list[File] = field(default_factory=list)
    file_count: int = 0
    """Of all its files; ``files`` has the first hundred."""

    @property
    def uri(self) -> str:
        """How MLflow's clients name it."""
        return f"models:/{self.model}/{self.version}"


@dataclass(frozen=True)
class PushResult:
    """What a push has done."""

    model: str
    version: str
    number: int
    id: str
    files: int
    bytes: int
    sent_bytes: int
    already_stored: int
    """Files whose bytes the project had."""
    seconds: float
    resumed: bool
    warnings: list[str]


@dataclass(frozen=True)
class PullResult:
    """What a pull has done."""

    title: str
    version: Optional[str]
    """None for a candidate's files."""
    folder: str
    files: int
    bytes: int
    received_bytes: int
    there_before: int
    """Files that were there already."""
    seconds: float
    warnings: list[str]


Json = Union[None, bool, int, float, str, list[Any], dict[str, Any]]


def as_json(value: Any) -> Json:
    """The form for programs: names in camel case, times by ISO 8601, NaN and infinities as text, as in the API."""
    if is_dataclass(value):
        return {_camel(one.name): as_json(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, float) and (value != value or value in {float("inf"), float("-inf")}):  # noqa: PLR0124
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # noqa: PLR0124
    return value  # type: ignore[no-any-return] # whatever JSON holds


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)
