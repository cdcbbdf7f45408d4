"""Reads all that is told of versions for judging them: a fixed number of statements, however many versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.artifacts.reads import totals
from app.artifacts.reads.totals import FolderTotals
from app.db.database import Snapshot
from app.lifecycle import signatures
from app.lifecycle.evaluations import facts, metrics
from app.lifecycle.evaluations.metrics import MetricValue
from app.lifecycle.evaluations.six_facts import Fact as ToldFact
from app.lifecycle.evaluations.six_facts import FactKind
from app.lifecycle.gates.rules.subject import Evidence, Fact, Figure, Files
from app.registry.models import Model
from app.registry.stages import intervals
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion
from app.tracking.candidates import Status
from app.tracking.reads import subjects
from app.tracking.reads.subjects import JudgedCandidate


async def of_versions(snap: Snapshot, model: Model, versions: Sequence[ModelVersion]) -> dict[int, Evidence]:
    """Read step: what is told of versions of one model, by their ids. Permissions are the caller's to ask."""
    if not versions:
        return {}
    project_id = model.project_id
    folders = [(root.id, folder) for root, folder in map(lookup.root_of, versions)]
    files = await totals.of_folders(snap, project_id, folders)
    candidates = await subjects.of_candidates(snap, project_id, sorted({each.candidate_id for each in versions}))
    figures = await metrics.of_versions(snap, project_id, versions)
    told = await facts.of_versions(snap, project_id, versions)
    standing = await intervals.standing(snap, project_id, [version.id for version in versions])
    return {
        version.id: _evidence(
            model,
            version,
            candidates[version.candidate_id],
            _files(total),
            [_figure(each) for each in figures[version.id]],
            {kind.value: _fact(fact) for kind, fact in told[version.id].items() if _counts(kind, fact)},
            standing[version.id].valid_from if version.id in standing else version.created_at,
        )
        for version, total in zip(versions, files, strict=True)
    }


def _evidence(
    model: Model,
    version: ModelVersion,
    candidate: JudgedCandidate,
    files: Files,
    figures: Sequence[Figure],
    facts: Mapping[str, Fact],
    since: datetime,
) -> Evidence:
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
        stages={version.stage: since},
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


def _figure(value: MetricValue) -> Figure:
    return Figure(
        value.key, value.value, value.source, value.source_id, value.dataset_name, value.dataset_digest, value.slice,
        value.at,
    )  # fmt: skip


def _fact(fact: ToldFact) -> Fact:
    return Fact(dict(fact.entries), fact.source or "", fact.learned_at)


def _counts(kind: FactKind, fact: ToldFact) -> bool:
    """A version is always in a stage, which says nothing of how it came about."""
    return kind is not FactKind.STAGE and fact.is_present
