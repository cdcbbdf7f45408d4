"""Deletes groups and users: hidden in one transaction, then removed by a worker with all projects that were in them.

Of a user the row is left, without names and address: what the user made elsewhere refers to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.access import access_log, groups, policy
from app.access.access_log import Action
from app.access.administration import group_changes, group_removal, user_changes
from app.access.administration.user_changes import Named
from app.access.groups import Group
from app.access.policy import Actor, Permission
from app.db.database import Database, Tx
from app.errors import Invalid
from app.queue import outbox
from app.queue.jobs import Job, job
from app.storage.blobs import BlobStore
from app.upkeep import project_deletion
from app.upkeep.project_deletion import Progress
from app.webhooks import webhooks


@job("access.purge_group", concurrency=1)
class PurgeGroup(Job):
    """Remove a deleted group with everything in it."""

    group_id: int


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is gone, and the background job that removes what was in it."""

    id: int
    job_id: UUID | None


async def delete(db: Database, actor: Actor, reference: int | str, confirm: str | None) -> Deletion:
    """Delete a group; one that is not empty with everything in it, for good, if its full path is confirmed.

    At once no caller sees it any more, nor what is in it; their paths are free, their tokens are refused.

    Raises:
        GroupNotFound: it does not exist, or the actor may not see it.
        Forbidden: the actor is not owner.
        Invalid: it is not empty, and ``confirm`` is not its full path; or it is a user's own namespace.
    """
    async with db.write() as tx:
        access = await groups.visible(tx, actor, reference)
        policy.require_signed_in(actor)
        groups.require_in(actor, access, Permission.GROUP_DELETE)
        if access.group.owner_user_id is not None:
            raise Invalid("A user's own namespace is deleted with the user.", field="group")
        job_id = await _hide(tx, actor, access.group, confirm)
        path = access.group.full_path
        await access_log.record(tx, Action.GROUP_DELETE, actor=actor, group_id=access.id, path=path)
    policy.invalidate_cache(actor)
    return Deletion(access.id, job_id)


async def delete_user(db: Database, actor: Actor, who: Named, confirm: str | None) -> Deletion:
    """Delete a person: nothing of theirs is left but what they made, by a user without a name.

    Their own namespace goes with them; if there is anything in it, the username has to be confirmed.

    Raises:
        UserNotFound: there is no such person.
        Forbidden: the actor is no administrator.
        Conflict: this is the last administrator.
        Invalid: the namespace is not empty, and ``confirm`` is not the username.
    """
    policy.require_administrator(actor, "delete users")
    async with db.write() as tx:
        user = await user_changes.lock(tx, actor, who)
        namespace = await group_removal.namespace(tx, user.id)
        job_id = await _hide(tx, actor, namespace, confirm) if namespace is not None else None
        await user_changes.erase(tx, actor, user)
    policy.invalidate_cache(actor)
    return Deletion(user.id, job_id)


async def purge(db: Database, blobs: BlobStore, group_id: int, tables: Sequence[str], *, progress: Progress) -> None:
    """Remove a deleted group and all that was in it; one that is gone, or not deleted, is not touched. Safe to repeat.

    ``tables`` are those that :func:`app.upkeep.project_deletion.purge` empties.
    """
    async with db.read() as snap:
        projects = await group_removal.hidden_projects(snap, group_id)
    for done, project_id in enumerate(projects):

        async def report(_done: int, _total: int | None, done: int = done) -> None:
            await progress(done, len(projects))

        await project_deletion.purge(db, blobs, project_id, tables, progress=report)
    await progress(len(projects), len(projects))
    async with db.write() as tx:
        await group_removal.forget(tx, group_id)


async def _hide(tx: Tx, actor: Actor, group: Group, confirm: str | None) -> UUID:
    inside, projects = await group_changes.contents(tx, group)
    if (inside or projects) and confirm != group.full_path:
        raise Invalid(
            f"There are {inside} groups and {projects} projects in `{group.full_path}`; to delete it with everything "
            f"in it, confirm `{group.full_path}`.",
            field="confirm",
        )
    await webhooks.silence(tx, await group_changes.hide(tx, group))
    # The job belongs to no project: it outlives them all, and its requester may watch it.
    return await outbox.enqueue(tx, PurgeGroup(group.id), requested_by=actor.user_id)
