"""Candidates: executions of training code, with everything that was logged to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from uuid import UUID

from sqlalchemy import Select, func, select, update

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.ci import job_links
from app.ci.job_links import Owner
from app.db.database import Database, Tx
from app.errors import Conflict, Invalid, NotFound
from app.ids import uuid7
from app.queue import outbox
from app.search.grammars import RUN_NAME_TAG
from app.text import normalized, quoted
from app.tracking import candidate_batch, experiments, names, version_references
from app.tracking.background_jobs import PurgeCandidate
from app.tracking.candidate_batch import NewCandidate
from app.tracking.reads import details
from app.tracking.reads.details import CandidateDetails, CandidateRow
from app.tracking.tables import Candidate

__all__ = ["Candidate", "CandidateDetails", "CandidateRow", "Status"]

NAME_TAG = RUN_NAME_TAG
PARENT_TAG = "mlflow.parentRunId"
NAME_LIMIT = 1_000


class Status(IntEnum):
    """How far an execution is; the numbers are MLflow's."""

    RUNNING = 1
    SCHEDULED = 2
    FINISHED = 3
    FAILED = 4
    KILLED = 5


class CandidateNotFound(NotFound):
    """There is no such candidate, or it may not be seen."""


class CandidateInTrash(Invalid):
    """The candidate is deleted; restore it first."""


class CandidateNeeded(Conflict):
    """A model version needs this candidate."""


@dataclass(frozen=True, slots=True)
class CreateCandidate:
    """Times are milliseconds since 1970."""

    experiment_number: int = 0
    name: str | None = None
    start_time: int | None = None
    user_name: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    parent_id: UUID | None = None


async def create(
    db: Database, actor: Actor, project: int | str, command: CreateCandidate
) -> CandidateDetails[Candidate]:
    """Begin a candidate (MLflow REST: runs/create).

    Raises:
        ExperimentNotFound, ExperimentInTrash: there is no living experiment of that number.
        Invalid: a name, param or tag is not acceptable.
    """
    _check(command)
    access = await projects.get(db, actor, project)
    policy.require(actor, access, Permission.CANDIDATE_WRITE)
    new = _new(access.id, command, created_by=actor.user_id)
    inserted = None
    if not job_links.references(command.tags, actor):
        inserted = await candidate_batch.insert(db, new)
    if inserted is None:
        inserted = await _insert_unbatched(db, actor, new)
    return CandidateDetails(inserted, params=dict(new.params), tags=dict(sorted(new.tags.items())))


async def _insert_unbatched(db: Database, actor: Actor, new: NewCandidate) -> Candidate:
    """In a transaction of its own: to link CI jobs, to make the default experiment, and to say why an insert fails."""
    async with db.write(grows=True) as tx:
        await experiments.lock_active(tx, new.project_id, new.experiment_number, share=True)
        candidate = await candidate_batch.insert_step(tx, new)
        ci_jobs = await job_links.ensure(tx, new.project_id, job_links.references(new.tags, actor))
        await job_links.attach(tx, Owner(new.project_id, new.id), ci_jobs, by=actor.user_id)
    return candidate


def _new(project_id: int, command: CreateCandidate, *, created_by: int | None) -> NewCandidate:
    name = normalized(command.name or command.tags.get(NAME_TAG) or names.friendly_name())
    return NewCandidate(
        project_id=project_id,
        id=uuid7(),
        experiment_number=command.experiment_number,
        name=name,
        status=int(Status.RUNNING),
        start_time=command.start_time,
        user_name=command.user_name,
        parent_id=command.parent_id or _parent(command.tags.get(PARENT_TAG)),
        created_by=created_by,
        params=dict(command.params),
        tags={**command.tags, NAME_TAG: name},
    )


async def get(db: Database, actor: Actor, project: int | str, candidate_id: UUID) -> CandidateDetails[CandidateRow]:
    """A candidate with params, tags, latest metrics, inputs and outputs; also one from the trash.

    Raises:
        CandidateNotFound: there is none, or it may not be seen.
    """
    access = await projects.get(db, actor, project)
    policy.require(actor, access, Permission.CANDIDATE_READ)
    async with db.direct() as connection:
        candidates = await details.read(connection, access.id, [candidate_id])
    if not candidates:
        raise not_found(candidate_id)
    return candidates[0]


async def find(db: Database, actor: Actor, project: int | str, candidate_id: UUID) -> Candidate:
    """A candidate without what was logged to it; also one from the trash.

    Raises:
        CandidateNotFound: there is none, or it may not be seen.
    """
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_READ)
        row = await snap.scalar(_living(access.id).where(Candidate.id == candidate_id))
    if row is None:
        raise not_found(candidate_id)
    return row


async def delete(db: Database, actor: Actor, project: int | str, candidate_id: UUID) -> Candidate:
    """Put a candidate into the trash; doing so twice is fine.

    Raises:
        CandidateNeeded: a model version that lives was made from it; its files are the version's.
    """
    return await _move(db, actor, project, candidate_id, in_trash=True)


async def restore(db: Database, actor: Actor, project: int | str, candidate_id: UUID) -> Candidate:
    """Take a candidate out of the trash; doing so twice is fine.

    Raises:
        CandidateNotFound: there is none.
    """
    return await _move(db, actor, project, candidate_id, in_trash=False)


