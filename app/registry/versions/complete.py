"""The end of a push: OPEN versions become READY, or are given up; and webhooks are told what became of versions.

Files of a version come in many requests. Its state keeps readers away from it until they are all there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import ARRAY, BigInteger, Interval, TextClause, Uuid, bindparam, func, select, text, update

from app.access.policy import Actor
from app.artifacts.uploads import outstanding
from app.artifacts.uploads.announced import MultipartUpload
from app.artifacts.uploads.outstanding import Outstanding
from app.db.database import Database, Snapshot, Tx
from app.errors import Conflict, TooLarge
from app.registry import aliases, models, repository, webhook_events
from app.registry.names import check_alias
from app.registry.references.resolve import Target
from app.registry.repository import writable
from app.registry.tables import UNANNOUNCED, Model, ModelVersion
from app.registry.versions import change, lookup, manifests, states
from app.registry.versions.check import MAX_ALIASES
from app.registry.versions.states import OpenUntil
from app.text import quoted
from app.tracking import file_owners, version_candidates

LIFE = timedelta(days=1)
"""An OPEN version that is older, and to which nothing came or was announced for so long, is given up."""
BATCH = 200
log = structlog.get_logger()


class FilesPending(Conflict):
    """Files of the version are still on their way."""

    code = "FILES_PENDING"


class FilesFailed(Conflict):
    """Files that were announced for the version were refused."""

    code = "FILES_FAILED"


async def complete(
    db: Database, actor: Actor, project: int | str, target: Target, names: Sequence[str] = ()
) -> ModelVersion:
    """Say that all files of an OPEN version were pushed: it becomes READY, and gets these aliases; all or nothing.

    A version that is READY already only gets the aliases.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        FilesPending: an upload has not ended, or a file was not inspected yet; try again.
        FilesFailed: an upload was refused or has run out of time, and was neither repeated nor aborted.
        VersionNotReady: a file failed or is in quarantine; nothing was changed.
        VersionRetired: the text belongs to a deleted version with other files.
        Invalid: no alias can be called so, or there are more than 100.
    """
    if len(names) > MAX_ALIASES:
        raise TooLarge(f"{len(names)} aliases are too many; {MAX_ALIASES} fit.", field="aliases")
    checked = [check_alias(name, field="aliases") for name in names]
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model, version = await lookup.find(tx, access.id, target)
        await version_candidates.lock_shared(tx, access.id, [version.candidate_id])
        await models.lock(tx, model)
        version = await lookup.reload(tx, version)
        if version.open_until:
            version = await _complete(tx, version)
        states.require_ready(version, "be completed")
        for name in checked:
            await aliases.move(tx, actor, model, version, name)
        await _announce(tx, model, version, actor.username)
    return version


class Expectation:
    """Two steps of the transaction that announces files for a version.

    A version that has no file yet, and a candidate of its own, is OPEN until they are all READY; one that was given up
    is OPEN again.
    """

    def __init__(self, version: ModelVersion) -> None:
        self._key = {"of_project": version.project_id, "version": version.id}
        self._lock = file_owners.lock(lookup.root_of(version)[0])
        self._is_empty = False

    async def lock_owner(self, tx: Tx) -> None:
        """Hold the owner of the files, and see whether it has any."""
        await self._lock(tx)
        self._is_empty = bool(await tx.scalar(_IS_EMPTY, self._key))

    async def finish(self, tx: Tx) -> None:
        """Open the version. After all files: who changes one locks its bytes first and the version last."""
        if await tx.scalar(_EXPECT, self._key | {"is_empty": self._is_empty}) is not None:
            await tx.execute(_REFRESH_ONE, self._key)


async def complete_announced(db: Database, project_id: int) -> int:
    """Complete the versions of a project whose announced files are all READY; the number of them.

    Safe to repeat and to run twice at once: each is looked at again under its lock.
    """
    async with db.read() as snap:
        waiting = await _versions(snap, project_id, _SEEMS_COMPLETE)
    done = 0
    for model, version in waiting:
        async with db.write() as tx:
            done += await _settle(tx, model, version)
    return done


async def complete_all_announced(db: Database) -> int:
    """The same for all projects, for what was missed when a process ended."""
    async with db.read() as snap:
        mine = (_SEEMS_COMPLETE, ModelVersion.deleted_at.is_(None))
        projects = (await snap.scalars(select(ModelVersion.project_id).where(*mine).distinct().limit(BATCH))).all()
    return sum([await complete_announced(db, project_id) for project_id in projects])


async def mark_missed(tx: Tx, uploads: Sequence[MultipartUpload]) -> None:
    """Step: bytes of announced files have not come in time, so no version that waits for them is READY by itself."""
    given = {"projects": [one.project_id for one in uploads], "candidates": [one.candidate_id for one in uploads]}
    await tx.execute(_MISS, given)


async def give_up(db: Database) -> int:
    """End the wait for files of versions that were not completed within a day; the number of them."""
    async with db.write() as tx:
        found = (await tx.execute(_GIVE_UP, {"life": LIFE, "most": BATCH})).all()
        for row in found:
            await tx.execute(_REFRESH_ONE, {"of_project": row.project_id, "version": row.id})
            log.info("version.given_up", project=row.project_id, version=row.id)
    return len(found)


async def announce(db: Database, project_id: int | None = None) -> int:
    """Tell webhooks what became of versions since they last heard of them; the number of versions.

    Safe to repeat and to run twice at once: what was told is noted in the same transaction.
    """
    async with db.read() as snap:
        pending = await _versions(snap, project_id, text(UNANNOUNCED))
    for model, version in pending:
        async with db.write() as tx:
            actor = await tx.scalar(_MAKER, {"maker": version.created_by})
            await _announce(tx, model, version, actor or "")
    return len(pending)


async def _complete(tx: Tx, version: ModelVersion) -> ModelVersion:
    root, folder = lookup.root_of(version)
    await states.lock_files(tx, root)
    missing = await outstanding.of_folder(tx, root, folder, version.created_at)
    if missing.is_pending:
        raise FilesPending(_pending(version, missing))
    if missing.failed:
        raise FilesFailed(_failed(version, missing))
    await manifests.require_same(
        tx, version.project_id, version.model_id, version.version, root, folder, version.location
    )
    return await _end_wait(tx, version)


async def _settle(tx: Tx, model: Model, version: ModelVersion) -> bool:
    root, folder = lookup.root_of(version)
    await version_candidates.lock_shared(tx, model.project_id, [version.candidate_id])
    if not await repository.touch_model(tx, model.project_id, model.id):
        return False
    await states.lock_files(tx, root)
    missing = await outstanding.of_folder(tx, root, folder, version.created_at)
    if missing.is_pending or missing.failed or not missing.files:
        return False
    try:
        await manifests.require_same(
            tx, version.project_id, version.model_id, version.version, root, folder, version.location
        )
        settled = await _end_wait(tx, version)
    except (manifests.VersionRetired, lookup.VersionNotFound):
        return False
    await _announce(tx, model, settled, (await tx.scalar(_MAKER, {"maker": version.created_by})) or "")
    return True


async def _end_wait(tx: Tx, version: ModelVersion) -> ModelVersion:
    changed = await change.apply(tx, version, open_until=OpenUntil.OVER.value, given_up_at=None, updated_at=func.now())
    await states.refresh(tx, lookup.root_of(version)[0])
    await tx.refresh(changed)  # the state is written by the database
    return changed


async def _announce(tx: Tx, model: Model, version: ModelVersion, actor: str) -> None:
    """Step: the row is locked first, so that two who tell the same tell it once."""
    mine = (ModelVersion.project_id == version.project_id, ModelVersion.id == version.id)
    statement = select(ModelVersion).where(*mine, ModelVersion.deleted_at.is_(None), text(UNANNOUNCED))
    pending = await tx.scalar(statement.with_for_update(), execution_options={"populate_existing": True})
    if pending is None:
        return
    await webhook_events.state_changed(tx, model, pending, actor)
    noted = {"announced_state": pending.state, "is_announced": pending.is_announced or pending.was_ready}
    await tx.execute(update(ModelVersion).where(*mine).values(**noted).execution_options(synchronize_session=False))


def _pending(version: ModelVersion, missing: Outstanding) -> str:
    parts = [
        f"{count} {what}"
        for count, what in ((missing.uploads, "uploads have not ended"), (missing.uninspected, "files are inspected"))
        if count
    ]
    return f"The version {quoted(version.version)} cannot be completed yet: {' and '.join(parts)}; try again shortly."


def _failed(version: ModelVersion, missing: Outstanding) -> str:
    others = f" (and {missing.failed - 1} others)" if missing.failed > 1 else ""
    return (
        f"The version {quoted(version.version)} cannot be completed without {quoted(missing.failure or '')}{others}."
        " Send the file again, or abort its upload (`artifactUploadAbort`) to leave it out."
    )


async def _versions(
    snap: Snapshot, project_id: int | None, condition: TextClause
) -> Sequence[tuple[Model, ModelVersion]]:
    statement = repository.all_living_versions().add_columns(Model).where(condition)
    if project_id is not None:
        statement = statement.where(ModelVersion.project_id == project_id)
    rows = await snap.execute(statement.order_by(ModelVersion.project_id, ModelVersion.id).limit(BATCH))
    return [(row[1], row[0]) for row in rows]


_IS_EMPTY = text("""
    SELECT EXISTS (SELECT FROM candidates c
            WHERE c.project_id = v.project_id AND c.id = v.candidate_id AND c.of_version)
        AND NOT EXISTS (SELECT FROM artifacts a WHERE a.project_id = v.project_id AND a.root_id = v.candidate_id)
        AND NOT EXISTS (SELECT FROM model_versions o
            WHERE o.project_id = v.project_id AND o.candidate_id = v.candidate_id AND o.id <> v.id)
    FROM model_versions v WHERE v.project_id = :of_project AND v.id = :version AND v.logged_model_id IS NULL
