"""Every event of a registry, and the step that records it for each webhook that listens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from app.access import projects
from app.db.database import Snapshot, Tx
from app.db.statements import Fragment, Statement
from app.errors import Invalid
from app.queue import outbox
from app.text import quoted
from app.webhooks.background_jobs import DeliverWebhook

_NAMED = {"name": "example_model"}
_VERSION = {**_NAMED, "version": "1"}
_TAG = {"key": "example_key"}
_DETAILS = {"tags": {"example_key": "example_value"}, "description": "An example"}
_ALIAS = {"alias": "example_alias"}
_RUN = {"source": "models:/123", "run_id": "abcd1234abcd5678"}
_WHOLE = {
    "number": 1, "semver": "1.0.0", "id": "TW9kZWxWZXJzaW9u", "stage": "staging", "aliases": ["example_alias"],
    "state": "READY", "actor": "example_user",
}  # fmt: skip
_GONE = {"id": "TW9kZWw", "actor": "example_user"}
_FAILED = {"state": "FAILED", "state_reason": "`model.gguf`: The header is cut off."}
_QUARANTINED = {"state": "QUARANTINED", "state_reason": "`model.pkl`: Loading this file is dangerous."}
_DEPLOYMENT = {
    "id": "RGVwbG95bWVudA", "environment": "production", "endpoint": "fraud-scoring", "instance": None,
    "name": "example_model", "version": "1", "semver": "1.0.0", "follows": "stage:production",
    "started_at": "2026-01-01T00:00:00+00:00",
}  # fmt: skip
_WITHDRAWN = {"reason": "Wrong labels", "replacement": "1.0.1"}
_PROMOTION = {
    **_VERSION, "number": 1, "semver": "1.0.0", "model_version_id": "TW9kZWxWZXJzaW9u", "stage": "production",
    "id": "UHJvbW90aW9u", "actor": "example_user", "reason": "An example",
}  # fmt: skip
_PROMOTED = {
    **_PROMOTION, "from_stage": "staging", "holder": "0.9.0", "is_bypass": False, "bypass_reason": None,
    "failed_rules": [],
}  # fmt: skip
_REQUESTED = {**_PROMOTION, "id": "UHJvbW90aW9uUmVxdWVzdA", "requested_by": "example_user"}
_FAILED_RULE = {"name": "accuracy", "title": "accuracy is at least 0.9", "message": "0.87 is less than 0.9."}
_EXPERIMENT = {
    "id": "T25saW5lRXhwZXJpbWVudA", "experiment_name": "checkout", "kind": "ab",
    "arms": [{"arm": "new", **_VERSION, "semver": "1.0.0"}],
}  # fmt: skip
_STAGE = {
    "id": "U3RhZ2U", "name": "canary", "position": 3, "mlflow_name": None, "is_guarded": True, "seals": False,
    "actor": "example_user",
}  # fmt: skip
_RULE = {
    "kind": "stage", "pattern": "production", "least_role": "maintainer", "movers": "people", "approval_count": 1,
    "actor": "example_user",
}  # fmt: skip
EXAMPLES: dict[str, dict[str, Any]] = {
    "registered_model.created": {**_NAMED, **_DETAILS},
    "registered_model.deleted": {**_NAMED, **_DETAILS, **_GONE, "purge_at": "2026-01-31T00:00:00+00:00"},
    "registered_model.restored": {**_NAMED, **_DETAILS, **_GONE, "purge_at": None},
    "model_version.created": {**_VERSION, **_RUN, **_DETAILS, **_WHOLE},
    "model_version.updated": {**_VERSION, **_RUN, **_DETAILS, **_WHOLE},
    "model_version.deleted": {**_VERSION, **_RUN, **_DETAILS, **_WHOLE},
    "model_version.restored": {**_VERSION, **_RUN, **_DETAILS, **_WHOLE},
    "model_version.stage_changed": {**_VERSION, **_RUN, **_DETAILS, **_WHOLE, "from_stage": "none", "reason": "Better"},
    "model_version.files_ready": {**_VERSION, **_RUN, **_DETAILS, **_WHOLE},
    "model_version.failed": {**_VERSION, **_RUN, **_DETAILS, **_WHOLE, **_FAILED},
    "model_version.quarantined": {**_VERSION, **_RUN, **_DETAILS, **_WHOLE, **_QUARANTINED},
    "model_version.sealed": {**_VERSION, **_RUN, **_DETAILS, **_WHOLE, "digest": f"sha256:{64 * '0'}"},
    "model_version.yanked": {**_VERSION, **_RUN, **_DETAILS, **_WHOLE, **_WITHDRAWN},
    "model_version.unyanked": {**_VERSION, **_RUN, **_DETAILS, **_WHOLE, "reason": "Fixed in the data"},
    "model_version.deprecated": {**_VERSION, **_RUN, **_DETAILS, **_WHOLE, **_WITHDRAWN},
    "model_version.undeprecated": {**_VERSION, **_RUN, **_DETAILS, **_WHOLE, "reason": "Fixed in the data"},
    "model_version_tag.set": {**_VERSION, **_TAG, "value": "example_value"},
    "model_version_tag.deleted": {**_VERSION, **_TAG},
    "model_version_alias.created": {**_VERSION, **_ALIAS},
    "model_version_alias.deleted": {**_NAMED, **_ALIAS},
    "promotion.completed": _PROMOTED,
    "promotion.refused": {**_PROMOTED, "failed_rules": [_FAILED_RULE]},
    "promotion_request.opened": _REQUESTED,
    "promotion_request.approved": _REQUESTED,
    "promotion_request.approval_fell": {**_REQUESTED, "actor": "", "reason": "Changed since: the files."},
    "promotion_request.rejected": _REQUESTED,
    "promotion_request.withdrawn": _REQUESTED,
    "promotion_request.expired": {**_REQUESTED, "actor": "", "reason": None},
    "prompt.created": {**_NAMED, **_DETAILS},
    "prompt_version.created": {**_VERSION, "template": "Hello {{name}}!", **_DETAILS},
    "prompt_tag.set": {**_NAMED, **_TAG, "value": "example_value"},
    "prompt_tag.deleted": {**_NAMED, **_TAG},
    "prompt_version_tag.set": {**_VERSION, **_TAG, "value": "example_value"},
    "prompt_version_tag.deleted": {**_VERSION, **_TAG},
    "prompt_alias.created": {**_VERSION, **_ALIAS},
    "prompt_alias.deleted": {**_NAMED, **_ALIAS},
    "gate_set.changed": {
        "stage": "production", "number": 3, "note": "An example", "actor": "example_user",
        "gates": [{"name": "metric-threshold-1", "kind": "metric_threshold", "required": True}],
    },
    "stage.created": _STAGE,
    "stage.updated": _STAGE,
    "stage.retired": _STAGE,
    "protection.set": _RULE,
    "protection.deleted": _RULE,
    "token.expiring": {
        "id": "VG9rZW4", "token_name": "nightly", "expires_at": "2026-01-08T00:00:00+00:00", "username": "bot_0123",
        "service_account": None,
    },
    "deployment.started": {**_DEPLOYMENT, "previous_version": "0.9.0", "actor": "example_user"},
    "deployment.ended": {**_DEPLOYMENT, "end": "ended", "reason": None, "actor": "example_user"},
    "deployment.silent": {**_DEPLOYMENT, "last_heartbeat_at": "2026-01-01T00:05:00+00:00"},
    "audit_head.created": {"seq": 118, "hash": "91b48c7714b361dcbf75de5cc0d6c484c133a4272deb49da8e9a0b03f7b0f5b6"},
    "candidate.finished": {
        "run_id": "abcd1234abcd5678", "run_name": "example_run", "experiment_id": "1", "status": "FINISHED",
        "start_time": 1767225600000, "end_time": 1767229200000, "id": "Q2FuZGlkYXRl", "actor": "example_user",
    },
    "evaluation.created": {
        **_VERSION, "semver": "1.0.0", "id": "RXZhbHVhdGlvbg", "evaluation_name": "nightly", "dataset_name": "digits",
        "dataset_digest": "9f86d081", "metric_count": 2, "evaluation_source": "api", "replaces": False,
        "actor": "example_user",
    },
    "model_version_facts.stated": {
        **_VERSION, "semver": "1.0.0", "facts": ["source_commit"], "note": None, "actor": "example_user",
    },
    "online_experiment.created": {**_EXPERIMENT, "actor": "example_user"},
    "online_experiment.concluded": {
        **_EXPERIMENT, "conclusion": "More clicks.", "winner": "new", "actor": "example_user",
    },
}  # fmt: skip
"""Every event that can happen, ``entity.action``, with the data that a test sends.

