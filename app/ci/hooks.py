"""Events that a CI system sends of its own accord.

An event says only that there is something to see: the job is then looked at through the API at once. So an event that
is old, repeated or out of order cannot bring back an older state, and a leaked secret can at most cause looks.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import func, select, update

from app.access import projects
from app.ci.background_jobs import FollowCiJob
from app.ci.client import HOOK_SECRET, CiClient
from app.ci.providers import json_values, protocol
from app.ci.tables import CiJob, CiSettings
from app.db.database import Database
from app.encryption import SecretUnreadable
from app.errors import Invalid, Unauthenticated
from app.queue import outbox

MAX_BODY = 1024 * 1024


class HookRefused(Unauthenticated):
    """The event does not prove that it comes from the project's CI system."""


async def receive_gitlab(db: Database, client: CiClient, project_id: int, token: str, body: bytes) -> bool:
    """A job event of GitLab, proved by ``X-Gitlab-Token``; whether a job is looked at because of it.

    Raises:
        HookRefused: unknown project or wrong token, all alike.
        Invalid: the body is not JSON.
    """
    settings, secret = await _trusted(db, client, project_id, "gitlab")
    matches = hmac.compare_digest(secret.encode(), token.encode("utf-8", "surrogateescape"))
    if settings is None or not matches:
        raise HookRefused
    event = _read(body)
    if event.get("object_kind") != "build":
        return False
    return await _enqueue_poll(db, settings, event.get("build_id"), ("pending", "linked"))


async def receive_github(db: Database, client: CiClient, project_id: int, signature: str, body: bytes) -> bool:
    """An event of GitHub, signed by ``X-Hub-Signature-256``; whether a run is looked at because of it.

    A run that has finished may be run again under the same id, so finished ones are looked at, too.

    Raises:
        HookRefused: unknown project or wrong signature, all alike.
        Invalid: the body is not JSON.
    """
    settings, secret = await _trusted(db, client, project_id, "github")
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    matches = hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogateescape"))
    if settings is None or not matches:
        raise HookRefused
    event = _read(body)
    repository = json_values.text(json_values.members(event.get("repository")).get("full_name")) or ""
    if repository.casefold() != settings.ci_project.casefold():
        return False
    run = json_values.members(event.get("workflow_run"))
    return await _enqueue_poll(db, settings, run.get("id"), ("pending", "linked", "finished"))


async def _trusted(db: Database, client: CiClient, project_id: int, provider: str) -> tuple[CiSettings | None, str]:
    """The project's settings and secret; None and some text where there are none, so that both take as long."""
    mine = (
        CiSettings.project_id == project_id,
        CiSettings.provider == provider,
        projects.is_living(CiSettings.project_id),
    )
    async with db.read() as snap:
        settings = await snap.scalar(select(CiSettings).where(*mine, CiSettings.sealed_hook_secret.is_not(None)))
    if settings is None or settings.sealed_hook_secret is None:
        return None, "no settings"
    try:
        return settings, client.decrypt(project_id, HOOK_SECRET, settings.sealed_hook_secret)
    except SecretUnreadable:
        return None, "unreadable secret"


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        return json_values.members(orjson.loads(body))
    except orjson.JSONDecodeError:
        raise Invalid("The body is not JSON; let the CI system send events as application/json.") from None


async def _enqueue_poll(db: Database, settings: CiSettings, id: object, states: tuple[str, ...]) -> bool:
    external_id = str(json_values.whole(id))
    if not protocol.is_external_id(external_id):
        return False
    statement = (
        update(CiJob)
        .where(
            CiJob.project_id == settings.project_id,
            CiJob.provider == settings.provider,
            CiJob.ci_project == settings.ci_project,
            CiJob.external_id == external_id,
            CiJob.link_state.in_(states),
            CiJob.awaits_settings.is_(False),
        )
        .values(next_check_at=func.now())
        .returning(CiJob.id)
    )
    async with db.write() as tx:
        job_id = await tx.scalar(statement)
        if job_id is not None:
            job = FollowCiJob(settings.project_id, job_id)
            await outbox.enqueue(tx, job, project_id=settings.project_id)
    return job_id is not None
