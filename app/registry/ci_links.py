"""Links between model versions and the CI jobs that produced them, made and ended by hand."""

from __future__ import annotations

from uuid import UUID

from app.access.policy import Actor
from app.ci import job_links, jobs
from app.ci.client import provider_of
from app.ci.job_links import JobReference, Owner
from app.ci.jobs import CiJobNotFound, VisibleJob
from app.ci.providers import protocol
from app.db.database import Database
from app.db.statements import Fragment
from app.registry.references.resolve import Target
from app.registry.repository import writable
from app.registry.versions import lookup


async def link(
    db: Database, actor: Actor, project: int | str, target: Target, provider: str, external_id: str
) -> VisibleJob:
    """Link a version to a CI job of the project's CI settings; without those the link waits for them.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        Invalid: no such provider, or no id of a job.
    """
    claim = JobReference(provider_of(provider).name, protocol.check_external_id(external_id))
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        _, version = await lookup.find(tx, actor, access.id, target)
        await lookup.lock_against_deletion(tx, version)
        ids = await job_links.ensure(tx, access.id, [claim])
        await job_links.attach(tx, Owner(access.id, version_id=version.id), ids, by=actor.user_id)
        return jobs.seen(access, await jobs.find(tx, access.id, ids[0]))


async def unlink(db: Database, actor: Actor, project: int | str, target: Target, ci_job_id: UUID) -> None:
    """End a link; its tag, if it came by one, stays, and so do links of the version's candidate.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        CiJobNotFound: the version itself is not linked to that job.
    """
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        _, version = await lookup.find(tx, actor, access.id, target)
        if not await job_links.detach(tx, Owner(access.id, version_id=version.id), ci_job_id):
            raise CiJobNotFound("The model version itself is not linked to that CI job.", field="id")


def living_sql(project: str, version: str) -> Fragment:
    """SQL: whether the model version of these two columns exists and is not deleted."""
    return Fragment(
        f"EXISTS (SELECT FROM model_versions v WHERE v.project_id = {project} AND v.id = {version}"
        " AND v.deleted_at IS NULL)"
    )