Those that MLflow has too keep its data (MLflow REST: webhooks), with more beside them; all data names the ``project``.
"""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: ``entity.action``, and its data."""

    name: str
    data: Mapping[str, Any]


def check(name: str) -> str:
    """The event's name.

    Raises:
        Invalid: there is no such event.
    """
    if name not in EXAMPLES:
        raise Invalid(f"There is no event {quoted(name)}; events are {', '.join(EXAMPLES)}.", field="events")
    return name


def body(name: str, occurred_at: datetime, data: Mapping[str, Any]) -> bytes:
    """What is sent: entity, action, moment and data."""
    entity, _, action = name.partition(".")
    message = {"entity": entity, "action": action, "timestamp": occurred_at.isoformat(), "data": data}
    return orjson.dumps(message)


# The webhooks are locked against deletion until the commit; one that is being deleted is skipped.
_RECORD = Statement(
    "webhooks.record_events",
    "Promise events to every active webhook of the project that listens to them.",
    f"""
    WITH happened AS (
        SELECT one.value ->> 'name' AS name, one.value -> 'data' AS data
        FROM jsonb_array_elements(:events::jsonb) AS one
    ), listeners AS (
        SELECT w.project_id, w.id, happened.name, happened.data FROM webhooks AS w
        JOIN happened ON happened.name = ANY (w.events)
        WHERE w.project_id = :project AND w.status = 'active' FOR KEY SHARE OF w
    )
    INSERT INTO webhook_deliveries (project_id, id, webhook_id, event, data, next_attempt_at)
    SELECT h.project_id, gen_random_uuid(), h.id, h.name,
        h.data || jsonb_build_object('project', {projects.path_sql("h.project_id")}), now()
    FROM listeners AS h RETURNING id
    """,  # noqa: S608 - a fragment
)