async def delete_permanently(db: Database, actor: Actor, project: int | str, candidate_id: UUID) -> UUID:
    """Delete a candidate with its files for good. Answers the id of the background job.

    Raises:
        CandidateNeeded: a model version was made from it that lives or can be restored.
    """
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        await _lock(tx, access.id, candidate_id)
        if await version_references.is_needed(tx, access.id, candidate_id):
            raise needed(candidate_id)
        if await version_references.is_needed(tx, access.id, candidate_id, by_trash=True):
            raise CandidateNeeded(
                f"Candidate {candidate_id.hex} has deleted model versions that can be restored; delete those "
                "permanently first, its files are theirs."
            )
        await change(tx, access.id, candidate_id, purge_at=func.now())
        job = PurgeCandidate(access.id, candidate_id)
        return await outbox.enqueue(tx, job, project_id=access.id, requested_by=actor.user_id)


async def lock_living(tx: Tx, project_id: int, candidate_id: UUID, *, to_change: bool = False) -> Candidate:
    """Step: the candidate, locked against deletion until the commit; many may lock it at once unless ``to_change``.

    Raises:
        CandidateNotFound: there is none.
        CandidateInTrash: it has to be restored first.
    """
    candidate = await _lock(tx, project_id, candidate_id, share=not to_change)
    if candidate.deleted_at is not None:
        raise in_trash(candidate_id)
    return candidate


async def change(tx: Tx, project_id: int, candidate_id: UUID, **values: object) -> Candidate:
    """Step: write columns of a candidate that is locked; answers the row as it is then."""
    statement = (
        update(Candidate)
        .where(Candidate.project_id == project_id, Candidate.id == candidate_id)
        .values(**values)
        .returning(Candidate)
    )
    return (await tx.scalars(statement, execution_options={"populate_existing": True})).one()


def not_found(candidate_id: UUID) -> CandidateNotFound:
    """The error for a candidate that is not there."""
    return CandidateNotFound(f"Run with id={candidate_id.hex} not found.")


def needed(candidate_id: UUID) -> CandidateNeeded:
    """The error for a candidate that model versions were made from."""
    return CandidateNeeded(
        f"Candidate {candidate_id.hex} has model versions; delete those first, its files are theirs."
    )


def in_trash(candidate_id: UUID) -> CandidateInTrash:
    """The error for a candidate that has to be restored first."""
    return CandidateInTrash(f"The run {candidate_id.hex} must be in the 'active' state. Current state is deleted.")


def _living(project_id: int) -> Select[Candidate]:
    return select(Candidate).where(Candidate.project_id == project_id, Candidate.purge_at.is_(None))


async def _lock(tx: Tx, project_id: int, candidate_id: UUID, *, share: bool = False) -> Candidate:
    row = await tx.scalar(_living(project_id).where(Candidate.id == candidate_id).with_for_update(read=share))
    if row is None:
        raise not_found(candidate_id)
    return row


async def _move(db: Database, actor: Actor, project: int | str, candidate_id: UUID, *, in_trash: bool) -> Candidate:
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        candidate = await _lock(tx, access.id, candidate_id)
        if (candidate.deleted_at is not None) is in_trash:
            return candidate
        if in_trash and await version_references.is_needed(tx, access.id, candidate_id):
            raise needed(candidate_id)
        moment = func.now() if in_trash else None
        return await change(tx, access.id, candidate_id, deleted_at=moment, updated_at=func.now())


def _check(command: CreateCandidate) -> None:
    named = command.tags.get(NAME_TAG)
    if command.name and named and normalized(command.name) != normalized(named):
        raise Invalid(
            f"Both 'run_name' argument and '{NAME_TAG}' tag are specified, but with different values "
            f"(run_name={quoted(command.name)}, {NAME_TAG}={quoted(named)}).",
            field="name",
        )
    if command.name or named:
        check_name(command.name or named or "")
    for key, value in command.tags.items():
        names.check_key(key, "tags", named="key")
        names.check_value(value, names.TAG_LIMIT, f"tags.{key}", named="value")
    for key, value in command.params.items():
        names.check_key(key, "params", named="key")
        names.check_value(value, names.PARAM_LIMIT, f"params.{key}", named="value")
    if command.start_time is not None:
        check_time(command.start_time, "startTime")


def check_name(name: str) -> str:
    """The name of a candidate in normal form C.

    Raises:
        Invalid: blank, over 1,000 characters, or with control characters.
    """
    name = normalized(name)
    if not name.strip() or len(name) > NAME_LIMIT:
        raise Invalid(f"A candidate's name has 1 to {NAME_LIMIT} characters and is not blank.", field="name")
    return names.check_printable(name, "name")


def check_time(milliseconds: int, field: str) -> int:
    """Milliseconds since 1970 that fit 64 bits.

    Raises:
        Invalid: they do not.
    """
    if not -(2**63) <= milliseconds < 2**63:
        raise Invalid(f"{milliseconds} is not a time: milliseconds since 1970, a number of 64 bits.", field=field)
    return milliseconds


def _parent(text: str | None) -> UUID | None:
    try:
        return UUID(hex=text) if text else None
    except ValueError:
        return None
