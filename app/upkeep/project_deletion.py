"""Deletes a project: hidden in one transaction, then removed by a worker from all tables and from the store.

The purge goes through the tables of the schema that have a project, so one that is added later is emptied, too. Every
batch is a transaction of its own, which leaves less to do; killed anywhere, the next run goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from uuid import UUID

from app.access import access_log, policy, projects
from app.access.access_log import Action
from app.access.policy import Actor, Permission
from app.artifacts import stored_bytes
from app.artifacts.stored_bytes import Kind
from app.artifacts.upkeep import garbage
from app.artifacts.uploads import multipart
from app.db.database import Database
from app.db.statements import AnyRow, Statement
from app.errors import Conflict, Invalid
from app.queue import outbox
from app.queue.jobs import Job, job
from app.storage.blobs import BlobStore
from app.webhooks import webhooks

Progress = Callable[[int, int | None], Awaitable[None]]

BATCH = 10_000
"""Rows in one transaction."""
BLOBS_AT_ONCE = 1_000
_PASSES = 5


@job("access.purge_project", concurrency=1)
class PurgeProject(Job):
    """Remove a deleted project with everything in it."""

    project_id: int


async def delete(db: Database, actor: Actor, project: int | str, confirm: str) -> UUID:
    """Delete a project with everything in it, for good. Answers the id of the background job.

    At once no caller sees it any more, its path is free, its tokens are refused and its webhooks are silent.

    Raises:
        Forbidden: the actor is not owner.
        Invalid: ``confirm`` is not the full path of the project.
    """
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.PROJECT_DELETE)
        path = access.project.full_path
        if confirm != path:
            raise Invalid(
                f"To delete the project `{path}` with everything in it, confirm its full path.", field="confirm"
            )
        await projects.hide(tx, access.id)
        await webhooks.silence(tx, [access.id])
        group_id = access.project.group_id
        await access_log.record(
            tx, Action.PROJECT_DELETE, actor=actor, group_id=group_id, project_id=access.id, path=path
        )
        # The job belongs to no project: it outlives this one, and its requester may watch it.
        job_id = await outbox.enqueue(tx, PurgeProject(access.id), requested_by=actor.user_id)
    policy.invalidate_cache(actor)
    return job_id


async def purge(db: Database, blobs: BlobStore, project_id: int, tables: Sequence[str], *, progress: Progress) -> None:
    """Remove a deleted project from its ``tables``; one that is gone, or not deleted, is not touched. Safe to repeat.

    Requests that began before the deletion may still write for some seconds: the next pass removes what they leave.
    """
    for left in reversed(range(_PASSES)):
        async with db.read() as snap:
            if not await projects.is_hidden(snap, project_id):
                return
        await multipart.end_all(db, blobs, project_id)
        try:
            await _empty(db, project_id, tables, progress)
            async with db.write() as tx:
                await stored_bytes.end_limit(tx, Kind.PROJECT, project_id)
                await projects.forget(tx, project_id)
        except Conflict:  # a row arrived meanwhile that refers to one that was about to be removed
            if not left:
                raise


async def _empty(db: Database, project_id: int, tables: Sequence[str], progress: Progress) -> None:
    tables = sorted(tables, key=lambda name: name != "background_jobs")  # no worker fills what another empties
    for done, table in enumerate(tables):
        await progress(done, len(tables))
        size = BLOBS_AT_ONCE if table == "blobs" else BATCH
        removed = size
        while removed == size:
            removed = await _remove(db, table, project_id, size)
            await progress(done, len(tables))
    await progress(len(tables), len(tables))


async def _remove(db: Database, table: str, project_id: int, limit: int) -> int:
    """The number of rows removed, ``limit`` at most."""
    async with db.write() as tx:
        if table == "blobs":
            return await garbage.release_project(tx, project_id, limit)
        return await _remove_rows(table).execute(tx, project=project_id, limit=limit)


@cache
def _remove_rows(table: str) -> Statement[AnyRow]:
    return Statement(
        f"upkeep.remove_{table}",
        "Remove some rows of a deleted project.",
        f"""
        DELETE FROM {table}
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE project_id = :project LIMIT :limit))
        """,  # noqa: S608 - names of our tables
    )
