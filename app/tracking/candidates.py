"""Candidates: executions of training code, with everything that was logged to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.ci import job_links
from app.ci.job_links import Owner
from app.db.database import Database, Tx
from app.errors import Conflict, Invalid, NotFound
from app.ids import GlobalId, uuid7
from app.queue import outbox
from app.search.grammars import RUN_NAME_TAG
from app.text import normalized, quoted
from app.tracking import candidate_batch, experiments, names
from app.tracking.background_jobs import PurgeCandidate
from app.tracking.candidate_batch import NewCandidate
from app.tracking.reads import details
from app.tracking.reads.details import CandidateDetails, CandidateRow
from app.tracking.tables import Candidate, CandidateParam, CandidateTag
from app.webhooks import events
from app.webhooks.events import Event

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


_ENDED = frozenset({Status.FINISHED, Status.FAILED, Status.KILLED})


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


@dataclass(frozen=True, slots=True)
class UpdateCandidate:
    """Only what is not None changes."""

    candidate_id: UUID
    name: str | None = None
    status: Status | None = None
    end_time: int | None = None


async def create(
    db: Database, actor: Actor, project: int | str, command: CreateCandidate
) -> CandidateDetails[Candidate]:
    """Begin a candidate.

    Raises:
        ExperimentNotFound, ExperimentInTrash: there is no living experiment of that number.
        Invalid: a name, param or tag is not acceptable.
    """
    _check(command)
    access = await projects.get(db, actor, project)
    policy.require(actor, access, Permission.CANDIDATE_WRITE)
    if not job_links.references(command.tags, actor):
        row = _row(access.id, command, created_by=actor.user_id)
        tags = {**command.tags, NAME_TAG: row["name"]}
        begun = await candidate_batch.insert(db, NewCandidate(row, dict(command.params), tags))
        if begun is not None:
            return CandidateDetails(begun, params=dict(command.params), tags=dict(sorted(tags.items())))
    return await _begin_with_care(db, actor, access.id, command)


async def _begin_with_care(
    db: Database, actor: Actor, project_id: int, command: CreateCandidate
) -> CandidateDetails[Candidate]:
    """The same step by step: for CI jobs, for the default experiment that has to be made, and to say what is wrong."""
    async with db.write(grows=True) as tx:
        await experiments.lock_active(tx, project_id, command.experiment_number, share=True)
        candidate = await add(tx, project_id, command, created_by=actor.user_id)
        tags = {**command.tags, NAME_TAG: candidate.name}
        await _add_pairs(tx, CandidateTag, candidate, tags)
        await _add_pairs(tx, CandidateParam, candidate, command.params)
        made_by = await job_links.ensure(tx, project_id, job_links.references(tags, actor))
        await job_links.attach(tx, Owner(project_id, candidate.id), made_by, by=actor.user_id)
    return CandidateDetails(candidate, params=dict(command.params), tags=dict(sorted(tags.items())))


async def add(
    tx: Tx, project_id: int, command: CreateCandidate, *, created_by: int | None, of_version: bool = False
) -> Candidate:
    """Step: write the row; the experiment is known to be alive."""
    values = _row(project_id, command, created_by=created_by)
    if of_version:
        values |= {"status": int(Status.FINISHED), "of_version": True}
    return (await tx.scalars(insert(Candidate).values(values).returning(Candidate))).one()


def _row(project_id: int, command: CreateCandidate, *, created_by: int | None) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "id": uuid7(),
        "experiment_number": command.experiment_number,
        "name": normalized(command.name or command.tags.get(NAME_TAG) or names.friendly_name()),
        "status": int(Status.RUNNING),
        "start_time": command.start_time,
        "user_name": command.user_name,
        "parent_id": command.parent_id or _parent(command.tags.get(PARENT_TAG)),
        "created_by": created_by,
    }


async def get(db: Database, actor: Actor, project: int | str, candidate_id: UUID) -> CandidateDetails[CandidateRow]:
    """A candidate with params, tags, latest metrics, inputs and outputs; also one from the trash.

    Raises:
        CandidateNotFound: there is none, or it may not be seen.
    """
    access = await projects.get(db, actor, project)
    policy.require(actor, access, Permission.CANDIDATE_READ)
    async with db.direct() as connection:
        found = await details.read(connection, access.id, [candidate_id])
    if not found:
        raise not_found(candidate_id)
    return found[0]


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


async def edit(db: Database, actor: Actor, project: int | str, command: UpdateCandidate) -> Candidate:
    """Change status, end or name; the name is kept as a tag, too, as MLflow does."""
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        candidate = await lock_living(tx, access.id, command.candidate_id, to_change=True)
        return await edit_step(tx, actor, candidate, command)


async def edit_step(tx: Tx, actor: Actor, candidate: Candidate, command: UpdateCandidate) -> Candidate:
    """Step: write the changes of a candidate that is locked; webhooks are told when it ends (``candidate.finished``).

    Raises:
        Invalid: a value is not acceptable.
    """
    values: dict[str, object] = {"updated_at": func.now()}
    if command.name is not None:
        name = _check_name(command.name)
        values["name"] = name
        await _set_tag(tx, candidate, NAME_TAG, name)
    if command.status is not None:
        values["status"] = int(command.status)
    if command.end_time is not None:
        values["end_time"] = _check_time(command.end_time, "endTime")
    before = candidate.status
    changed = await _change(tx, candidate.project_id, candidate.id, **values)
    if before not in _ENDED and changed.status in _ENDED:
        await events.record(tx, changed.project_id, [Event("candidate.finished", _told(changed, actor))])
    return changed


def _told(candidate: Candidate, actor: Actor) -> dict[str, object]:
    return {
        "run_id": candidate.id.hex,
        "run_name": candidate.name,
        "experiment_id": str(candidate.experiment_number),
        "status": Status(candidate.status).name,
        "start_time": candidate.start_time,
        "end_time": candidate.end_time,
        "id": str(GlobalId.of("Candidate", candidate.project_id, candidate.id)),
        "actor": actor.username,
    }


async def delete(db: Database, actor: Actor, project: int | str, candidate_id: UUID) -> Candidate:
    """Put a candidate into the trash; doing so twice is fine.

    Raises:
        CandidateNeeded: a model version that lives was made from it; its files are the version's.
    """
    return await _move(db, actor, project, candidate_id, in_trash=True)


async def restore(db: Database, actor: Actor, project: int | str, candidate_id: UUID) -> Candidate:
    """Take a candidate out of the trash; doing so twice is fine."""
    return await _move(db, actor, project, candidate_id, in_trash=False)


async def delete_permanently(db: Database, actor: Actor, project: int | str, candidate_id: UUID) -> UUID:
    """Delete a candidate with its files for good. Answers the id of the background job.

    Raises:
        CandidateNeeded: a model version was made from it.
    """
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        await _lock(tx, access.id, candidate_id)
        if await details.is_needed(tx, access.id, candidate_id):
            raise needed(candidate_id)
        await _change(tx, access.id, candidate_id, purge_at=func.now())
        job = PurgeCandidate(access.id, candidate_id)
        return await outbox.enqueue(tx, job, project_id=access.id, requested_by=actor.user_id)


async def lock_living(tx: Tx, project_id: int, candidate_id: UUID, *, to_change: bool = False) -> Candidate:
    """Step: the candidate, held against deletion until the commit; many may hold it at once unless ``to_change``.

    Raises:
        CandidateNotFound: there is none.
        CandidateInTrash: it has to be restored first.
    """
    candidate = await _lock(tx, project_id, candidate_id, share=not to_change)
    if candidate.deleted_at is not None:
        raise in_trash(candidate_id)
    return candidate


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


async def mark_for_purge(tx: Tx, project_id: int, candidate_id: UUID) -> None:
    """Step: mark a candidate for removal; whoever enqueues the job knows why."""
    await _change(tx, project_id, candidate_id, purge_at=func.now())


async def rename_step(tx: Tx, candidate: Candidate, name: str) -> None:
    """Step: follow the tag that holds the name."""
    await _change(tx, candidate.project_id, candidate.id, name=_check_name(name), updated_at=func.now())


def living_children(project_id: int, parent_id: UUID) -> Select[Candidate]:
    """Candidates that name this one as their parent."""
    return _living(project_id).where(Candidate.parent_id == parent_id, Candidate.deleted_at.is_(None))


async def has_children(db: Database, project_id: int, parent_id: UUID) -> bool:
    """Whether a candidate has nested ones."""
    async with db.read() as snap:
        return bool(await snap.scalar(select(exists(living_children(project_id, parent_id)))))


def _living(project_id: int) -> Select[Candidate]:
    return select(Candidate).where(Candidate.project_id == project_id, Candidate.purge_at.is_(None))


async def _lock(tx: Tx, project_id: int, candidate_id: UUID, *, share: bool = False) -> Candidate:
    found = await tx.scalar(_living(project_id).where(Candidate.id == candidate_id).with_for_update(read=share))
    if found is None:
        raise not_found(candidate_id)
    return found


async def _move(db: Database, actor: Actor, project: int | str, candidate_id: UUID, *, in_trash: bool) -> Candidate:
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        candidate = await _lock(tx, access.id, candidate_id)
        if (candidate.deleted_at is not None) is in_trash:
            return candidate
        if in_trash and await details.is_needed(tx, access.id, candidate_id):
            raise needed(candidate_id)
        moment = func.now() if in_trash else None
        return await _change(tx, access.id, candidate_id, deleted_at=moment, updated_at=func.now())


async def _change(tx: Tx, project_id: int, candidate_id: UUID, **values: object) -> Candidate:
    statement = (
        update(Candidate)
        .where(Candidate.project_id == project_id, Candidate.id == candidate_id)
        .values(**values)
        .returning(Candidate)
    )
    return (await tx.scalars(statement, execution_options={"populate_existing": True})).one()


async def _set_tag(tx: Tx, candidate: Candidate, key: str, value: str) -> None:
    row = {"project_id": candidate.project_id, "candidate_id": candidate.id, "key": key, "value": value}
    statement = upsert(CandidateTag).values(**row)
    columns = ["project_id", "candidate_id", "key"]
    await tx.execute(statement.on_conflict_do_update(index_elements=columns, set_={"value": value}))


async def _add_pairs(
    tx: Tx, table: type[CandidateTag | CandidateParam], candidate: Candidate, pairs: Mapping[str, str]
) -> None:
    if pairs:
        key = {"project_id": candidate.project_id, "candidate_id": candidate.id}
        await tx.execute(insert(table), [{**key, "key": name, "value": value} for name, value in pairs.items()])


def _check(command: CreateCandidate) -> None:
    named = command.tags.get(NAME_TAG)
    if command.name and named and normalized(command.name) != normalized(named):
        raise Invalid(
            f"Both 'run_name' argument and '{NAME_TAG}' tag are specified, but with different values "
            f"(run_name={quoted(command.name)}, {NAME_TAG}={quoted(named)}).",
            field="name",
        )
    if command.name or named:
        _check_name(command.name or named or "")
    for key, value in command.tags.items():
        names.check_key(key, "tags", named="key")
        names.check_value(value, names.TAG_LIMIT, f"tags.{key}", named="value")
    for key, value in command.params.items():
        names.check_key(key, "params", named="key")
        names.check_value(value, names.PARAM_LIMIT, f"params.{key}", named="value")
    if command.start_time is not None:
        _check_time(command.start_time, "startTime")


def _check_name(name: str) -> str:
    name = normalized(name)
    if not name.strip() or len(name) > NAME_LIMIT:
        raise Invalid(f"A candidate's name has 1 to {NAME_LIMIT} characters and is not blank.", field="name")
    return names.check_printable(name, "name")


def _check_time(milliseconds: int, field: str) -> int:
    if not -(2**63) <= milliseconds < 2**63:
        raise Invalid(f"{milliseconds} is not a time: milliseconds since 1970, a number of 64 bits.", field=field)
    return milliseconds


def _parent(text: str | None) -> UUID | None:
    try:
        return UUID(hex=text) if text else None
    except ValueError:
        return None
