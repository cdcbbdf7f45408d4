"""The request for a new version, read and checked before anything is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.access.policy import Actor
from app.artifacts import paths
from app.ci import job_links
from app.ci.job_links import JobReference
from app.db import change_context
from app.db.change_context import ChangeContext
from app.errors import Invalid, Taken, TooLarge
from app.registry import models, repository
from app.registry.names import RESERVED_TAGS, VERSION_TAG, check_description
from app.registry.references import semver
from app.registry.references.semver import Increment, SemVer
from app.registry.tags import check_tags
from app.registry.versions.states import OpenUntil, State
from app.text import quoted

_NOT_KEPT = RESERVED_TAGS | {VERSION_TAG}
"""Tags that a copy has of its original, and that say something of that one alone."""
MAX_ADDRESS = 5_000
"""Characters of each address."""


class VersionTaken(Taken):
    """The model has a version of that text."""

    def __init__(self, version: str, existing_id: int, existing_number: int, state: str) -> None:
        self.existing_id = existing_id
        self.existing_number = existing_number
        shown = "" if state == State.READY else f", {state.upper()}"
        hint = "" if state == State.READY else " Deleting it makes its text free again, if it never was READY."
        super().__init__(
            f"The model already has the version {quoted(version)} (number {existing_number}{shown}); name another "
            f"one, or leave it out for the next.{hint}",
            field="version",
        )


@dataclass(frozen=True, slots=True)
class CreateVersion:
    """What to make of a model; without ``version`` the next one, without ``candidate_id`` a candidate of its own.

    ``or_next``: the next one, too, when the model has the version already.

    The files are those of the logged model when one is named, else of the candidate, below ``artifact_folder``; with
    a ``location`` they are kept there, outside of this service. ``foreign_run`` is the id of a run elsewhere.

    The tag ``gitlab.version`` says the same as ``version``. ``is_open``: files are going to be pushed, so the version
    is OPEN until it is completed.
    """

    model: int | str
    version: str | None = None
    or_next: bool = False
    increment: Increment | None = None
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    candidate_id: UUID | None = None
    logged_model_id: UUID | None = None
    artifact_folder: str = ""
    source: str = ""
    location: str = ""
    foreign_run: str = ""
    run_link: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRequest:
    """A checked :class:`CreateVersion` of a caller who may make versions, as far as that shows without the model.

    ``version`` None: the one that follows. ``ci_jobs`` are named by its tags.
    """

    project_id: int
    model: int | str
    version: SemVer | None
    or_next: bool
    increment: Increment
    candidate_id: UUID | None
    logged_model_id: UUID | None
    description: str
    tags: Mapping[str, str]
    artifact_folder: str
    source: str
    location: str
    foreign_run: str
    run_link: str
    open_until: OpenUntil
    ci_jobs: Sequence[JobReference]
    actor: Actor
    context: ChangeContext | None = field(default_factory=change_context.current, repr=False)
    """Taken where the request is made: its statement runs in a task of its own."""

    @property
    def is_open(self) -> bool:
        """Whether files are going to be pushed."""
        return bool(self.open_until)

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the model and a candidate is concerned: then it can share a transaction."""
        return self.logged_model_id is None and not self.ci_jobs


def prepare(command: CreateVersion, actor: Actor, project_id: int) -> VersionRequest:
    """The command, checked.

    Raises:
        ModelNotFound: no model can have that name.
        InvalidVersion: the version is not SemVer 2.0.
        Invalid: another value is not acceptable.
    """
    model = repository.model_key(command.model)
    if model is None:
        raise models.not_found(command.model)
    version = _version(command)
    for name in ("source", "location", "foreign_run", "run_link"):
        _check_length(name, getattr(command, name))
    return VersionRequest(
        project_id=project_id,
        model=model,
        version=version,
        or_next=command.or_next,
        increment=command.increment or Increment.PATCH,
        candidate_id=command.candidate_id,
        logged_model_id=command.logged_model_id,
        description=check_description(command.description),
        tags=check_tags({key: value for key, value in command.tags.items() if key not in _NOT_KEPT}),
        artifact_folder=paths.check_folder(command.artifact_folder, "artifact_folder"),
        source=command.source,
        location=command.location,
        foreign_run=command.foreign_run,
        run_link=command.run_link,
        open_until=OpenUntil.COMPLETED if command.is_open else OpenUntil.OVER,
        ci_jobs=job_links.references(command.tags, actor),
        actor=actor,
    )


def _version(command: CreateVersion) -> SemVer | None:
    tagged = command.tags.get(VERSION_TAG)
    if command.version is not None and tagged not in {None, command.version}:
        raise Invalid(
            f"The tag `{VERSION_TAG}` names the version {quoted(str(tagged))}, but {quoted(command.version)} is "
            "requested; leave one of the two out.",
            field="tags",
        )
    version = command.version if command.version is not None else tagged
    if version is None:
        return None
    if command.increment is not None:
        raise Invalid("Pass either `version` or `increment`, not both.", field="increment")
    return semver.parse(version)


def _check_length(name: str, text: str) -> None:
    if len(text) > MAX_ADDRESS:
        raise TooLarge(f"`{name}` has {len(text)} characters; at most {MAX_ADDRESS} fit.", field=name)