""")
_EXPECT = text("""
    UPDATE model_versions v SET given_up_at = NULL, announced_state = 'open',
        open_until = CASE WHEN v.given_up_at IS NULL THEN 'files_ready' ELSE v.open_until END
    WHERE v.project_id = :of_project AND v.id = :version AND v.deleted_at IS NULL AND v.location = ''
      AND (v.given_up_at IS NOT NULL OR (v.open_until = '' AND :is_empty))
    RETURNING v.id
""")
_GIVE_UP = text("""
    UPDATE model_versions v SET given_up_at = now() FROM (
        SELECT m.project_id, m.id FROM model_versions m
        WHERE m.open_until <> '' AND m.deleted_at IS NULL AND m.given_up_at IS NULL AND m.created_at < now() - :life
          AND NOT EXISTS (SELECT FROM multipart_uploads u WHERE u.project_id = m.project_id
              AND (u.candidate_id = m.candidate_id OR u.logged_model_id = m.logged_model_id)
              AND (u.created_at > now() - :life OR u.state IN ('open', 'verifying') AND u.expires_at > now()))
          AND NOT EXISTS (SELECT FROM artifacts a WHERE a.project_id = m.project_id
              AND a.root_id = coalesce(m.logged_model_id, m.candidate_id) AND a.created_at > now() - :life)
        ORDER BY m.project_id, m.id LIMIT :most FOR UPDATE SKIP LOCKED
    ) AS old WHERE v.project_id = old.project_id AND v.id = old.id RETURNING v.project_id, v.id
