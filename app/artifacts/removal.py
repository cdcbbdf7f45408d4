"""Deleting files of a candidate or logged model; their bytes go when no other file has them."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from app.access.policy import Actor, Permission
from app.artifacts import paths, row_locks, visibility
from app.artifacts.artifacts import LockOwner, Root
from app.artifacts.tables import Artifact
from app.artifacts.upkeep import garbage
from app.db.database import Database


async def remove(
    db: Database,
    actor: Actor,
    root: Root,
    path: str,
    *,
    lock_owner: LockOwner,
    permission: Permission = Permission.CANDIDATE_WRITE,
) -> int:
    """Delete a file, or a folder with all below it; the number of files. None at all is fine.

    Raises:
        InvalidPath: the path is empty or not acceptable: the root itself is never deleted this way.
    """
    path = paths.check(path.rstrip("/"))
    beneath = (Artifact.path >= f"{path}/") & (Artifact.path < f"{path}0")
    mine = (Artifact.project_id == root.project_id, Artifact.root_id == root.id, (Artifact.path == path) | beneath)
    async with db.write() as tx:
        await visibility.require_permitted(tx, actor, root, [path], permission)
        await lock_owner(tx)
        held = await row_locks.lock_blobs(tx, root.project_id, select(Artifact.blob_id).where(*mine))
        removed = delete(Artifact).where(*mine, Artifact.blob_id == func.any(list(held))).returning(Artifact.blob_id)
        blob_ids = (await tx.scalars(removed)).all()
        await garbage.release(tx, root.project_id, blob_ids)
    return len(blob_ids)


async def remove_all(
    db: Database,
    actor: Actor,
    root: Root,
    *,
    lock_owner: LockOwner,
    permission: Permission = Permission.CANDIDATE_WRITE,
) -> int:
    """Delete all files of a root, batch by batch; the number of files. Files that arrive meanwhile may go, too."""
    total, removed = 0, garbage.BATCH
    while removed == garbage.BATCH:
        async with db.write() as tx:
            await visibility.require_permitted(tx, actor, root, [""], permission)
            await lock_owner(tx)
            removed = await garbage.release_root(tx, root.project_id, root.id, garbage.BATCH)
        total += removed
    return total
