"""The rows of blobs are locked before those of files, all at once and in one order.

Storing, removing or judging a file needs both. A transaction that held a file and then asked for its blob would wait in
a circle with one that held the blob and asked for the file; so would two that replace each other's bytes. The order is
hash (:func:`app.artifacts.uploads.publish.register`), path, blob, file.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Select, Text, Uuid, bindparam, func, select, text

from app.artifacts.artifacts import Root
from app.artifacts.tables import STORED, Artifact, Blob
from app.db.database import Tx

_PATHS = 64
"""Paths of a root share so many locks: a transaction may have a thousand of them, and the table of locks has an end."""


async def lock_blobs(tx: Tx, project_id: int, blobs: Select[UUID]) -> set[UUID]:
    """Step: before files are removed that have these blobs; those that are held.

    A file that has got other bytes by now is to be left alone: it came after the removal.
    """
    found = set(await tx.scalars(blobs))
    if found:
        await tx.execute(_of(project_id, found).with_for_update())
    return found


async def lock_stored(
    tx: Tx, root: Root, hashes: Collection[bytes | None], paths: Collection[str], *, refuses: bool = False
) -> Sequence[Blob]:
    """Step: before files of these paths get bytes of these hashes; the stored blobs of these hashes.

    Others who change these paths wait, so that the bytes that are replaced are known. All are held as tightly as any of
    them will be: two who hold one loosely and both tighten their hold wait for each other. ``refuses``: a verdict is
    going to refuse some.
    """
    project_id = root.project_id
    await tx.execute(_HOLD_PATHS, {"root": str(root.id), "paths": list(paths)})
    at_paths = (Artifact.project_id == project_id, Artifact.root_id == root.id, Artifact.path == func.any(list(paths)))
    going = set(await tx.scalars(select(Artifact.blob_id).where(*at_paths)))
    same = (Blob.project_id == project_id, Blob.sha256 == func.any(list(hashes)), Blob.state == STORED)
    coming = set(await tx.scalars(select(Blob.id).where(*same))) if going else set()
    if going and (not coming or len(going | coming) > 1):
        statement = _of(project_id, going | coming).with_for_update()
    else:  # no file loses its bytes
        statement = select(Blob).where(*same).order_by(Blob.id).with_for_update(read=not refuses, key_share=refuses)
    rows = await tx.scalars(statement, execution_options={"populate_existing": True})
    return [row for row in rows if row.sha256 in hashes and row.state == "stored"]


async def lock_states(tx: Tx, project_id: int, artifact_ids: Collection[UUID]) -> None:
    """Step: before states of files change that several owners may have, on which the states of versions hang.

    The triggers that derive those take the same locks, but in the order in which they come to the files.
    """
    await tx.execute(_HOLD_STATES, {"of_project": project_id, "ids": list(artifact_ids)})


_HOLD_PATHS = text(f"""
    SELECT count(pg_advisory_xact_lock(key)) FROM (
        SELECT DISTINCT hashtextextended(:root || ':' || (hashtext(path) & {_PATHS - 1}), 25) AS key
        FROM unnest(:paths) AS path ORDER BY key
    ) AS each
""").bindparams(bindparam("root", type_=Text), bindparam("paths", type_=ARRAY(Text)))  # noqa: S608 - of constants
_HOLD_STATES = text("""
    SELECT count(pg_advisory_xact_lock(key)) FROM (
        SELECT DISTINCT version_files_lock(root_id) AS key FROM artifacts
        WHERE project_id = :of_project AND id = ANY (:ids) ORDER BY key
    ) AS each
""").bindparams(bindparam("of_project", type_=BigInteger), bindparam("ids", type_=ARRAY(Uuid)))


def _of(project_id: int, ids: Collection[UUID]) -> Select[Blob]:
    return select(Blob).where(Blob.project_id == project_id, Blob.id == func.any(list(ids))).order_by(Blob.id)
