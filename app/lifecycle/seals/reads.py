"""Seals and withdrawals of many versions at once: statements do not grow with the versions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database
from app.errors import TooLarge
from app.lifecycle.seals import manifests
from app.lifecycle.seals.manifests import Manifest
from app.lifecycle.seals.tables import VersionSeal, VersionWithdrawal
from app.registry.reads.loaders import VersionKey
from app.registry.references.resolve import Named
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion

__all__ = ["VersionSeal", "VersionWithdrawal"]

MAX_DOCUMENT = 4 * 1024 * 1024
"""Bytes of a manifest that is answered as one text."""
_READS = GuardedReads(Permission.REGISTRY_READ, of_models=True)


async def seals_of_versions(db: Database, actor: Actor, keys: Sequence[VersionKey]) -> Results[VersionSeal | None]:
    """Who sealed each version; None for one that is not sealed. The caller has found the versions."""
    parent = (VersionSeal.project_id, VersionSeal.version_id)
    return await _READS.singles(db, actor, keys, statement=select(VersionSeal), parent=parent)


async def withdrawals_of_versions(
    db: Database, actor: Actor, keys: Sequence[VersionKey]
) -> Results[list[VersionWithdrawal]]:
    """How each version was yanked and deprecated, and that undone, the latest first. The caller has found them."""
    parent = (VersionWithdrawal.project_id, VersionWithdrawal.version_id)
    statement = select(VersionWithdrawal).order_by(VersionWithdrawal.id.desc())
    return await _READS.groups(db, actor, keys, statement=statement, parent=parent)


async def manifest(
    db: Database, actor: Actor, project: int | str, target: int | Named
) -> tuple[ModelVersion, Manifest]:
    """A version and its manifest.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version, or it may not be seen.
        TooLarge: its text has more than 4 MiB; it can be read page by page.
    """
    async with db.read() as snap:
        version = await lookup.find_to_read(snap, actor, project, target)
        whole = await manifests.of_version(snap, version)
    if len(whole.document) > MAX_DOCUMENT:
        raise TooLarge(
            f"The manifest of {len(whole.entries)} files is too large for one answer; read its files page by page "
            "(`ModelVersion.manifest`)."
        )
    return version, whole
