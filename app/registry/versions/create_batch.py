"""Versions of one model that callers request at the same time are created in one transaction.

Numbers and automatic versions follow each other, so a process creates versions of one model in one transaction at a
time. A request that arrives while one is under way waits for the next, together with all others that arrive meanwhile
(:mod:`app.db.group_commit`). An example with 16 clients that each request the next version of a model at its 1.0.3:

1. The first request is a batch of its own: one statement reads the state of the model, one inserts 1.0.4 as number 5.
   Between them :mod:`.numbering` decides in memory. No lock is held while the state is read.
2. The other 15 arrive during that commit. They are the next batch: the same two statements insert 1.0.5 to 1.0.19 as
   numbers 6 to 20, with one commit, and each caller is answered with its own version or its own refusal.
3. Another process may have changed the model in between. Then the second statement writes nothing, since ``xmin`` of
   the model's row is another one, and the batch reads the state again: at most three times, then it takes the row lock.

So 15 versions cost two statements and one commit instead of 15 of each. With two API processes and 16 clients that
made 127 versions of one model a second into 1,389 (docs/decisions/0017-shared-commits.md).

What concerns more than the model and a candidate (a logged model, links to CI jobs, webhooks that listen, texts of
deleted versions) is written under the lock of the model, together with steps of other features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias
from uuid import UUID
from weakref import WeakValueDictionary

from app.artifacts.artifacts import Root
from app.ci import job_links
from app.ci.job_links import Owner
from app.db import change_context
from app.db.database import Database, Tx
from app.db.group_commit import GroupCommit
from app.errors import Unavailable
from app.registry import models, repository, webhook_events
from app.registry.models import ModelNotFound
from app.registry.tables import Model, ModelVersion
from app.registry.versions import insert, manifests
from app.registry.versions.insert import Outcome
from app.registry.versions.manifests import VersionRetired
from app.registry.versions.numbering import assign
from app.registry.versions.request import VersionRequest
from app.tracking import candidates, logged_models, version_candidates
from app.tracking.candidates import CandidateInTrash, CandidateNotFound
from app.tracking.logged_models import LoggedModel

_TRIES = 3
"""Times that the state of a model is read without its lock."""
Created: TypeAlias = tuple[Model, ModelVersion]
_batches: WeakValueDictionary[tuple[int, int | str, bool], GroupCommit[VersionRequest, Created]] = WeakValueDictionary()


async def submit(db: Database, request: VersionRequest) -> Created:
    """Create a version in a batch; answers once it is committed.

    Raises:
        ModelNotFound: there is no such model.
        VersionTaken: the model has a living version of the same text.
        CandidateNotFound, CandidateInTrash, LoggedModelNotFound: what it is to be made from is not there.
        Unavailable: the database is away or busy.
    """
    key = (request.project_id, request.model, request.is_plain)
    batch = _batches.get(key)
    if batch is None:
        batch = GroupCommit(_create, at_once=1) if request.is_plain else GroupCommit(_create_locked, most=1)
        _batches[key] = batch
    return await batch(db, request)


async def _create(db: Database, requests: Sequence[VersionRequest]) -> Sequence[Outcome]:
    for _ in range(_TRIES):
        async with db.committing() as connection:
            try:
                state = await insert.read_state(connection, requests)
            except ModelNotFound as error:
                return [error] * len(requests)
            if state.retired or webhook_events.has_listener(state.model, state.subscribed_events):
                break
            outcomes = await insert.insert_versions(connection, state, assign(state, requests))
        if outcomes is not None:
            return outcomes
    return await _create_locked(db, requests)


async def _create_locked(db: Database, requests: Sequence[VersionRequest]) -> Sequence[Outcome]:
    """The same with everything that may belong to it; what is told of no single version is told of the first caller."""
    with change_context.within(requests[0].context):
        return await _create_in_one(db, requests)


async def _create_in_one(db: Database, requests: Sequence[VersionRequest]) -> Sequence[Outcome]:
    """One transaction; the model's lock comes last, to be held as briefly as can be."""
    async with db.write(grows=True) as tx:
        model = await repository.any_model(tx, requests[0].project_id, requests[0].model)
        if model is None:
            raise models.not_found(requests[0].model)
        complete = [replace(await _with_origin(tx, request), model=model.id) for request in requests]
        jobs = [await job_links.ensure(tx, request.project_id, request.ci_jobs) for request in requests]
        shared = {request.candidate_id for request in complete if request.candidate_id is not None}
        await version_candidates.lock_shared(tx, model.project_id, shared)
        refusals = [await _refusal(tx, model, request) for request in complete]
        if not await repository.touch_model(tx, model.project_id, model.id):
            raise models.not_found(model.name)
        allowed = [request for request, refusal in zip(complete, refusals, strict=True) if refusal is None]
        created = iter(await _insert(tx, allowed))
        outcomes = [refusal or next(created) for refusal in refusals]
        for outcome, request, job_ids in zip(outcomes, requests, jobs, strict=True):
            if isinstance(outcome, Exception):
                if len(requests) == 1:
                    raise outcome
                continue
            await _link(tx, request, outcome, job_ids)
    return outcomes


