"""Links between CI jobs and what they produced, made in the transaction that tells of them.

A link never fails the request that brings it: whatever a tag says, it is stored, and what is wrong with it is the
visible reason of a failed link.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access.policy import Actor
from app.ci.background_jobs import FollowCiJob
from app.ci.client import PROVIDERS
from app.ci.providers import protocol
from app.ci.tables import CandidateCiJob, CiJob, CiSettings, VersionCiJob
from app.db.database import Tx
from app.errors import Unavailable
from app.ids import uuid7
from app.queue import outbox
from app.text import quoted

GITLAB_JOB, GITHUB_RUN = "gitlab.CI_JOB_ID", "github.RUN_ID"
GITLAB_PROJECTS = ("gitlab.CI_PROJECT_PATH", "gitlab.CI_PROJECT_ID")
GITHUB_REPOSITORY = "github.REPOSITORY"
TAGS = frozenset({GITLAB_JOB, GITHUB_RUN, GITHUB_REPOSITORY, *GITLAB_PROJECTS})
"""Tags of candidates and model versions that say which CI job made them."""
_MAX_ID = 100
"""Characters of a text that is no id which are kept to show it."""
_MAX_PROJECT = 300
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Owner:
    """What a CI job produced: a candidate or a model version."""

    project_id: int
    candidate_id: UUID | None = None
    version_id: int | None = None


@dataclass(frozen=True, slots=True)
class JobReference:
    """A CI job that tags or a token name; ``ci_projects`` are the CI projects that were named with it."""

    provider: str
    external_id: str
    ci_projects: Sequence[str] = ()


def names_ci_job(tags: Iterable[str]) -> bool:
    """Whether one of the tags says something of a CI job."""
    return not TAGS.isdisjoint(tags)


def references(tags: Mapping[str, str], actor: Actor | None = None) -> list[JobReference]:
    """The CI jobs that the tags name, and the one whose identity the actor's token was given for."""
    jobs = []
    if GITLAB_JOB in tags:
        jobs.append(JobReference("gitlab", tags[GITLAB_JOB], [tags[key] for key in GITLAB_PROJECTS if tags.get(key)]))
    if GITHUB_RUN in tags:
        named = tags.get(GITHUB_REPOSITORY)
        jobs.append(JobReference("github", tags[GITHUB_RUN], [named] if named else []))
    if actor is not None and actor.ci_job is not None:
        provider, _, external_id = actor.ci_job.partition(":")
        if external_id not in {claim.external_id for claim in jobs if claim.provider == provider}:
            jobs.append(JobReference(provider, external_id))
    return jobs


async def ensure(tx: Tx, project_id: int, wanted: Sequence[JobReference]) -> list[UUID]:
    """Step: the rows of the claimed CI jobs, made where there are none and held against removal; new ones are followed.

    Costs nothing without claims.
    """
    if not wanted:
        return []
    settings = await tx.scalar(select(CiSettings).where(CiSettings.project_id == project_id))
    rows = [_row(project_id, settings, claim) for claim in wanted]
    # In one order, so that two transactions with the same claims wait for each other and not in a circle.
    rows.sort(key=lambda row: (row["provider"], row["ci_project"], row["external_id"]))
    return [await _hold(tx, row) for row in rows]


async def attach(tx: Tx, owner: Owner, ci_job_ids: Sequence[UUID], *, by: int | None) -> None:
    """Step: link the owner, whom the caller holds, to CI jobs from :func:`ensure`; links that exist stay."""
    if not ci_job_ids:
        return
    table, key = _table(owner)
    rows = [{"project_id": owner.project_id, **key, "ci_job_id": id, "linked_by": by} for id in ci_job_ids]
    await tx.execute(upsert(table).values(rows).on_conflict_do_nothing())


async def follow_tags(tx: Tx, owner: Owner, tags: Mapping[str, str], *, by: int | None) -> None:
    """Step: link the owner to the CI jobs that all of its tags together name.

    A CI project that is named later than the job decides which job was meant.
    """
    wanted = references(tags)
    ids = await ensure(tx, owner.project_id, wanted)
    await attach(tx, owner, ids, by=by)
    if wanted:
        await _drop_misread(tx, owner, wanted, ids)


async def detach(tx: Tx, owner: Owner, ci_job_id: UUID) -> bool:
    """Step: end a link; False: there was none."""
    return bool(await _detach(tx, owner, [ci_job_id]))


async def forget_candidates(tx: Tx, project_id: int, ids: Sequence[UUID]) -> None:
    """Step: end all links of candidates that are being removed."""
    mine = (CandidateCiJob.project_id == project_id, CandidateCiJob.candidate_id == func.any(list(ids)))
    gone = await tx.scalars(_delete(CandidateCiJob).where(*mine).returning(CandidateCiJob.ci_job_id))
    await _drop_unlinked(tx, project_id, set(gone))


async def forget_versions(tx: Tx, project_id: int, ids: Sequence[int]) -> None:
    """Step: end all links of model versions that are being removed."""
    mine = (VersionCiJob.project_id == project_id, VersionCiJob.version_id == func.any(list(ids)))
    gone = await tx.scalars(_delete(VersionCiJob).where(*mine).returning(VersionCiJob.ci_job_id))
    await _drop_unlinked(tx, project_id, set(gone))


