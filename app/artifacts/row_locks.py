"""The rows of blobs are locked before those of files, all at once and in one order.

Storing, removing or judging a file needs both. A transaction that held a file and then asked for its blob would wait in
a circle with one that held the blob and asked for the file; so would two that replace each other's bytes. The order is
hash (:func:`app.artifacts.uploads.publish.register`), path, blob, file.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Select, func, select

from app.artifacts.artifacts import Root
from app.artifacts.tables import STORED, Artifact, Blob
from app.db.database import Tx
from app.db.statements import Statement

_PATHS = 64
"""Paths of a root share so many locks: a transaction may have a thousand of them, and the table of locks has an end."""


async def lock_blobs(tx: Tx, project_id: int, blobs: Select[UUID]) -> set[UUID]:
    """Step: before files are removed that have these blobs; those that are held.

    A file that has got other bytes by now is to be left alone: it came after the removal.
    """
    ids = set(await tx.scalars(blobs))
    if ids:
        await tx.execute(_of(project_id, ids).with_for_update())
    return ids


async def lock_stored(
    tx: Tx, root: Root, hashes: Collection[bytes | None], paths: Collection[str], *, refuses: bool = False
) -> Sequence[Blob]:
    """Step: before files of these paths get bytes of these hashes; the stored blobs of these hashes.

    Others who change these paths wait, so that the bytes that are replaced are known. All are held as tightly as any of
    them will be: two who hold one loosely and both tighten their hold wait for each other. ``refuses``: a verdict is
    going to refuse some.
    """
    project_id = root.project_id
    await LOCK_PATHS.fetch_value(tx, root=str(root.id), paths=list(paths))
    at_paths = (Artifact.project_id == project_id, Artifact.root_id == root.id, Artifact.path == func.any(list(paths)))
    leaving = set(await tx.scalars(select(Artifact.blob_id).where(*at_paths)))
    same = (Blob.project_id == project_id, Blob.sha256 == func.any(list(hashes)), Blob.state == STORED)
    arriving = set(await tx.scalars(select(Blob.id).where(*same))) if leaving else set()
    if leaving and (not arriving or len(leaving | arriving) > 1):
        statement = _of(project_id, leaving | arriving).with_for_update()
    else:  # no file loses its bytes
        statement = select(Blob).where(*same).order_by(Blob.id).with_for_update(read=not refuses, key_share=refuses)
    rows = await tx.scalars(statement, execution_options={"populate_existing": True})
    return [row for row in rows if row.sha256 in hashes and row.state == "stored"]


async def lock_states(tx: Tx, project_id: int, artifact_ids: Collection[UUID]) -> None:
    """Step: before states of files change that several owners may have, on which the states of versions hang.

    The triggers that derive those take the same locks, but in the order in which they come to the files.
    """
    await LOCK_STATES.fetch_value(tx, project=project_id, artifacts=list(artifact_ids))


LOCK_PATHS = Statement(
    "artifacts.lock_paths",
    "Take the locks of paths of a root until the commit, in one order.",
    f"""
    SELECT count(pg_advisory_xact_lock(key)) FROM (
        SELECT DISTINCT hashtextextended(:root || ':' || (hashtext(path) & {_PATHS - 1}), 25) AS key
        FROM unnest(:paths::text[]) AS path ORDER BY key
    ) AS each
    """,  # noqa: S608 - put together from constants
)
LOCK_STATES = Statement(
    "artifacts.lock_states",
    "Take the locks of the versions' states that hang on files until the commit, in one order.",
    """
    SELECT count(pg_advisory_xact_lock(key)) FROM (
        SELECT DISTINCT version_files_lock(root_id) AS key FROM artifacts
        WHERE project_id = :project AND id = ANY (:artifacts::uuid[]) ORDER BY key
    ) AS each
    """,
)


def _of(project_id: int, ids: Collection[UUID]) -> Select[Blob]:
    return select(Blob).where(Blob.project_id == project_id, Blob.id == func.any(list(ids))).order_by(Blob.id)
