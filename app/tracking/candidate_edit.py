"""The one way to edit a candidate: name, status, end and tags, all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database
from app.errors import NotFound
from app.ids import GlobalId
from app.tracking import candidates
from app.tracking.candidates import NAME_TAG, Candidate, Status
from app.tracking.logging import log, tags
from app.tracking.logging.log import LogBatch
from app.webhooks import events
from app.webhooks.events import Event

_ENDED = frozenset({Status.FINISHED, Status.FAILED, Status.KILLED})


@dataclass(frozen=True, slots=True)
class EditCandidate:
    """Only what is not None changes; a tag with the value None is removed.

    ``end_time`` is milliseconds since 1970. ``removed_must_exist``: removing a tag that is not there is an error.
    """

    candidate_id: UUID
    name: str | None = None
    status: Status | None = None
    end_time: int | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)
    removed_must_exist: bool = False


async def edit(db: Database, actor: Actor, project: int | str, request: EditCandidate) -> Candidate:
    """Change a candidate (MLflow REST: runs/update, runs/delete-tag). Its name is kept as a tag, too, as MLflow does.

    Webhooks are told when it ends (``candidate.finished``).

    Raises:
        CandidateNotFound, CandidateInTrash: there is no living candidate.
        NotFound: a tag that has to be there is not.
        Invalid: a value is not acceptable.
    """
    kept = {key: value for key, value in request.tags.items() if value is not None}
    log.check(LogBatch(request.candidate_id, tags=kept))
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        candidate = await candidates.lock_living(tx, access.id, request.candidate_id, to_change=True)
        had_ended = candidate.status in _ENDED
        removed = await tags.remove(tx, candidate, sorted(request.tags.keys() - kept.keys()))
        if request.removed_must_exist and (absent := request.tags.keys() - kept.keys() - removed):
            raise NotFound(f"No tag with name: {min(absent)} in run with id {candidate.id.hex}", field="key")
        if request.name is not None:
            kept[NAME_TAG] = candidates.check_name(request.name)
        await tags.store(tx, candidate, kept)
        await tags.link_ci_jobs(tx, candidate, actor, kept)
        values = _values(request, kept.get(NAME_TAG))
        changed = await candidates.change(tx, access.id, candidate.id, updated_at=func.now(), **values)
        if changed.status in _ENDED and not had_ended:
            await events.record(tx, access.id, [Event("candidate.finished", _event(changed, actor))])
        return changed


def _values(request: EditCandidate, name: str | None) -> dict[str, object]:
    """The columns that change."""
    values: dict[str, object] = {}
    if name:
        values["name"] = candidates.check_name(name)
    if request.status is not None:
        values["status"] = int(request.status)
    if request.end_time is not None:
        values["end_time"] = candidates.check_time(request.end_time, "endTime")
    return values


def _event(candidate: Candidate, actor: Actor) -> dict[str, object]:
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
