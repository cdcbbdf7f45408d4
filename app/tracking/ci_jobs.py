"""Links between candidates and the CI jobs that produced them, made and ended by hand."""

from __future__ import annotations

from uuid import UUID

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.ci import job_links, jobs
from app.ci.client import provider_of
from app.ci.job_links import JobReference, Owner
from app.ci.jobs import CiJobNotFound, VisibleJob
from app.ci.providers import protocol
from app.db.database import Database
from app.db.statements import Fragment
from app.tracking import candidates


async def link(
    db: Database, actor: Actor, project: int | str, candidate_id: UUID, provider: str, external_id: str
) -> VisibleJob:
    """Link a candidate to a CI job of the project's CI settings; without those the link waits for them.

    Raises:
        CandidateNotFound, CandidateInTrash: there is no living candidate.
        Invalid: no such provider, or no id of a job.
    """
    claim = JobReference(provider_of(provider).name, protocol.check_external_id(external_id))
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        await candidates.lock_living(tx, access.id, candidate_id)
        ids = await job_links.ensure(tx, access.id, [claim])
        await job_links.attach(tx, Owner(access.id, candidate_id), ids, by=actor.user_id)
        return jobs.seen(access, await jobs.find(tx, access.id, ids[0]))


async def unlink(db: Database, actor: Actor, project: int | str, candidate_id: UUID, ci_job_id: UUID) -> None:
    """End a link; its tag, if it came by one, stays.

    Raises:
        CandidateNotFound, CandidateInTrash: there is no living candidate.
        CiJobNotFound: the candidate is not linked to that job.
    """
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        await candidates.lock_living(tx, access.id, candidate_id)
        if not await job_links.detach(tx, Owner(access.id, candidate_id), ci_job_id):
            raise CiJobNotFound("The candidate is not linked to that CI job.", field="id")


def living_sql(project: str, candidate: str) -> Fragment:
    """SQL: whether the candidate of these two columns exists and is not about to be purged."""
    return Fragment(
        f"EXISTS (SELECT FROM candidates c WHERE c.project_id = {project} AND c.id = {candidate}"
        " AND c.purge_at IS NULL)"
    )
