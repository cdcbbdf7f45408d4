"""Webhook events of deployments; heartbeats are none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from app.db.database import Tx
from app.ids import GlobalId
from app.lifecycle.deployments.tables import Deployment
from app.webhooks import events
from app.webhooks.events import Event


async def started(tx: Tx, deployment: Deployment, previous: Deployment | None, actor: str) -> None:
    """Step: ``deployment.started``; ``previous_version`` is what ran under the same names until now, if anything."""
    data = _data(deployment) | {"previous_version": previous.version if previous else None, "actor": actor}
    await events.record(tx, deployment.project_id, [Event("deployment.started", data)])


async def ended(tx: Tx, deployments: Sequence[Deployment], actor: str | None) -> None:
    """Step: ``deployment.ended``; one that another version replaces has ``deployment.started`` of that one only."""
    for project_id, rows in _by_project(deployments):
        happened = [
            _data(row) | {"end": row.end_kind, "reason": row.end_reason or None, "actor": actor} for row in rows
        ]
        await events.record(tx, project_id, [Event("deployment.ended", data) for data in happened])


async def silent(tx: Tx, deployments: Sequence[Deployment]) -> None:
    """Step: ``deployment.silent``: no heartbeat has come for a while."""
    for project_id, rows in _by_project(deployments):
        happened = [_data(row) | {"last_heartbeat_at": row.heartbeat_at.isoformat()} for row in rows]
        await events.record(tx, project_id, [Event("deployment.silent", data) for data in happened])


def _by_project(deployments: Sequence[Deployment]) -> list[tuple[int, list[Deployment]]]:
    rows = sorted(deployments, key=lambda row: (row.project_id, row.id))
    return [(project_id, list(group)) for project_id, group in groupby(rows, key=lambda row: row.project_id)]


def _data(deployment: Deployment) -> dict[str, Any]:
    return {
        "id": str(GlobalId.of("Deployment", deployment.project_id, deployment.id)),
        "environment": deployment.environment,
        "endpoint": deployment.endpoint,
        "instance": deployment.instance or None,
        "name": deployment.model,
        "version": str(deployment.number),
        "semver": deployment.version,
        "follows": deployment.follows or None,
        "started_at": deployment.started_at.isoformat(),
    }