def _row(project_id: int, settings: CiSettings | None, claim: JobReference) -> dict[str, Any]:
    row: dict[str, Any] = {"project_id": project_id, "provider": claim.provider, "external_id": claim.external_id}
    if not protocol.is_external_id(claim.external_id):
        reason = protocol.not_an_id(claim.external_id)
        return row | {
            "ci_project": "", "external_id": claim.external_id[:_MAX_ID], "link_state": "failed", "reason": reason,
        }  # fmt: skip
    foreign = claim.ci_projects[0][:_MAX_PROJECT] if claim.ci_projects else ""
    if settings is None or settings.provider != claim.provider:
        reason = f"The project has no CI settings for {PROVIDERS[claim.provider].title}."
        return row | {"ci_project": foreign, "awaits_settings": True, "reason": reason}
    strange = next((name for name in claim.ci_projects if _differs(name, settings.ci_project)), None)
    if strange is not None:
        reason = f"The tags name the CI project {quoted(strange)}, the CI settings another one."
        return row | {
            "ci_project": strange[:_MAX_PROJECT], "link_state": "failed", "awaits_settings": True, "reason": reason,
        }  # fmt: skip
    return row | {"ci_project": settings.ci_project, "next_check_at": func.now()}


def _differs(named: str, configured: str) -> bool:
    """Whether two names of CI projects cannot be of the same one; a number and a path cannot be compared."""
    comparable = named.isdecimal() == configured.isdecimal()
    return comparable and named.casefold() != configured.casefold()


async def _hold(tx: Tx, row: dict[str, Any]) -> UUID:
    key = ("project_id", "provider", "ci_project", "external_id")
    same = and_(*(getattr(CiJob, name) == row[name] for name in key))
    statement = upsert(CiJob).on_conflict_do_nothing(index_elements=list(key)).returning(CiJob.id)
    for _ in range(_ATTEMPTS):
        made = await tx.scalar(statement.values(id=uuid7(), **row))
        if made is not None:
            if row.get("link_state") != "failed":
                await outbox.enqueue(tx, FollowCiJob(row["project_id"], made), project_id=row["project_id"])
            return made
        # Shared with all who link to it at the same time; only its removal has to wait.
        jobs = await tx.scalar(select(CiJob.id).where(same).with_for_update(read=True, key_share=True))
        if jobs is not None:
            return jobs
    raise Unavailable("The CI job is just being removed; nothing was written, try again shortly.")


async def _drop_misread(tx: Tx, owner: Owner, wanted: Sequence[JobReference], kept: Sequence[UUID]) -> None:
    """End links to jobs of the same ids in the CI projects that were assumed before the tags named one."""
    table, key = _table(owner)
    named = [claim for claim in wanted if claim.ci_projects]
    if not named:
        return
    same_ids = select(CiJob.id).where(
        CiJob.project_id == owner.project_id,
        CiJob.provider.in_([claim.provider for claim in named]),
        CiJob.external_id.in_([claim.external_id for claim in named]),
        CiJob.id.not_in(list(kept)),
    )
    mine = [getattr(table, name) == value for name, value in key.items()]
    linked = select(table.ci_job_id).where(table.project_id == owner.project_id, *mine, table.ci_job_id.in_(same_ids))
    await _detach(tx, owner, list(await tx.scalars(linked)))


async def _detach(tx: Tx, owner: Owner, ids: Sequence[UUID]) -> list[UUID]:
    if not ids:
        return []
    table, key = _table(owner)
    mine = [getattr(table, name) == value for name, value in key.items()]
    statement = _delete(table).where(
        table.project_id == owner.project_id, *mine, table.ci_job_id == func.any(list(ids))
    )
    gone = list(await tx.scalars(statement.returning(table.ci_job_id)))
    await _drop_unlinked(tx, owner.project_id, set(gone))
    return gone


async def _drop_unlinked(tx: Tx, project_id: int, ids: set[UUID]) -> None:
    """Remove those of the jobs that nothing is linked to any more; locked first, so that no link can appear."""
    if not ids:
        return
    mine = (CiJob.project_id == project_id, CiJob.id == func.any(sorted(ids)))
    await tx.execute(select(CiJob.id).where(*mine).order_by(CiJob.id).with_for_update())
    linked = [
        select(table).where(table.project_id == project_id, table.ci_job_id == CiJob.id).exists()
        for table in (CandidateCiJob, VersionCiJob)
    ]
    await tx.execute(_delete(CiJob).where(*mine, *(~one for one in linked)))


def _table(owner: Owner) -> tuple[type[CandidateCiJob | VersionCiJob], dict[str, Any]]:
    if owner.candidate_id is not None:
        return CandidateCiJob, {"candidate_id": owner.candidate_id}
    return VersionCiJob, {"version_id": owner.version_id}


def _delete(table: type[CandidateCiJob | VersionCiJob | CiJob]) -> Any:
    return delete(table).execution_options(synchronize_session=False)
