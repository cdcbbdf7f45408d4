"""Versions on their way into the tables: those of one model that are wanted at the same time share a transaction.

Numbers and automatic versions of a model come one after the other, so its versions are made by one transaction at a
time. Whoever comes while one is under way joins the next. Others may be at work on the same model in other processes:
what was seen of it is written only if nothing has changed since, and whoever is beaten to it too often takes the
model's lock first.
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
from app.db.database import Database, Tx
from app.db.direct_pool import InTransaction
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
"""Times that a model is looked at without its lock."""
Created: TypeAlias = tuple[Model, ModelVersion]
_lines: WeakValueDictionary[tuple[int, int | str, bool], GroupCommit[VersionRequest, Created]] = WeakValueDictionary()


async def submit(db: Database, wish: VersionRequest) -> Created:
    """Make a version; answers once it is committed.

    Raises:
        ModelNotFound: there is no such model.
        VersionTaken: the model has a living version of the same text.
        CandidateNotFound, CandidateInTrash, LoggedModelNotFound: what it is to be made from is not there.
        Unavailable: the database is away or busy.
    """
    key = (wish.project_id, wish.model, wish.is_plain)
    line = _lines.get(key)
    if line is None:
        line = GroupCommit(_together, at_once=1) if wish.is_plain else GroupCommit(_under_lock, most=1)
        _lines[key] = line
    return await line(db, wish)


async def _together(db: Database, wishes: Sequence[VersionRequest]) -> Sequence[Outcome]:
    for _ in range(_TRIES):
        async with db.committing() as connection:
            try:
                standing = await insert.read_state(connection, wishes)
            except ModelNotFound as error:
                return [error] * len(wishes)
            if standing.retired or webhook_events.has_listener(standing.model, standing.awaited):
                break
            outcomes = await insert.insert_versions(connection, standing, assign(standing, wishes))
        if outcomes is not None:
            return outcomes
    return await _under_lock(db, wishes)


async def _under_lock(db: Database, wishes: Sequence[VersionRequest]) -> Sequence[Outcome]:
    """The same with all that may belong to it; the lock comes last, since it is to be held as short as can be."""
    async with db.write(grows=True) as tx:
        model = await models.find(tx, wishes[0].project_id, wishes[0].model)
        origins = [await _with_origin(tx, wish) for wish in wishes]
        jobs = [await job_links.ensure(tx, wish.project_id, wish.claims) for wish in wishes]
        shared = {wish.candidate_id for wish in origins if wish.candidate_id is not None}
        await version_candidates.lock_shared(tx, model.project_id, shared)
        refusals = [await _refusal(tx, model, wish) for wish in origins]
        if not await repository.touch_model(tx, model.project_id, model.id):
            raise models.not_found(model.name)
        named = [replace(wish, model=model.id) for wish in origins]
        made = iter(await _add(tx, [wish for wish, no in zip(named, refusals, strict=True) if no is None]))
        outcomes = [no or next(made) for no in refusals]
        for outcome, wish, job_ids in zip(outcomes, wishes, jobs, strict=True):
            if isinstance(outcome, Exception):
                if len(wishes) == 1:
                    raise outcome
                continue
            await _follow(tx, wish, outcome, job_ids)
    return outcomes


async def _refusal(tx: Tx, model: Model, wish: VersionRequest) -> VersionRetired | None:
    """Why a version of a text that was deleted may not come back; an OPEN one is compared when it is completed."""
    if wish.version is None or wish.or_next or wish.is_open:
        return None
    root = None
    if wish.logged_model_id is not None:
        root = Root(wish.project_id, logged_model_id=wish.logged_model_id)
    elif wish.candidate_id is not None:
        root = Root(wish.project_id, candidate_id=wish.candidate_id)
    folder, location = wish.values["artifact_folder"], wish.values["location"]
    try:
        await manifests.require_same(tx, model.project_id, model.id, wish.version.text, root, folder, location)
    except VersionRetired as error:
        return error
    return None


async def _add(tx: Tx, wishes: Sequence[VersionRequest]) -> list[Outcome]:
    if not wishes:
        return []
    run = InTransaction(tx)
    standing = await insert.read_state(run, wishes)
    outcomes = await insert.insert_versions(run, standing, assign(standing, wishes))
    if outcomes is None:
        raise Unavailable("The model is just being changed; nothing was written, try again shortly.")
    if webhook_events.has_listener(standing.model, standing.awaited):
        made = [
            (outcome[1], wish.actor.username)
            for outcome, wish in zip(outcomes, wishes, strict=True)
            if not isinstance(outcome, Exception) and outcome[1].was_ready
        ]
        await webhook_events.versions_created(tx, standing.model, made)
    return outcomes


async def _with_origin(tx: Tx, wish: VersionRequest) -> VersionRequest:
    """Hold the logged model, and take its candidate where none is named.

    Raises:
        LoggedModelNotFound: there is no such logged model.
    """
    if wish.logged_model_id is None:
        return wish
    logged = await logged_models.lock_living(tx, wish.project_id, wish.logged_model_id, to_change=True)
    return replace(wish, candidate_id=wish.candidate_id or await _maker(tx, logged))


async def _maker(tx: Tx, logged: LoggedModel) -> UUID | None:
    """The candidate that logged the model, unless it has been deleted since: the model outlives it."""
    if logged.source_candidate_id is None:
        return None
    try:
        await candidates.lock_living(tx, logged.project_id, logged.source_candidate_id)
    except (CandidateNotFound, CandidateInTrash):
        return None
    return logged.source_candidate_id


async def _follow(tx: Tx, wish: VersionRequest, made: Created, ci_job_ids: Sequence[UUID]) -> None:
    """What belongs to a version beside its row."""
    model, version = made
    owner = Owner(version.project_id, version_id=version.id)
    await job_links.attach(tx, owner, ci_job_ids, by=wish.actor.user_id)
    if version.logged_model_id is not None:
        await logged_models.note_version(tx, version.project_id, version.logged_model_id, model.name, version.number)
