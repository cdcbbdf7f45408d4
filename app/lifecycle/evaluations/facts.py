"""What all sources say of the six facts of versions: six statements, however many versions.

Tags, params and data sets of the candidate and the logged model, CI jobs, the environment files among the version's
own, metrics that name a data set, the stage, and what was said of the version itself.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import orjson

from app.artifacts.reads import told as files_told
from app.artifacts.reads.told import ToldByFile
from app.ci import told as ci_told
from app.ci.told import ToldByJob
from app.db.database import Snapshot
from app.db.statements import Statement, columns
from app.lifecycle.evaluations import metrics, six_facts
from app.lifecycle.evaluations.metrics import MetricValue
from app.lifecycle.evaluations.six_facts import LIBRARY, Fact, FactKind, FactSource, SourceStatement
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion
from app.tracking.reads import of_versions as tracked
from app.tracking.reads.of_versions import Told

EVALUATED_TAG = "mlflow.datasets"
"""In it MLflow's clients note the data sets that a run evaluated a model on (``mlflow.models.evaluate``)."""
TAGS: dict[str, tuple[FactKind, str]] = {
    "mlflow.source.git.commit": (FactKind.SOURCE_COMMIT, "sha"),
    "mlflow.source.git.branch": (FactKind.SOURCE_COMMIT, "branch"),
    "mlflow.source.git.repoURL": (FactKind.SOURCE_COMMIT, "repository"),
    "mlflow.docker.image.id": (FactKind.ENVIRONMENT, "image_digest"),
    "modelyard.image_digest": (FactKind.ENVIRONMENT, "image_digest"),
    "modelyard.hardware": (FactKind.ENVIRONMENT, "hardware"),
}
"""Tags of a candidate, logged model or version that state a part of a fact."""
ENVIRONMENT_FILES = ("conda.yaml", "requirements.txt", "MLmodel")
_NOT_TRAINING = re.compile(r"eval|test|valid|holdout", re.IGNORECASE)
"""Contexts of data sets (``mlflow.data.context``) in which nothing is learned from them."""
_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([^;#]*)")
_SOURCES = {
    metrics.Source.CANDIDATE: FactSource.METRIC,
    metrics.Source.LOGGED_MODEL: FactSource.METRIC,
    metrics.Source.EVALUATION: FactSource.EVALUATION,
    metrics.Source.ONLINE: FactSource.ONLINE,
}


_Owner: TypeAlias = tuple[int, UUID]
"""Project and candidate, or logged model."""


class _Stated(NamedTuple):
    id: int
    version_id: int
    fact: str
    entries: str
    source: str
    detail: str
    reason: str
    is_kept: bool
    learned_at: datetime
    stated_by: int | None
    username: str
    ci_job: str | None


_STATED = Statement(
    "evaluations.stated_facts",
    "What was said of versions themselves, and what was kept of other sources at their sealing.",
    f"""
    SELECT {columns(_Stated, of="s", entries="s.entries::text")} FROM fact_statements s
    JOIN unnest(:projects::bigint[], :versions::bigint[]) AS w (project_id, id)
        ON s.project_id = w.project_id AND s.version_id = w.id
    ORDER BY s.id
    """,  # noqa: S608 - columns of a type
    row=_Stated,
)


async def statements_of(snap: Snapshot, versions: Sequence[ModelVersion]) -> dict[int, list[SourceStatement]]:
    """Read step: all that is said of the facts of versions, by the version's id."""
    said: dict[int, list[SourceStatement]] = {version.id: [] for version in versions}
    if not versions:
        return said
    keys = sorted((version.project_id, version.id) for version in versions)
    candidates = sorted({(version.project_id, version.candidate_id) for version in versions})
    logged = sorted({(one.project_id, one.logged_model_id) for one in versions if one.logged_model_id is not None})
    told = await tracked.told(snap, candidates, logged, [*TAGS, EVALUATED_TAG])
    jobs = await ci_told.of_versions(snap, keys, candidates)
    files = await files_told.by_files(snap, _environment_files(versions))
    values = await metrics.of_all(snap, versions)
    stated = await _STATED.fetch(snap, projects=[key[0] for key in keys], versions=[key[1] for key in keys])
    by_owner, by_file = _grouped(told), _files_by_owner(files)
    for version in versions:
        said[version.id] += [
            *_of_tags(version.tags, f"version {version.version}", version.created_at, of_candidate=False),
            *_of_owners(version, by_owner),
            *_of_jobs(version, jobs),
            *_of_files(version, by_file),
            *_of_metrics(values[version.id]),
            SourceStatement(FactKind.STAGE, {"stage": version.stage}, FactSource.STAGE, None),
        ]
    for row in stated:
        said[row.version_id].append(_as_statement(row))
    return said


async def of_versions(
    snap: Snapshot, project_id: int, versions: Sequence[ModelVersion]
) -> dict[int, dict[FactKind, Fact]]:
    """Read step: the six facts of versions of a project, by the version's id. Permissions are the caller's to ask."""
    mine = [version for version in versions if version.project_id == project_id]
    said = await statements_of(snap, mine)
    return {version.id: six_facts.merged(said[version.id], sealed_at=sealed_at(version)) for version in mine}


async def of_version(snap: Snapshot, project_id: int, version: ModelVersion) -> dict[FactKind, Fact]:
    """Read step: the same of one version."""
    return (await of_versions(snap, project_id, [version]))[version.id]


def sealed_at(version: ModelVersion) -> datetime | None:
    """Since when the version is sealed; None: it is not."""
    moment: datetime | None = getattr(version, "sealed_at", None)
    return moment


def library(requirement: str) -> tuple[str, str] | None:
    """Name and version rule of a line of ``requirements.txt`` or ``conda.yaml``; None where it names no package."""
    match = _REQUIREMENT.match(requirement)
    if match is None:
        return None
    return match[1].lower().replace("_", "-"), match[2].strip()


def _environment_files(versions: Iterable[ModelVersion]) -> list[tuple[int, UUID, str]]:
    wanted = {
        (root.project_id, root.id, posixpath.join(folder, name))
        for root, folder in map(lookup.root_of, versions)
        for name in ENVIRONMENT_FILES
    }
    return sorted(wanted)


def _grouped(told: Iterable[Told]) -> Mapping[_Owner, list[Told]]:
    groups: dict[_Owner, list[Told]] = defaultdict(list)
    for one in told:
        groups[one.project_id, one.owner_id].append(one)
    return groups


def _files_by_owner(files: Iterable[ToldByFile]) -> Mapping[_Owner, list[ToldByFile]]:
    groups: dict[_Owner, list[ToldByFile]] = defaultdict(list)
    for one in files:
        groups[one.project_id, one.root_id].append(one)
    return groups


def _of_owners(version: ModelVersion, told: Mapping[_Owner, list[Told]]) -> Iterator[SourceStatement]:
    owners = [(version.candidate_id, "candidate"), (version.logged_model_id, "logged model")]
    for owner, name in owners:
        mine = told.get((version.project_id, owner), []) if owner is not None else []
        tags = {one.key: one.value for one in mine if one.kind == "tag"}
        moments = [one.at for one in mine if one.kind == "tag" and one.key in TAGS and one.at is not None]
        yield from _of_tags(tags, name, max(moments, default=None), of_candidate=True)
        params = {one.key: one.value for one in mine if one.kind == "param"}
        if params:
            at = next(one.at for one in mine if one.kind == "param")
            yield SourceStatement(FactKind.HYPER_PARAMETERS, params, FactSource.PARAM, at, name, of_candidate=True)
        yield from _of_data(mine, _evaluated(tags.get(EVALUATED_TAG)), name)


def _of_tags(
    tags: Mapping[str, str], owner: str, at: datetime | None, *, of_candidate: bool
) -> Iterator[SourceStatement]:
    entries: dict[FactKind, dict[str, str]] = defaultdict(dict)
    for key, (fact, entry) in TAGS.items():
        if value := tags.get(key, "").strip():
            entries[fact][entry] = six_facts.without_secrets(value) if entry == "repository" else value
    for fact, some in entries.items():
        yield SourceStatement(fact, some, FactSource.TAG, at, owner, of_candidate=of_candidate)


def _evaluated(tag: str | None) -> set[str]:
    """The names of the data sets that a run evaluated a model on, as its tag says; a tag may hold anything."""
    return {str(one.get("name")) for one in evaluated_datasets(tag)}


def evaluated_datasets(tag: str | None) -> list[dict[str, Any]]:
    """What the tag ``mlflow.datasets`` lists: each with its ``name``, ``hash`` and ``model``; nothing if it is none."""
    try:
        listed = orjson.loads(tag or "[]")
    except orjson.JSONDecodeError:
        return []
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _of_data(told: Sequence[Told], evaluated: set[str], owner: str) -> Iterator[SourceStatement]:
    read = [
        one
        for one in told
        if one.kind == "dataset"
        and not _NOT_TRAINING.search(one.context or "")
        and not (one.context is None and one.key in evaluated)
    ]
    counted = Counter(one.key for one in read)
    entries = {one.key if counted[one.key] == 1 else f"{one.key} {one.value}": one.value for one in read}
    if entries:
        at = max((one.at for one in read if one.at is not None), default=None)
        yield SourceStatement(FactKind.TRAINING_DATA, entries, FactSource.DATASET, at, owner, of_candidate=True)


def _of_jobs(version: ModelVersion, jobs: Sequence[ToldByJob]) -> Iterator[SourceStatement]:
    for job in jobs:
        is_mine = job.version_id == version.id or job.candidate_id == version.candidate_id
        if job.project_id != version.project_id or not is_mine:
            continue
        entries = {"sha": job.commit_sha, "branch": job.ref}
        if job.ci_project and not job.ci_project.isdecimal():
            entries["repository"] = job.ci_project
        said = {entry: value for entry, value in entries.items() if value}
        if "sha" in said:
            detail = f"{job.provider}:{job.external_id}"
            of_candidate = job.version_id is None
            yield SourceStatement(
                FactKind.SOURCE_COMMIT, said, FactSource.CI_JOB, job.at, detail, of_candidate, ci_job=detail
            )


def _of_files(version: ModelVersion, files: Mapping[_Owner, list[ToldByFile]]) -> Iterator[SourceStatement]:
    root, folder = lookup.root_of(version)
    wanted = {posixpath.join(folder, name) for name in ENVIRONMENT_FILES}
    for one in files.get((root.project_id, root.id), []):
        entries = dict(_environment(one)) if one.path in wanted else {}
        if entries:
            yield SourceStatement(FactKind.ENVIRONMENT, entries, FactSource.FILE, one.at, one.path)


def _environment(file: ToldByFile) -> Iterator[tuple[str, str]]:
    said = file.values
    if file.format == "mlmodel":
        if said.get("pythonVersion"):
            yield "python", str(said["pythonVersion"])
        return
    for key in ("dependencies", "pip"):
        listed = said.get(key)
        for requirement in listed if isinstance(listed, list) else []:
            named = library(str(requirement))
            if named is not None:
                name, rule = named
                yield ("python", rule) if name == "python" else (f"{LIBRARY}{name}", rule)


def _of_metrics(values: Sequence[MetricValue]) -> Iterator[SourceStatement]:
    """Metrics that name a data set, or were measured online; a metric of training alone says nothing of quality."""
    groups: dict[tuple[FactSource, str], list[MetricValue]] = defaultdict(list)
    for one in values:
        if one.dataset_name is not None or one.source == metrics.Source.ONLINE:
            groups[_SOURCES[metrics.Source(one.source)], one.source_id].append(one)
    for (source, id), some in groups.items():
        entries = {metric_entry(one): repr(one.value) for one in some if one.slice is None}
        yield SourceStatement(
            FactKind.METRICS, entries, source, max(one.at for one in some), id, source is FactSource.METRIC
        )


def metric_entry(value: MetricValue) -> str:
    """How a metric is called among the entries of the fact: its key, and on which data."""
    if value.dataset_name is None:
        return f"{value.key} online ({value.source_id})"
    digest = f" {value.dataset_digest}" if value.dataset_digest else ""
    return f"{value.key} on {value.dataset_name}{digest}"


def _as_statement(row: _Stated) -> SourceStatement:
    return SourceStatement(
        fact=FactKind(row.fact),
        entries=orjson.loads(row.entries),
        source=FactSource(row.source),
        learned_at=row.learned_at,
        detail=row.detail,
        of_candidate=row.is_kept and FactSource(row.source) in six_facts.OF_CANDIDATES,
        id=row.id,
        reason=row.reason,
        stated_by=row.stated_by,
        username=row.username,
        ci_job=row.ci_job,
        is_kept=row.is_kept,
    )
