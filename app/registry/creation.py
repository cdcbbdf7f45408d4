"""What goes into a new version, and the steps that make it under the model's lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Executable, Select, Table, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.dml import ReturningUpdate

from app.access.policy import Actor
from app.artifacts import paths
from app.db.database import Tx
from app.errors import Invalid, Taken, TooLarge
from app.quoting import quoted
from app.registry import models, repository, semver
from app.registry.names import check_description
from app.registry.semver import Increment, SemVer
from app.registry.tables import Model, ModelVersion
from app.registry.tagging import check_tags
from app.tracking import candidates, logged_models
from app.tracking.candidates import CandidateInTrash, CandidateNotFound, CreateCandidate
from app.tracking.logged_models import LoggedModel

MAX_ADDRESS = 5_000
"""Characters of each address."""
_ADDRESSES = ("source", "location", "foreign_run", "run_link")


class VersionTaken(Taken):
    """The model has a version of that text."""

    def __init__(self, existing: ModelVersion) -> None:
        self.existing_id = existing.id
        self.existing_number = existing.number
        super().__init__(
            f"The model already has the version {quoted(existing.version)} (number {existing.number}); name another "
            "one, or leave it out for the next.",
            field="version",
        )


@dataclass(frozen=True, slots=True)
class CreateVersion:
    """What to make of a model; without ``version`` the next one, without ``candidate_id`` a candidate of its own.

    ``or_next``: the next one, too, when the model has the version already.

    The files are those of the logged model when one is named, else of the candidate, below ``artifact_folder``; with
    a ``location`` they are kept there, outside of this service. ``foreign_run`` is the id of a run elsewhere.
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


def wanted(command: CreateVersion) -> SemVer | None:
    """The version that is asked for; None: the next one.

    Raises:
        InvalidVersion: it is not SemVer 2.0.
        Invalid: version and increment exclude each other.
    """
    if command.version is None:
        return None
    if command.increment is not None:
        raise Invalid("Pass either `version` or `increment`, not both.", field="increment")
    return semver.parse(command.version)


def values(command: CreateVersion) -> dict[str, Any]:
    """The columns that are taken over as they are.

    Raises:
        Invalid: one is not acceptable.
    """
    for name in _ADDRESSES:
        text = getattr(command, name)
        if len(text) > MAX_ADDRESS:
            raise TooLarge(f"`{name}` has {len(text)} characters; at most {MAX_ADDRESS} fit.", field=name)
    return {
        "description": check_description(command.description),
        "tags": check_tags(command.tags),
        "artifact_folder": paths.check_folder(command.artifact_folder, "artifact_folder"),
        **{name: getattr(command, name) for name in _ADDRESSES},
    }


_MODELS, _VERSIONS = cast("Table", Model.__table__), cast("Table", ModelVersion.__table__)


def _take() -> ReturningUpdate[int]:
    mine = (_MODELS.c.project_id == bindparam("of_project"), _MODELS.c.id == bindparam("of_model"))
    changes = {"last_number": _MODELS.c.last_number + 1, "updated_at": func.now()}
    return update(_MODELS).where(*mine, _MODELS.c.deleted_at.is_(None)).values(changes).returning(_MODELS.c.last_number)


def _highest() -> Select[Any, Any]:
    """The text of the highest release and of the highest version."""
    mine = select(_VERSIONS.c.version).where(
        _VERSIONS.c.project_id == bindparam("of_project"),
        _VERSIONS.c.model_id == bindparam("of_model"),
        _VERSIONS.c.deleted_at.is_(None),
    )
    highest = mine.order_by(_VERSIONS.c.precedence.desc(), _VERSIONS.c.number.desc()).limit(1)
    release = highest.where(_VERSIONS.c.is_prerelease.is_(False))
    return select(release.scalar_subquery(), highest.scalar_subquery())


def _add() -> Executable:
    living = _VERSIONS.c.deleted_at.is_(None)
    return (
        upsert(_VERSIONS)
        .on_conflict_do_nothing(index_elements=["project_id", "model_id", "version"], index_where=living)
        .returning(*_VERSIONS.c)
    )


# Built once: putting a statement together costs as much as running it, and these run under the model's lock.
_TAKE, _HIGHEST, _ADD = _take(), _highest(), _add()


async def origin(tx: Tx, model: Model, command: CreateVersion, actor: Actor) -> dict[str, UUID | None]:
    """Step: candidate and logged model, held against deletion.

    Comes before :func:`take_number`, since the model's lock is to be held as short as can be.

    Raises:
        CandidateNotFound, CandidateInTrash, LoggedModelNotFound: what is named is not there.
    """
    candidate_id, logged_model_id = command.candidate_id, command.logged_model_id
    if logged_model_id is not None:
        logged = await logged_models.lock_living(tx, model.project_id, logged_model_id, to_change=True)
        candidate_id = candidate_id or await _maker(tx, logged)
    if candidate_id is None:
        begin = CreateCandidate(model.experiment_number, name=model.name, user_name=actor.username or "")
        own = await candidates.add(tx, model.project_id, begin, of_version=True, created_by=actor.user_id)
        candidate_id = own.id
    elif candidate_id == command.candidate_id:
        await candidates.lock_living(tx, model.project_id, candidate_id)
    return {"candidate_id": candidate_id, "logged_model_id": logged_model_id}


async def _maker(tx: Tx, logged: LoggedModel) -> UUID | None:
    """The candidate that logged the model, unless it has been deleted since: the model outlives it."""
    if logged.source_candidate_id is None:
        return None
    try:
        await candidates.lock_living(tx, logged.project_id, logged.source_candidate_id)
    except (CandidateNotFound, CandidateInTrash):
        return None
    return logged.source_candidate_id


async def take_number(tx: Tx, model: Model) -> int:
    """Step: the next number; the model's row stays locked until the commit, so that numbers have no gaps.

    Raises:
        ModelNotFound: the model has just been deleted.
    """
    number: int | None = await tx.scalar(_TAKE, {"of_project": model.project_id, "of_model": model.id})
    if number is None:
        raise models.not_found(model.name)
    return number


async def next_version(tx: Tx, model: Model, increment: Increment) -> SemVer:
    """Step: what follows the highest release and the highest version, both read under the model's lock."""
    row = (await tx.execute(_HIGHEST, {"of_project": model.project_id, "of_model": model.id})).one()
    known = [None if text is None else semver.parse(text) for text in row]
    return semver.bump(known[0], known[1], increment)


async def add(tx: Tx, model: Model, version: SemVer, **values: Any) -> ModelVersion:
    """Step: write the row under the model's lock.

    Raises:
        VersionTaken: a living version has the same text.
    """
    row = {
        "project_id": model.project_id,
        "model_id": model.id,
        "version": version.text,
        "precedence": semver.precedence_key(version),
        "is_prerelease": version.is_prerelease,
        **values,
    }
    made = (await tx.execute(_ADD, row)).one_or_none()
    if made is None:
        # Versions of a model are made and deleted under its lock, which is held: the one in the way is still there.
        same = repository.living_versions(model.project_id).where(
            ModelVersion.model_id == model.id, ModelVersion.version == version.text
        )
        raise VersionTaken((await tx.scalars(same)).one())
    return ModelVersion(**made._mapping)  # noqa: SLF001 - the documented name of a row's columns
