"""Following a project, a candidate or a background job: what was missed, then what happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import UUID

from app.access import jobs, policy, projects
from app.access.jobs import BackgroundJob
from app.access.policy import Actor, Permission, ProjectAccess
from app.errors import NotFound
from app.journal import events
from app.journal.events import Event
from app.journal.positions import BEGINNING, Cursor, Position
from app.live.feeds import SubscriberQueue
from app.live.subscribers import EventMessage, Live, Subscriber
from app.queue import change_tokens
from app.tracking import candidates
from app.tracking.reads import changes as candidate_watching
from app.tracking.reads.changes import Change

REPLAYED = 1_000
"""Events that are told again after a reconnection; a client that missed more reads everything again."""
REPLAYED_SECONDS = 600
_NEEDS = {
    "Model": Permission.REGISTRY_READ,
    "ModelVersion": Permission.REGISTRY_READ,
    "Candidate": Permission.CANDIDATE_READ,
    "Deployment": Permission.DEPLOYMENT_READ,
    "GateSet": Permission.REGISTRY_READ,
    "OnlineExperiment": Permission.REGISTRY_READ,
    "Promotion": Permission.REGISTRY_READ,
    "PromotionRequest": Permission.REGISTRY_READ,
}


@dataclass(frozen=True, slots=True)
class Reset:
    """What was missed cannot be told any more; the position from which on everything will be."""

    project_id: int
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class CandidateState:
    """A candidate changed; ``complete``: these are all its latest metrics, not only those that changed."""

    project_id: int
    candidate_id: UUID
    change: Change
    complete: bool
    cursor: Cursor


async def project(
    live: Live, actor: Actor, reference: int | str, after: Cursor | None = None
) -> AsyncGenerator[EventMessage | Reset, None]:
    """What happens in a project, as far as the actor may see it; after a cursor, what was missed comes first.

    Raises:
        ProjectNotFound: it does not exist, or may not be seen; also later, when that changes.
        Forbidden: the token is confined to some models.
        Unauthenticated: the token has ended.
        TooSlow: more waits than a subscriber may let wait.
    """
    access = await projects.get(live.db, actor, reference)
    if actor.model_patterns is not None:
        raise policy.beyond_patterns(actor, "events of a project tell of others, too")
    queue: SubscriberQueue[EventMessage] = SubscriberQueue()
    subscriber = Subscriber(actor, queue.end, access.id, (Permission.PROJECT_READ,), access)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(live.subscribed(subscriber))
        await stack.enter_async_context(live.events.watch(access.id, queue))
        start, missed = await _missed(live, access.id, after)
        for told in missed:
            if isinstance(told, Reset) or _is_shown(actor, subscriber.access, told.event):
                yield told
        while True:
            told = await queue.take()
            if start.shows(told.event.transaction) or not _is_shown(actor, subscriber.access, told.event):
                continue
            cursor = told.cursor
            yield EventMessage(told.event, Cursor(start.or_later(cursor.before), cursor.within, cursor.row))


async def candidate(
    live: Live, actor: Actor, key: tuple[int | str, UUID], after: Cursor | None = None
) -> AsyncGenerator[CandidateState, None]:
    """The candidate as it is, with its latest metrics, and then what changes; after a cursor, what changed since.

    Raises:
        CandidateNotFound: it does not exist, or may not be seen; also later, when that changes.
    """
    access = await projects.get(live.db, actor, key[0])
    policy.require(actor, access, Permission.CANDIDATE_READ)
    candidate_key = (access.id, key[1])
    await candidates.get(live.db, actor, *candidate_key)
    queue: SubscriberQueue[tuple[Change, Cursor]] = SubscriberQueue()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            live.subscribed(Subscriber(actor, queue.end, access.id, (Permission.CANDIDATE_READ,), access))
        )
        await stack.enter_async_context(live.candidates.watch(candidate_key, queue))
        async with live.db.read() as snap:
            mark, changes = await candidate_watching.since(snap, [candidate_key], after.within if after else BEGINNING)
        if after is None and not changes:
            raise NotFound(f"The candidate {key[1].hex} is gone.")
        for change in changes:
            yield CandidateState(*candidate_key, change, after is None, Cursor.at(mark))
        while True:
            change, cursor = await queue.take()
            yield CandidateState(*candidate_key, change, False, cursor)


async def job(live: Live, actor: Actor, job_id: UUID, after: str | None = None) -> AsyncGenerator[BackgroundJob, None]:
    """The job as it is, unless ``after`` is how it looks already, and whenever it has changed; ends with the job.

    Raises:
        JobNotFound: it does not exist, or is none of the actor's business; also later, when that changes.
    """
    row = await jobs.get(live.db, actor, job_id)
    queue: SubscriberQueue[None] = SubscriberQueue()
    needs = (Permission.PROJECT_READ,) if row.project_id is not None else ()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(live.subscribed(Subscriber(actor, queue.end, row.project_id, needs)))
        await stack.enter_async_context(live.jobs.watch(job_id, queue))
        shown = after
        while True:
            row = await jobs.get(live.db, actor, job_id)
            token = change_tokens.change_token(row)
            if token != shown:
                shown = token
                yield row
            if row.state in {"succeeded", "cancelled"}:
                return
            await queue.take()


async def _missed(live: Live, project_id: int, after: Cursor | None) -> tuple[Position, list[EventMessage | Reset]]:
    """The mark from which on a subscriber is told by the feed, and what it missed before."""
    if after is None:
        return await live.mark(), []
    if after.age > REPLAYED_SECONDS:
        mark = await live.mark()
        return mark, [Reset(project_id, Cursor.at(mark))]
    async with live.db.read() as snap:
        mark, rows = await events.since(snap, [project_id], after.before, REPLAYED + 1)
    if len(rows) > REPLAYED:
        mark = await live.mark()
        return mark, [Reset(project_id, Cursor.at(mark))]
    unseen = [one for one in rows if after.within.shows(one.transaction)]
    later = [one for one in rows if not after.within.shows(one.transaction)]
    told = [
        EventMessage(one, Cursor(after.before, after.within, (one.transaction, one.id)))
        for one in unseen
        if (one.transaction, one.id) > after.row
    ]
    told += [EventMessage(one, Cursor(after.within, mark, (one.transaction, one.id))) for one in later]
    return mark, list(told)


def _is_shown(actor: Actor, access: ProjectAccess | None, event: Event) -> bool:
    """As far as the object itself may be seen; background jobs are shown to members."""
    if access is None:
        return False
    if event.object_type in _NEEDS:
        return policy.allows(actor, access, _NEEDS[event.object_type])
    if event.object_type == "CiJob":
        return all(policy.allows(actor, access, need) for need in (Permission.REGISTRY_READ, Permission.CANDIDATE_READ))
    return access.role is not None
