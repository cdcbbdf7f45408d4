"""Versions as steps of a lineage: which of them a caller may see, and which were made from a data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from app.access.policy import Actor
from app.access.token_rules import model_patterns
from app.db.database import Snapshot
from app.db.statements import Statement
from app.tracking.reads.datasets import USERS_OF_DATASET


class VersionOrigin(NamedTuple):
    """A version by its key, and the candidate that it was made from."""

    project_id: int
    id: int
    candidate_id: UUID


_LIVING = Statement(
    "registry.living_versions",
    "Those versions that live, of models that the caller's token reaches, with their candidates.",
    """
    SELECT v.project_id, v.id, v.candidate_id
    FROM (SELECT DISTINCT * FROM unnest(:projects::bigint[], :ids::bigint[]) AS given (project_id, id)) AS one
    JOIN model_versions v ON v.project_id = one.project_id AND v.id = one.id
    JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id
    WHERE v.deleted_at IS NULL AND m.deleted_at IS NULL AND (:patterns::text[] IS NULL OR m.name LIKE ANY (:patterns))
    """,
    row=VersionOrigin,
)
_OF_DATASET = Statement(
    "registry.versions_of_dataset",
    "The living versions that were made from candidates which read a data set.",
    f"""
    SELECT v.project_id, v.id, v.candidate_id
    FROM ({USERS_OF_DATASET}) AS reader
    JOIN model_versions v ON v.project_id = :project AND v.candidate_id = reader.candidate_id
    JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id
    WHERE v.deleted_at IS NULL AND m.deleted_at IS NULL AND (:patterns::text[] IS NULL OR m.name LIKE ANY (:patterns))
    ORDER BY v.id LIMIT :limit
    """,  # noqa: S608 - a fragment
    row=VersionOrigin,
)


async def living(snap: Snapshot, actor: Actor, keys: Sequence[tuple[int, int]]) -> list[VersionOrigin]:
    """Read step: those of the versions that live and that the actor's token reaches, in projects that it may read."""
    projects = [project_id for project_id, _ in keys]
    patterns = model_patterns.like(actor.model_patterns)
    return await _LIVING.fetch(snap, projects=projects, ids=[id for _, id in keys], patterns=patterns)


async def of_dataset(
    snap: Snapshot, actor: Actor, project_id: int, name: str, digest: str | None, limit: int
) -> list[VersionOrigin]:
    """Read step: the versions of a project that were made from candidates which read a data set; ``limit`` at most."""
    patterns = model_patterns.like(actor.model_patterns)
    return await _OF_DATASET.fetch(snap, project=project_id, name=name, digest=digest, patterns=patterns, limit=limit)