""").bindparams(bindparam("life", type_=Interval))
_REFRESH_ONE = text("""
    UPDATE model_versions v SET state = derived.state, state_reason = derived.reason
    FROM model_versions o, LATERAL version_state(o) AS derived
    WHERE o.project_id = :of_project AND o.id = :version AND v.project_id = o.project_id AND v.id = o.id
""")
_MISS = text("""
    UPDATE model_versions v SET open_until = 'completed' FROM (
        SELECT o.project_id, o.id FROM model_versions o
        JOIN unnest(:projects, :candidates) AS missed (project_id, candidate_id)
          ON o.project_id = missed.project_id AND o.candidate_id = missed.candidate_id
        WHERE o.open_until = 'files_ready' ORDER BY o.project_id, o.id FOR UPDATE OF o
    ) AS held WHERE v.project_id = held.project_id AND v.id = held.id
""").bindparams(bindparam("projects", type_=ARRAY(BigInteger)), bindparam("candidates", type_=ARRAY(Uuid)))
_SEEMS_COMPLETE = text("""
    model_versions.open_until = 'files_ready' AND model_versions.given_up_at IS NULL
    AND EXISTS (SELECT FROM artifacts a
        WHERE a.project_id = model_versions.project_id AND a.root_id = model_versions.candidate_id)
    AND NOT EXISTS (SELECT FROM artifacts a WHERE a.project_id = model_versions.project_id
        AND a.root_id = model_versions.candidate_id AND a.inspected_at IS NULL)
    AND NOT EXISTS (SELECT FROM multipart_uploads u WHERE u.project_id = model_versions.project_id
        AND u.candidate_id = model_versions.candidate_id AND u.state IN ('open', 'verifying', 'failed')
        AND NOT EXISTS (SELECT FROM artifacts n WHERE n.project_id = u.project_id AND n.root_id = u.candidate_id
            AND n.path = u.path AND n.created_at > u.created_at))
""")
"""Looked at before any lock is taken: what cannot be completed yet is left alone, and holds up no other."""
_MAKER = text("SELECT username FROM users WHERE id = :maker")
