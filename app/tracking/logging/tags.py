"""Tags of candidates, as steps: set, remove, and follow those that name a candidate or its CI job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import func

from app.access.policy import Actor
from app.ci import job_links
from app.ci.job_links import Owner
from app.db.database import Snapshot, Tx
from app.db.statements import Statement
from app.text import normalized
from app.tracking import candidates
from app.tracking.candidates import NAME_TAG
from app.tracking.tables import Candidate


class Pair(NamedTuple):
    """A tag or param."""

    key: str
    value: str


UPSERT_TAGS = Statement(
    "tracking.upsert_tags",
    "Sets tags of a candidate; of two values of a key the last one stays.",
    """
    INSERT INTO candidate_tags AS old (project_id, candidate_id, key, value)
    SELECT :project::bigint, :candidate::uuid, pair.key, pair.value
    FROM unnest(:keys::text[], :values::text[]) AS pair (key, value)
    ON CONFLICT (project_id, candidate_id, key) DO UPDATE SET value = excluded.value,
        set_at = CASE WHEN old.value = excluded.value THEN old.set_at ELSE excluded.set_at END
    """,
)
DELETE_TAGS = Statement(
    "tracking.delete_tags",
    "Removes tags of a candidate and answers the keys of those that there were.",
    """
    DELETE FROM candidate_tags
    WHERE project_id = :project AND candidate_id = :candidate AND key = ANY (:keys::text[])
    RETURNING key
    """,
)
READ_TAGS = Statement(
    "tracking.read_tags",
    "Some tags of a candidate.",
    """
    SELECT key, value FROM candidate_tags
    WHERE project_id = :project AND candidate_id = :candidate AND key = ANY (:keys::text[])
    """,
    row=Pair,
)


async def set_tags(tx: Tx, candidate: Candidate, actor: Actor, tags: Mapping[str, str]) -> None:
    """Step: set tags of a candidate that is locked; rename it and link its CI job where a tag says so.

    Raises:
        Invalid: the tag that holds the name is no name.
    """
    await store(tx, candidate, tags)
    if name := tags.get(NAME_TAG):
        name = candidates.check_name(name)
        await candidates.change(tx, candidate.project_id, candidate.id, name=name, updated_at=func.now())
    await link_ci_jobs(tx, candidate, actor, tags)


async def store(tx: Tx, candidate: Candidate, tags: Mapping[str, str]) -> None:
    """Step: write tags and nothing else; one statement, or none."""
    if not tags:
        return
    if NAME_TAG in tags:
        tags = {**tags, NAME_TAG: normalized(tags[NAME_TAG])}
    # In key order, so that two batches with the same keys lock the rows in the same order.
    keys = sorted(tags)
    values = [tags[key] for key in keys]
    await UPSERT_TAGS.execute(tx, project=candidate.project_id, candidate=candidate.id, keys=keys, values=values)


async def remove(tx: Tx, candidate: Candidate, keys: Sequence[str]) -> set[str]:
    """Step: remove tags; answers the keys that there were."""
    if not keys:
        return set()
    rows = await DELETE_TAGS.fetch(tx, project=candidate.project_id, candidate=candidate.id, keys=list(keys))
    return {row["key"] for row in rows}


async def read(snap: Snapshot, candidate: Candidate, keys: Iterable[str]) -> dict[str, str]:
    """Read step: those of the tags that the candidate has."""
    rows = await READ_TAGS.fetch(snap, project=candidate.project_id, candidate=candidate.id, keys=sorted(keys))
    return dict(rows)


async def link_ci_jobs(tx: Tx, candidate: Candidate, actor: Actor, tags: Mapping[str, str]) -> None:
    """Step: link the CI job that tags name, if these do; some of them may have been set before."""
    if job_links.names_ci_job(tags):
        stored = await read(tx, candidate, job_links.TAGS)
        await job_links.follow_tags(tx, Owner(candidate.project_id, candidate.id), stored, by=actor.user_id)
