"""How large models are: the bytes of what the files of their versions hold.

Nothing is kept for it, so creating a version costs what it did. One statement reads, for each model, its versions, the
files below their folders and the bytes behind these from indexes; what other models hold is not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.access.token_rules import model_patterns
from app.artifacts.reads.totals import distinct_bytes_sql
from app.db.database import Database, Snapshot
from app.db.statements import Fragment, Statement
from app.registry.reads.loaders import ModelKey

_READS = GuardedReads(Permission.REGISTRY_READ, of_models=True)


class _Row(NamedTuple):
    position: int
    size: int


_FOLDERS = Fragment("""
    SELECT DISTINCT v.project_id, coalesce(v.logged_model_id, v.candidate_id) AS root_id, v.artifact_folder AS folder
    FROM models m JOIN model_versions v ON v.project_id = m.project_id AND v.model_id = m.id
    WHERE m.project_id = w.project AND m.id = w.model AND m.deleted_at IS NULL AND v.deleted_at IS NULL
      AND v.location = ''
      AND (CAST(:patterns AS text[]) IS NULL OR m.name LIKE ANY (CAST(:patterns AS text[])))
""")
"""Where the files of the versions of one model are."""
READ_SIZES = Statement(
    "registry.read_sizes",
    "The bytes that the files of the living versions of each model hold, equal contents once.",
    f"""
    SELECT w.position, s.size
    FROM unnest(CAST(:projects AS bigint[]), CAST(:models AS bigint[])) WITH ORDINALITY AS w (project, model, position)
    CROSS JOIN LATERAL ({distinct_bytes_sql(_FOLDERS)}) AS s (size)
    ORDER BY w.position
    """,  # noqa: S608 - of constants
    row=_Row,
)


async def of_models(db: Database, actor: Actor, keys: Sequence[ModelKey]) -> Results[int]:
    """The bytes of the distinct files of all versions of each model; versions in the trash do not count.

    Contents that several files share count once, files that are kept elsewhere not at all.
    """

    async def fetch(snap: Snapshot, allowed: list[ModelKey]) -> list[int]:
        rows = await READ_SIZES.fetch(
            snap,
            projects=[project for project, _ in allowed],
            models=[model for _, model in allowed],
            patterns=model_patterns.like(actor.model_patterns),
        )
        return [row.size for row in rows]

    return await _READS.read(db, actor, keys, fetch)