async def _refusal(tx: Tx, model: Model, request: VersionRequest) -> VersionRetired | None:
    """Why a version of a text that was deleted may not come back; an OPEN one is compared when it is completed."""
    if request.version is None or request.or_next or request.is_open:
        return None
    root = None
    if request.logged_model_id is not None:
        root = Root(request.project_id, logged_model_id=request.logged_model_id)
    elif request.candidate_id is not None:
        root = Root(request.project_id, candidate_id=request.candidate_id)
    text, folder, location = request.version.text, request.artifact_folder, request.location
    try:
        await manifests.require_same(tx, model.project_id, model.id, text, root, folder, location)
    except VersionRetired as error:
        return error
    return None


async def _insert(tx: Tx, requests: Sequence[VersionRequest]) -> list[Outcome]:
    if not requests:
        return []
    state = await insert.read_state(tx, requests)
    outcomes = await insert.insert_versions(tx, state, assign(state, requests))
    if outcomes is None:
        raise Unavailable("The model is just being changed; nothing was written, try again shortly.")
    if webhook_events.has_listener(state.model, state.subscribed_events):
        created = [
            (outcome[1], request.actor.username)
            for outcome, request in zip(outcomes, requests, strict=True)
            if not isinstance(outcome, Exception) and outcome[1].was_ready
        ]
        await webhook_events.versions_created(tx, state.model, created)
    return outcomes


async def _with_origin(tx: Tx, request: VersionRequest) -> VersionRequest:
    """Lock the logged model, and take its candidate where the request names none.

    Raises:
        LoggedModelNotFound: there is no such logged model.
    """
    if request.logged_model_id is None:
        return request
    logged = await logged_models.lock_living(tx, request.project_id, request.logged_model_id, to_change=True)
    return replace(request, candidate_id=request.candidate_id or await _source_candidate(tx, logged))


async def _source_candidate(tx: Tx, logged: LoggedModel) -> UUID | None:
    """The candidate that logged the model, unless it has been deleted since: the model outlives it."""
    if logged.source_candidate_id is None:
        return None
    try:
        await candidates.lock_living(tx, logged.project_id, logged.source_candidate_id)
    except (CandidateNotFound, CandidateInTrash):
        return None
    return logged.source_candidate_id


async def _link(tx: Tx, request: VersionRequest, created: Created, ci_job_ids: Sequence[UUID]) -> None:
    """Link a version to the CI jobs that produced it, and note it on its logged model."""
    model, version = created
    owner = Owner(version.project_id, version_id=version.id)
    await job_links.attach(tx, owner, ci_job_ids, by=request.actor.user_id)
    if version.logged_model_id is not None:
        await logged_models.note_version(tx, version.project_id, version.logged_model_id, model.name, version.number)
