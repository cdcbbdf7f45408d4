"""Reads all that is told of versions for judging them: a fixed number of statements, however many versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.artifacts.reads import totals
from app.artifacts.reads.totals import FolderTotals
from app.db.database import Snapshot
from app.lifecycle import signatures
from app.lifecycle.gates.rules.subject import Evidence, Fact, Figure, Files
from app.registry.models import Model
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion
from app.tracking.candidates import Status
from app.tracking.reads import subjects
from app.tracking.reads.subjects import JudgedCandidate


async def of_versions(snap: Snapshot, model: Model, versions: Sequence[ModelVersion]) -> dict[int, Evidence]:
    """Read step: what is told of versions of one model, by their ids. Permissions are the caller's to ask."""
    if not versions:
        return {}
    folders = [(root.id, folder) for root, folder in map(lookup.root_of, versions)]
    files = await totals.of_folders(snap, model.project_id, folders)
    candidates = await subjects.of_candidates(snap, model.project_id, sorted({each.candidate_id for each in versions}))
    return {
        version.id: _evidence(model, version, candidates[version.candidate_id], _files(total))
        for version, total in zip(versions, files, strict=True)
    }


def _evidence(model: Model, version: ModelVersion, candidate: JudgedCandidate, files: Files) -> Evidence:
    facts: Mapping[str, Fact] = {}
    figures: Sequence[Figure] = ()
    stages: Mapping[str, datetime] = {}
    return Evidence(
        id=version.id,
        version=version.version,
        number=version.number,
        state=version.state,
        created_at=version.created_at,
        created_by=version.created_by,
        description=version.description,
        tags=version.tags,
        model_name=model.name,
        model_tags=model.tags,
        candidate_id=candidate.id,
        candidate={
            "id": candidate.id.hex,
            "name": candidate.name,
            "status": Status(candidate.status).name,
            "startTime": candidate.start_time,
            "endTime": candidate.end_time,
            "user": candidate.user_name,
            "tags": candidate.tags,
            "datasets": candidate.datasets,
        },
        candidate_created_by=candidate.created_by,
        params=candidate.params,
        figures=figures,
        files=files,
        facts=facts,
        stages=stages,
    )


def _files(total: FolderTotals) -> Files:
    return Files(
        count=total.file_count,
        size=total.size,
        refused=total.refused,
        refused_count=total.refused_count,
        released_count=total.released_count,
        suspicious=total.suspicious,
        suspicious_count=total.suspicious_count,
        uninspected_count=total.uninspected_count,
        has_mlmodel=total.model_path is not None,
        is_mlmodel_inspected=total.model_inspected,
        signature=signatures.of_facts(total.model_facts),
    )
