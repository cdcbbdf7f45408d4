"""A deployment still runs. Those that say so at the same moment are written by one statement.

A row is written at most every few seconds, however often its process calls; no event tells of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database
from app.db.group_commit import GroupCommit
from app.db.statements import Statement
from app.lifecycle.deployments import deployments
from app.lifecycle.deployments.deployments import DeploymentNotFound
from app.lifecycle.deployments.tables import Deployment

DeploymentKey: TypeAlias = tuple[int, int]
MIN_INTERVAL = timedelta(seconds=5)
"""Heartbeats that follow the last one sooner are not written."""


# The rows are locked in the order of their keys, so that two processes do not wait for each other.
_BEAT = Statement(
    "deployments.heartbeat",
    "Note that deployments run: one row for each that is there, running or ended, as it is now.",
    """
    WITH beat AS MATERIALIZED (
        SELECT DISTINCT beat.project_id, beat.id
        FROM unnest(:projects::bigint[], :ids::bigint[]) AS beat (project_id, id)
    ), due AS MATERIALIZED (
        SELECT d.project_id, d.id FROM deployments d JOIN beat ON (d.project_id, d.id) = (beat.project_id, beat.id)
        WHERE d.ended_at IS NULL AND (d.heartbeat_at < now() - :interval::interval OR d.silent_at IS NOT NULL)
        ORDER BY d.project_id, d.id FOR NO KEY UPDATE OF d
    ), written AS (
        UPDATE deployments d SET heartbeat_at = now(), silent_at = NULL FROM due
        WHERE (d.project_id, d.id) = (due.project_id, due.id) AND d.ended_at IS NULL
        RETURNING d.project_id, d.id
    )
    SELECT d.*, written.id IS NOT NULL AS is_written, now() AS moment
    FROM beat JOIN deployments d ON (d.project_id, d.id) = (beat.project_id, beat.id)
    LEFT JOIN written ON (d.project_id, d.id) = (written.project_id, written.id)
    """,
)


async def beat(db: Database, actor: Actor, project_id: int, deployment_id: int) -> Deployment:
    """Note that a deployment runs; the deployment as it is now.

    One that has ended stays so: its row says why, and a process that goes on registers anew.

    Raises:
        DeploymentNotFound: there is none, or it may not be seen.
        Forbidden: the actor is not at least reporter.
    """
    access = await projects.get(db, actor, project_id)
    policy.require(actor, access, Permission.DEPLOYMENT_WRITE, of_models=True)
    if actor.model_patterns is not None:
        async with db.read() as snap:
            await deployments.find(snap, actor, access.id, deployment_id)
    row = await _beat(db, (access.id, deployment_id))
    if row is None:
        raise DeploymentNotFound
    return row


async def _beat_all(db: Database, beats: Sequence[DeploymentKey]) -> list[Deployment | None]:
    async with db.committing(grows=False) as connection:
        rows = await _BEAT.fetch(
            connection,
            projects=[project_id for project_id, _ in beats],
            ids=[id for _, id in beats],
            interval=MIN_INTERVAL,
        )
    rows_by_key = {(row["project_id"], row["id"]): _deployment(row) for row in rows}
    return [rows_by_key.get(one) for one in beats]


def _deployment(row: Mapping[str, Any]) -> Deployment:
    values = dict(row)
    moment = values.pop("moment")
    if values.pop("is_written"):
        values |= {"heartbeat_at": moment, "silent_at": None}
    return Deployment(**values)


_beat: GroupCommit[DeploymentKey, Deployment | None] = GroupCommit(_beat_all, most=500)
