"""Deleting files."""

from __future__ import annotations

from app.access.policy import Actor
from app.artifacts import removal
from app.db.database import Database
from app.files import targets
from app.files.targets import Client, Target


async def remove(db: Database, actor: Actor, target: Target, path: str, *, client: Client = Client.REGISTRY) -> int:
    """Delete a file, or a folder with all below it; the number of files. None at all is no error.

    Raises:
        InvalidPath: the path is empty or not acceptable.
        NotFound, Forbidden: as for :func:`app.files.store.put`.
        WrittenElsewhere: the version keeps its files in a store of the client's own.
    """
    owner = await targets.find(db, actor, target, to_write=True)
    permission = await targets.permission(db, actor, owner.root.project_id, client)
    below = owner.path(path.rstrip("/"))
    lock = owner.lock(actor, [below])
    return await removal.remove(db, actor, owner.root, below, lock_owner=lock, permission=permission)


async def remove_all(db: Database, actor: Actor, target: Target, *, client: Client = Client.REGISTRY) -> int:
    """Delete all files of the target; the number of files. Files that arrive meanwhile may go, too.

    Raises:
        NotFound, Forbidden, WrittenElsewhere: as :func:`remove`.
    """
    owner = await targets.find(db, actor, target, to_write=True)
    permission = await targets.permission(db, actor, owner.root.project_id, client)
    lock = owner.lock(actor, [owner.folder])
    if owner.folder:
        return await removal.remove(db, actor, owner.root, owner.folder, lock_owner=lock, permission=permission)
    return await removal.remove_all(db, actor, owner.root, lock_owner=lock, permission=permission)
