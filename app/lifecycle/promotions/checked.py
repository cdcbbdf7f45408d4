"""What a decision was made upon: approvals and verdicts hold for exactly this, and fall when it changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from app.artifacts.reads import folder_facts
from app.artifacts.reads.folder_facts import FolderFacts
from app.db.database import Snapshot
from app.db.statements import Statement
from app.lifecycle.gates import sets
from app.registry.stages import holders
from app.registry.stages.definitions import Stage
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion
from app.tracking.reads import metric_digests

_CHANGED = {
    "files": "the files of the version",
    "metrics": "the metrics of its candidate",
    "evaluations": "its evaluations",
    "gates": "the gates of the stage",
    "holder": "the version that the stage stands for",
}

_EVALUATIONS = Statement(
    "promotions.read_evaluations",
    "What stands for the evaluations of a version and the conclusions of its online experiments; NULL: it has none.",
    """
    SELECT string_agg(one.part, ' ' ORDER BY one.part) FROM (
        SELECT 'evaluations ' || count(*) || ':' || max(e.id) AS part FROM evaluations e
        WHERE e.project_id = :project AND e.version_id = :version HAVING count(*) > 0
        UNION ALL
        SELECT 'online ' || o.id || ':' || o.concluded_at::text FROM online_arms a JOIN online_experiments o
            ON o.project_id = a.project_id AND o.id = a.experiment_id
        WHERE a.project_id = :project AND a.version_id = :version AND o.concluded_at IS NOT NULL
    ) AS one
    """,
)
# Evaluations are only ever added, so their number and the last one say it all. Points of an experiment that goes on
# come by the minute, and would let no approval stand: only its conclusion counts.


@dataclass(frozen=True, slots=True)
class Checked:
    """Digests of files, metrics and evaluations of a version, the gates' version, and the number that the stage holds.

    ``gates`` and ``holder`` are 0 where there is none.
    """

    files: str = ""
    metrics: str = ""
    evaluations: str = ""
    gates: int = 0
    holder: int = 0

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Checked:
        """What was kept."""
        return cls(**{name: stored[name] for name in _CHANGED if name in stored})

    def as_json(self) -> dict[str, Any]:
        """What is kept."""
        return asdict(self)

    @property
    def digest(self) -> str:
        """All of it in one text, by which a person says what they looked at."""
        return hashlib.sha256(orjson.dumps(self.as_json(), option=orjson.OPT_SORT_KEYS)).hexdigest()

    def changes_since(self, before: Checked) -> str:
        """What has changed, in words; empty: nothing."""
        names = [words for name, words in _CHANGED.items() if getattr(self, name) != getattr(before, name)]
        return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


async def of_version(
    snap: Snapshot,
    version: ModelVersion,
    stage: Stage,
    *,
    files: FolderFacts | None = None,
    holder: int | None = None,
) -> Checked:
    """Read step: what there is now, in a fixed number of statements; ``files`` and ``holder`` where they were read."""
    facts = files or await files_of(snap, version)
    metrics = await metric_digests.of_owner(snap, version.project_id, version.candidate_id, version.logged_model_id)
    return Checked(
        files=_files_digest(version, facts),
        metrics=metrics.hex() if metrics else "",
        evaluations=await _EVALUATIONS.fetch_value(snap, project=version.project_id, version=version.id) or "",
        gates=await sets.current_version(snap, version.project_id, stage.id),
        holder=await holder_of(snap, version, stage) if holder is None else holder,
    )


async def holder_of(snap: Snapshot, version: ModelVersion, stage: Stage) -> int:
    """Read step: the number of the version that a stage of the model stands for; 0: for none."""
    holder = await holders.of_stage(snap, version.project_id, version.model_id, stage)
    return holder.number if holder else 0


async def files_of(snap: Snapshot, version: ModelVersion) -> FolderFacts:
    """Read step: what there is below the folder of a version."""
    root, folder = lookup.root_of(version)
    return await folder_facts.of_folder(snap, root, folder)


def _files_digest(version: ModelVersion, facts: FolderFacts) -> str:
    if version.location:
        return hashlib.sha256(f"location\t{version.location}".encode()).hexdigest()
    return facts.manifest.hex() if facts.manifest else ""
