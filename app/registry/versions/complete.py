"""The end of a push: OPEN versions become READY, by a call or when their announced files are all READY.

Files of a version come in many requests. Its state keeps readers away from it until they are all there.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, text

from app.access import users
from app.access.policy import Actor
from app.artifacts.uploads import outstanding
from app.artifacts.uploads.outstanding import Outstanding
from app.db.database import Database, Tx
from app.errors import Conflict, TooLarge
from app.registry import aliases, announce, models, repository
from app.registry.names import check_alias
from app.registry.references.resolve import Target
from app.registry.repository import writable
from app.registry.tables import Model, ModelVersion
from app.registry.versions import change, lookup, manifests, states
from app.registry.versions.check import MAX_ALIASES
from app.registry.versions.states import OpenUntil
from app.text import quoted
from app.tracking import version_candidates

BATCH = 200
"""Versions, or projects with such, that one run completes."""
_SEEMS_COMPLETE = text(f"""
    model_versions.open_until = 'files_ready' AND model_versions.given_up_at IS NULL
    AND {outstanding.seems_complete_sql("model_versions.project_id", "model_versions.candidate_id")}
""")
"""Asked before any lock is taken, so that a version that cannot be completed yet delays no other one."""


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
        NameProtected, ApprovalNeeded: a rule protects an alias; nothing was changed.
        Invalid: a name is not acceptable for an alias, or there are more than 100.
    """
    if len(names) > MAX_ALIASES:
        raise TooLarge(f"{len(names)} aliases are too many; {MAX_ALIASES} fit.", field="aliases")
    checked = [check_alias(name, field="aliases") for name in names]
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model, version = await lookup.find(tx, actor, access.id, target)
        await version_candidates.lock_shared(tx, access.id, [version.candidate_id])
        await models.lock(tx, model)
        version = await lookup.reload(tx, version)
        if version.open_until:
            version = await _complete(tx, version)
        states.require_ready(version, "be completed")
        for name in checked:
            await aliases.move(tx, actor, access, model, version, name)
        await announce.announce_version(tx, model, version, actor.username)
    return version


async def complete_announced(db: Database, project_id: int) -> int:
    """Complete the versions of a project whose announced files are all READY; the number of them.

    Safe to repeat and to run twice at once: each is looked at again under its lock.
    """
    async with db.read() as snap:
        waiting = await repository.versions_where(snap, _SEEMS_COMPLETE, project_id, BATCH)
    completed = 0
    for model, version in waiting:
        async with db.write() as tx:
            completed += await _complete_waiting(tx, model, version)
    return completed


async def complete_all_announced(db: Database) -> int:
    """The same for all projects, for what was missed when a process ended."""
    async with db.read() as snap:
        waiting = (_SEEMS_COMPLETE, ModelVersion.deleted_at.is_(None))
        projects = (await snap.scalars(select(ModelVersion.project_id).where(*waiting).distinct().limit(BATCH))).all()
    return sum([await complete_announced(db, project_id) for project_id in projects])


async def _complete(tx: Tx, version: ModelVersion) -> ModelVersion:
    root, folder = lookup.root_of(version)
    await states.lock_files(tx, root)
    missing = await outstanding.of_folder(tx, root, folder, version.created_at)
    if missing.is_pending:
        raise FilesPending(_pending(version, missing))
    if missing.failed:
        raise FilesFailed(_failed(version, missing))
    return await _end_wait(tx, version)


async def _complete_waiting(tx: Tx, model: Model, version: ModelVersion) -> bool:
    root, folder = lookup.root_of(version)
    await version_candidates.lock_shared(tx, model.project_id, [version.candidate_id])
    if not await repository.touch_model(tx, model.project_id, model.id):
        return False
    await states.lock_files(tx, root)
    missing = await outstanding.of_folder(tx, root, folder, version.created_at)
    if missing.is_pending or missing.failed or not missing.files:
        return False
    try:
        completed = await _end_wait(tx, version)
    except (manifests.VersionRetired, lookup.VersionNotFound):
        return False
    await announce.announce_version(tx, model, completed, await users.username(tx, version.created_by))
    return True


async def _end_wait(tx: Tx, version: ModelVersion) -> ModelVersion:
    """Let the version be READY, with files that its text is not reserved against.

    Raises:
        VersionRetired: the text belongs to a deleted version with other files.
        VersionNotFound: it has just been deleted.
    """
    root, folder = lookup.root_of(version)
    await manifests.require_same(
        tx, version.project_id, version.model_id, version.version, root, folder, version.location
    )
    changed = await change.apply(tx, version, open_until=OpenUntil.OVER.value, given_up_at=None, updated_at=func.now())
    await states.refresh(tx, root)
    await tx.refresh(changed)  # the state is written by the database
    return changed


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
