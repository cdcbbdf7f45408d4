"""What single files say of themselves, for features above; it leaves permissions to the caller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from app.db.database import Snapshot
from app.db.statements import Statement


class ToldByFile(NamedTuple):
    """A file that was inspected: whose it is, its path, format and facts (JSON)."""

    project_id: int
    root_id: UUID
    path: str
    format: str
    facts: str
    at: datetime

    @property
    def values(self) -> dict[str, Any]:
        """The facts."""
        read = orjson.loads(self.facts)
        return read if isinstance(read, dict) else {}


_TOLD = Statement(
    "artifacts.told_by_files",
    "What files say of themselves, each by its owner and path.",
    """
    SELECT a.project_id, a.root_id, a.path, a.format, a.facts::text AS facts, a.created_at AS at
    FROM unnest(:projects::bigint[], :roots::uuid[], :paths::text[]) AS w (project_id, root_id, path)
    JOIN artifacts a ON a.project_id = w.project_id AND a.root_id = w.root_id AND a.path = w.path
    WHERE a.facts IS NOT NULL AND a.format IS NOT NULL
    ORDER BY a.path
    """,
    row=ToldByFile,
)


async def by_files(snap: Snapshot, files: Sequence[tuple[int, UUID, str]]) -> list[ToldByFile]:
    """Read step: what files say (project, owner and path of each), in one statement; without those not inspected."""
    projects, roots, paths = ([file[part] for file in files] for part in range(3))
    return await _TOLD.fetch(snap, projects=projects, roots=roots, paths=paths)
