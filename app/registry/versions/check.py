"""A dry run: what would be refused if a version were created and its files were pushed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.artifacts import path_conflicts, paths
from app.db.database import Database, Snapshot
from app.errors import Invalid, ModelyardError, TooLarge
from app.registry import repository
from app.registry.models import ModelNotFound
from app.registry.names import check_alias, check_model_name
from app.registry.references import semver
from app.registry.versions import insert, manifests
from app.registry.versions.numbering import NewVersion, assign
from app.registry.versions.request import CreateVersion, VersionRequest, prepare
from app.text import quoted

T = TypeVar("T")
MAX_FILES = 1_000
"""Files of one check."""
MAX_ALIASES = 100
"""Aliases of one version that are set together."""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that is going to be pushed: its path below the version's folder, and its size in bytes."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class CheckVersion:
    """A version as it is going to be created, with what is going to be pushed to it.

    ``makes_model``: a missing model is going to be created. ``manifest``: that of all files, where the caller has it.
    """

    version: CreateVersion
    makes_model: bool = False
    aliases: Sequence[str] = ()
    files: Sequence[PlannedFile] = field(default_factory=tuple)
    manifest: bytes | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The version that would be created now, or why none would be."""

    version: str | None
    refusals: Sequence[ModelyardError]


async def check(db: Database, actor: Actor, project: int | str, command: CheckVersion, *, limit: int) -> CheckResult:
    """Look for everything that could be refused; nothing is written, so the answer may differ a moment later.

    A file may have ``limit`` bytes.

    Raises:
        ProjectNotFound, Forbidden: the actor may not create versions there.
    """
    access = await projects.get(db, actor, project)
    policy.require(actor, access, Permission.REGISTRY_WRITE, of_models=True)
    refusals = [*_files(command.files, limit), *_names(command)]
    version = None
    try:
        request = prepare(command.version, actor, access.id)
        async with db.read() as snap:
            version = await _next(snap, request, command)
    except ModelyardError as error:
        refusals.append(error)
    return CheckResult(None if refusals else version, refusals)


def _names(command: CheckVersion) -> list[ModelyardError]:
    if len(command.aliases) > MAX_ALIASES:
        return [TooLarge(f"{len(command.aliases)} aliases are too many; {MAX_ALIASES} fit.", field="aliases")]
    model = command.version.model
    refusals = [_refusal(check_model_name, model)] if isinstance(model, str) else []
    refusals += [_refusal(partial(check_alias, field="aliases"), name) for name in command.aliases]
    return [error for error in refusals if error is not None]


def _files(files: Sequence[PlannedFile], limit: int) -> list[ModelyardError]:
    if len(files) > MAX_FILES:
        return [TooLarge(f"{len(files)} files are too many for one check; {MAX_FILES} fit.", field="files")]
    refusals: list[ModelyardError] = []
    indexes: dict[str, int] = {}
    for index, file in enumerate(files):
        try:
            path = _file(file, index=index, limit=limit)
        except ModelyardError as error:
            refusals.append(error)
            continue
        if path in indexes:
            message = f"The path {quoted(path)} is named twice; each file has its own."
            refusals.append(Invalid(message, field=f"files.{index}.path"))
        indexes[path] = index
    for path, index in indexes.items():
        above = next((folder for folder in path_conflicts.folders(path) if folder in indexes), None)
        if above is not None:
            refusals.append(path_conflicts.refusal(path, above, f"files.{index}.path"))
    return refusals


def _file(file: PlannedFile, *, index: int, limit: int) -> str:
    """The path as it will be stored: comparing others would miss two that become one."""
    path = paths.check(file.path, f"files.{index}.path")
    if file.size < 0:
        raise Invalid(f"{file.size} is no size of a file.", field=f"files.{index}.size")
    if file.size > limit:
        raise TooLarge(f"{quoted(file.path)} has {file.size} bytes; at most {limit} fit.", field=f"files.{index}.size")
    return path


def _refusal(check: Callable[[T], object], value: T) -> ModelyardError | None:
    try:
        check(value)
    except ModelyardError as error:
        return error
    return None


async def _next(snap: Snapshot, request: VersionRequest, command: CheckVersion) -> str:
    """The version that would be created.

    Raises:
        ModelNotFound: there is no such model, and none is going to be created.
        VersionTaken, VersionRetired, CandidateNotFound: as when it is created.
    """
    model = await repository.find_model(snap, request.actor, request.project_id, request.model)
    if model is None:
        if not command.makes_model or isinstance(request.model, int):
            raise ModelNotFound(request.model)
        repository.require_name(request.actor, request.model)
        return (request.version or semver.bump(None, None, request.increment)).text
    state = await insert.read_state(snap, [request])
    (assignment,) = assign(state, [request])
    if isinstance(assignment, ModelyardError):
        raise assignment
    assert isinstance(assignment, NewVersion), "a batch of one has no duplicates"
    text = assignment.version.text
    retired = await manifests.retired(snap, request.project_id, state.model.id, [text])
    for error, manifest in retired.values():
        if command.manifest is not None and command.manifest != manifest:
            raise error
    return text