def subscribed_events(project: str) -> Fragment:
    """SQL: the names of all events that an active webhook of the project listens to."""
    return Fragment(
        f"SELECT unnest(w.events) FROM webhooks w WHERE w.project_id = {project} AND w.status = 'active'"  # noqa: S608 - of constants
    )


_READ_LISTENING = Statement(
    "webhooks.read_listening_projects",
    "Projects with an active webhook that listens to an event.",
    "SELECT DISTINCT project_id FROM webhooks WHERE status = 'active' AND :event = ANY (events)",
)


async def listening_projects(snap: Snapshot, event: str) -> set[int]:
    """Read step: the projects that would have the event recorded, for what happens to many of them at once."""
    return {row["project_id"] for row in await _READ_LISTENING.fetch(snap, event=event)}


async def record(tx: Tx, project_id: int, events: Sequence[Event]) -> list[UUID]:
    """Step: enqueue each event to every active webhook that listens; ids of the deliveries.

    One statement whatever their number, and one more for the jobs when a webhook listens.
    """
    if not events:
        return []
    told = orjson.dumps([{"name": event.name, "data": dict(event.data)} for event in events]).decode()
    ids = [row["id"] for row in await _RECORD.fetch(tx, project=project_id, events=told)]
    await outbox.enqueue_all(tx, [DeliverWebhook(project_id, id) for id in ids], project_id=project_id)
    return ids
