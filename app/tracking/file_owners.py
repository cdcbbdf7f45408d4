"""Candidates and logged models as owners of files, locked against deletion while their files change."""

from __future__ import annotations

from app.artifacts.artifacts import LockOwner, Root
from app.db.database import Tx
from app.db.statements import Fragment
from app.tracking import candidates, logged_models, version_candidates


def lock(root: Root) -> LockOwner:
    """The step that locks the candidate or logged model of a root; it raises when that is not alive."""

    async def step(tx: Tx) -> object:
        if root.logged_model_id is not None:
            return await logged_models.lock_living(tx, root.project_id, root.logged_model_id)
        return await candidates.lock_living(tx, root.project_id, root.id)

    return step


async def lock_exclusively(tx: Tx, root: Root) -> None:
    """Step: hold the candidate or logged model of a root against all who change its files, also in the trash."""
    if root.logged_model_id is not None:
        await logged_models.lock_exclusively(tx, root.project_id, root.logged_model_id)
    else:
        await version_candidates.lock_of_version(tx, root.project_id, root.id)


def described_sql(artifact: str) -> Fragment:
    """SQL: joins ``owner``, what an administrator is told of the candidate or logged model of an artifact."""
    return Fragment(f"""
        LEFT JOIN LATERAL (
            SELECT c.id AS candidate, c.name, e.name AS experiment, l.id AS logged_model,
                   coalesce(c.purge_at, l.purge_at) <= now() AS condemned,
                   coalesce(c.deleted_at, l.deleted_at) IS NOT NULL OR coalesce(c.purge_at, l.purge_at) > now()
                       AS in_trash
            FROM (VALUES (1)) AS always
            LEFT JOIN candidates c ON c.project_id = {artifact}.project_id AND c.id = {artifact}.candidate_id
            LEFT JOIN experiments e ON e.project_id = c.project_id AND e.number = c.experiment_number
            LEFT JOIN logged_models l ON l.project_id = {artifact}.project_id AND l.id = {artifact}.logged_model_id
        ) AS owner ON true
    """)  # noqa: S608 - the name of a table in a constant
