"""Sealing: from here on files, facts and description of a version do not change any more.

The candidate (or logged model) that owns the files is locked as for a deletion: writers of files hold it shared until
their commit, so that none is on its way while the manifest is read. What comes after that is refused by triggers
(migration 0021), whichever way it comes.
"""

from __future__ import annotations

from sqlalchemy import func, insert

from app.access.policy import Actor
from app.db.database import Database, Tx
from app.lifecycle.evaluations import stated
from app.lifecycle.seals import manifests
from app.lifecycle.seals.manifests import Manifest
from app.lifecycle.seals.tables import VersionSeal
from app.registry import models, webhook_events
from app.registry.models import Model
from app.registry.references.resolve import Target
from app.registry.versions import change, lookup, states
from app.registry.versions.lookup import ModelVersion
from app.tracking import file_owners


async def seal_version(db: Database, actor: Actor, project: int | str, target: Target) -> ModelVersion:
    """Seal a version; one that is sealed already stays as it is.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        VersionNotReady: files of the version are missing, failed or in quarantine.
    """
    async with db.write() as tx:
        _, model, version = await lookup.find_to_change(tx, actor, project, target)
        await lock(tx, version)
        await models.lock(tx, model)
        return await seal(tx, actor, model, await lookup.reload(tx, version))


async def lock(tx: Tx, version: ModelVersion) -> None:
    """Step: hold the files of the version as they are until the commit.

    It is the first lock of a transaction that seals: before that of the model, as everywhere.
    """
    root, _ = lookup.root_of(version)
    await file_owners.lock_exclusively(tx, root)


async def seal(
    tx: Tx, actor: Actor, model: Model, version: ModelVersion, *, promotion_id: int | None = None
) -> ModelVersion:
    """Step: the same under the locks of :func:`lock` and of the model, with a version that was read under them.

    ``promotion_id``: the promotion that is the reason.

    Raises:
        VersionNotReady: files of the version are missing, failed or in quarantine.
        VersionNotFound: it has just been deleted.
    """
    if version.sealed_at is not None:
        return version
    states.require_ready(version, "be sealed")
    manifest = await manifests.of_version(tx, version)
    await stated.keep(tx, version)
    sealed = await change.apply(tx, version, sealed_at=func.now(), manifest_digest=manifest.digest)
    await _note(tx, actor, sealed, manifest, promotion_id)
    await webhook_events.version_changed(
        tx, model, sealed, "sealed", actor.username, digest=manifests.shown_digest(manifest.digest)
    )
    return sealed


async def _note(tx: Tx, actor: Actor, version: ModelVersion, manifest: Manifest, promotion_id: int | None) -> None:
    await tx.execute(
        insert(VersionSeal).values(
            project_id=version.project_id,
            version_id=version.id,
            digest=manifest.digest,
            file_count=len(manifest.entries),
            size=manifest.size,
            promotion_id=promotion_id,
            sealed_by=actor.user_id,
            sealed_by_name=actor.username,
            sealed_at=version.sealed_at,
        )
    )
