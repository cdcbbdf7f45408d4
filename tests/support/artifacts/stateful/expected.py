"""What a project should hold: candidates with their files, models and versions, and uploads that are under way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from app.artifacts.artifacts import Root
from app.artifacts.tables import Artifact, MultipartUpload


@dataclass(eq=False)
class Owner:
    """A candidate and its files, as they should be."""

    root: Root
    model: Model | None = None
    """Whose experiment it stands in."""
    of_version: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    in_trash: bool = False
    condemned: bool = False
    versions: list[Version] = field(default_factory=list)

    @property
    def is_needed(self) -> bool:
        return any(version.is_alive for version in self.versions)

    @property
    def is_seen(self) -> bool:
        return self.is_needed or not self.condemned

    @property
    def takes_files(self) -> bool:
        return not (self.condemned or self.in_trash)


@dataclass(eq=False)
class Model:
    id: int
    name: str
    is_alive: bool = True
    numbers: list[int] = field(default_factory=list)
    aliases: dict[str, int] = field(default_factory=dict)


@dataclass(eq=False)
class Version:
    id: int
    number: int
    model: Model
    owner: Owner
    is_deleted: bool = False

    @property
    def is_alive(self) -> bool:
        return self.model.is_alive and not self.is_deleted


@dataclass(eq=False)
class Slow:
    """An upload whose bytes are on their way."""

    owner: Owner
    path: str
    data: bytes
    may_end: asyncio.Event
    task: asyncio.Task[Artifact]
    is_overdue: bool = False


@dataclass(eq=False)
class InParts:
    """A multipart upload; ``artifact`` is what completing it has answered."""

    owner: Owner
    path: str
    data: bytes
    upload: MultipartUpload
    part: Any
    artifact: Any = None
    is_aborted: bool = False
    is_overdue: bool = False


@dataclass(eq=False)
class Announced:
    """An upload through GraphQL: ``open`` until it is completed, ``verifying`` until a worker has looked at it."""

    owner: Owner
    path: str
    data: bytes
    id: Any
    state: str = "open"
    is_overdue: bool = False
