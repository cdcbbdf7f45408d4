"""What this service has, in the JSON that MLflow clients read (MLflow REST: data structures)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.artifacts.reads.folders import Entry
from app.mlflow.protocol import artifact_uris, identifiers
from app.mlflow.protocol.identifiers import shown_model_id
from app.registry.models import Model
from app.registry.names import DEPRECATED_TAG, VERSION_TAG, YANKED_TAG
from app.registry.reads.details import FIRST, ModelColumns, VersionColumns
from app.registry.versions import states
from app.registry.versions.lookup import ModelVersion
from app.registry.versions.states import State
from app.tracking.candidates import Candidate, CandidateDetails, CandidateRow, Status
from app.tracking.experiments import Experiment
from app.tracking.logged_models import LoggedModelDetails
from app.tracking.logged_models import Status as ModelStatus
from app.tracking.reads.datasets import Summary
from app.tracking.reads.details import DatasetInput

Json = dict[str, Any]
_VERSION_STATUSES: dict[str, str] = {
    State.OPEN: "PENDING_REGISTRATION",
    State.READY: "READY",
    State.FAILED: "FAILED_REGISTRATION",
    State.QUARANTINED: "FAILED_REGISTRATION",
}
_STATUS_NAMES = {int(status): status.name for status in Status}


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, MLflow's time everywhere; cut as searches cut them, so that equal ones are found."""
    # Of the float all microseconds are right, which are rounded before they are cut.
    return round(moment.timestamp() * 1_000_000) // 1000


def number(value: float) -> float | str:
    """A metric's value; what JSON has no number for goes as text (protobuf JSON)."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def pairs(values: Mapping[str, str]) -> list[Json]:
    """Tags or params."""
    return [{"key": key, "value": value} for key, value in values.items()]


def lifecycle(deleted_at: datetime | None) -> str:
    """``lifecycle_stage`` of what may be in the trash since a moment."""
    return "active" if deleted_at is None else "deleted"


def experiment(row: Experiment) -> Json:
    """MLflow's ``Experiment``."""
    return {
        "experiment_id": str(row.number),
        "name": row.name,
        "artifact_location": identifiers.experiment_location(row.number),
        "lifecycle_stage": lifecycle(row.deleted_at),
        "creation_time": milliseconds(row.created_at),
        "last_update_time": milliseconds(row.updated_at),
        "tags": pairs(row.tags),
    }


def run_info(row: Candidate | CandidateRow) -> Json:
    """MLflow's ``RunInfo``; times are in milliseconds."""
    id = row.id.hex
    info: Json = {
        "run_id": id,
        "run_uuid": id,
        "run_name": row.name,
        "experiment_id": str(row.experiment_number),
        "user_id": row.user_name,
        "status": _STATUS_NAMES[row.status],
        "artifact_uri": identifiers.run_location(row.experiment_number, row.id),
        "lifecycle_stage": lifecycle(row.deleted_at),
    }
    if row.start_time is not None:
        info["start_time"] = row.start_time
    if row.end_time is not None:
        info["end_time"] = row.end_time
    return info


def run(details: CandidateDetails[Candidate] | CandidateDetails[CandidateRow]) -> Json:
    """MLflow's ``Run``: its info, latest metrics, params, tags and inputs."""
    inputs = [one for one in details.models if one.direction == "input"]
    outputs = [one for one in details.models if one.direction == "output"]
    return {
        "info": run_info(details.candidate),
        "data": {
            "metrics": [latest_metric(one) for one in details.metrics],
            "params": pairs(details.params),
            "tags": pairs(details.tags),
        },
        "inputs": {
            "dataset_inputs": [dataset_input(one) for one in details.inputs],
            "model_inputs": [{"model_id": shown_model_id(one.logged_model_id)} for one in inputs],
        },
        "outputs": {
            "model_outputs": [{"model_id": shown_model_id(one.logged_model_id), "step": one.step} for one in outputs]
        },
    }


def metric(key: str, value: float, timestamp: int, step: int) -> Json:
    """MLflow's ``Metric``; ``timestamp`` is in milliseconds."""
    shown = value if math.isfinite(value) else number(value)
    return {"key": key, "value": shown, "timestamp": timestamp, "step": step}


def metrics(key: str, values: Sequence[float], timestamps: Sequence[int], steps: Sequence[int]) -> list[Json]:
    """Points of one metric; written for tens of thousands."""
    shown: Sequence[float | str] = values if all(map(math.isfinite, values)) else [number(value) for value in values]
    return [
        {"key": key, "value": value, "timestamp": timestamp, "step": step}
        for value, timestamp, step in zip(shown, timestamps, steps, strict=True)
    ]


def latest_metric(row: Any) -> Json:
    """A latest value of a run or of a logged model, with what it was measured on and of."""
    shape = metric(row.key, row.value, row.timestamp, row.step)
    if row.logged_model_id is not None:
        shape["model_id"] = shown_model_id(row.logged_model_id)
    if row.dataset_name:
        shape |= {"dataset_name": row.dataset_name, "dataset_digest": row.dataset_digest or ""}
    return shape


def model_metric(row: Any) -> Json:
    """A latest value of a logged model; it says which run measured it."""
    shape = latest_metric(row)
    if isinstance(row.candidate_id, UUID):
        shape["run_id"] = row.candidate_id.hex
    return shape


def dataset_input(one: DatasetInput) -> Json:
    """MLflow's ``DatasetInput``: a dataset and how a run used it."""
    row = one.dataset
    dataset = {"name": row.name, "digest": row.digest, "source_type": row.source_type, "source": row.source}
    if row.schema is not None:
        dataset["schema"] = row.schema
    if row.profile is not None:
        dataset["profile"] = row.profile
    return {"dataset": dataset, "tags": pairs(one.tags)}


def dataset_summary(one: Summary) -> Json:
    """MLflow's ``DatasetSummary``."""
    shown: Json = {"experiment_id": str(one.experiment_number), "name": one.name, "digest": one.digest}
    return shown if one.context is None else shown | {"context": one.context}


def page(name: str, rows: list[Json], token: str | None) -> Json:
    """A page of rows; the last one has no token."""
    return {name: rows, "next_page_token": token} if token else {name: rows}


def logged_model(details: LoggedModelDetails) -> Json:
    """MLflow's ``LoggedModel``; times are in milliseconds."""
    row = details.model
    info: Json = {
        "model_id": shown_model_id(row.id),
        "experiment_id": str(row.experiment_number),
        "name": row.name,
        "creation_timestamp_ms": milliseconds(row.created_at),
        "last_updated_timestamp_ms": milliseconds(row.updated_at),
        "artifact_uri": identifiers.model_location(row.experiment_number, row.id),
        "status": f"LOGGED_MODEL_{ModelStatus(row.status).name}",
        "model_type": row.model_type,
        "tags": pairs(row.tags),
    }
    if row.source_candidate_id is not None:
        info["source_run_id"] = row.source_candidate_id.hex
    elif row.foreign_run:
        info["source_run_id"] = row.foreign_run
    metrics = [model_metric(one) for one in details.metrics]
    return {"info": info, "data": {"params": pairs(row.params), "metrics": metrics}}


def file(entry: Entry, folder: str = "") -> Json:
    """A line of a listing; the size of a folder is not told."""
    shown: Json = {"path": f"{folder}/{entry.name}" if folder else entry.name, "is_dir": entry.is_folder}
    return shown if entry.is_folder else shown | {"file_size": entry.size}


def registered_model(row: Model | ModelColumns) -> Json:
    """Without aliases and latest versions, which :mod:`app.mlflow.registry.presentation` adds."""
    created, updated = _times(row)
    return {
        "name": row.name,
        "creation_timestamp": created,
        "last_updated_timestamp": updated,
        "description": row.description,
        "tags": pairs(row.tags),
    }


def model_version(model: Model | ModelColumns, row: ModelVersion | VersionColumns, aliases: list[str]) -> Json:
    """``version`` is the number; the SemVer stands in a tag (GitLab's convention). A row of versions is a new one."""
    created, updated = _times(row)
    shown: Json = {
        "name": model.name,
        "version": str(row.number),
        "creation_timestamp": created,
        "last_updated_timestamp": updated,
        "current_stage": row.stage if isinstance(row, VersionColumns) else FIRST,
        "description": row.description,
        "source": row.source or artifact_uris.download_uri(model, row),
        "run_id": row.foreign_run or row.candidate_id.hex,
        "run_link": row.run_link,
        "status": _VERSION_STATUSES[row.state],
        "tags": pairs({**row.tags, VERSION_TAG: row.version}),
        "aliases": aliases,
    }
    if why := states.reason(row.state, row.state_reason) or _warning(row.tags):
        shown["status_message"] = why
    if row.logged_model_id is not None:
        shown["model_id"] = shown_model_id(row.logged_model_id)
    return shown


def _warning(tags: Mapping[str, str]) -> str | None:
    """That a version was yanked or deprecated: the one field that is a message, and that clients show as one."""
    told = (("Yanked", tags.get(YANKED_TAG)), ("Deprecated", tags.get(DEPRECATED_TAG)))
    return " ".join(f"{what}: {why}" for what, why in told if why) or None


def _times(row: Model | ModelVersion | ModelColumns | VersionColumns) -> tuple[int, int]:
    if isinstance(row, (ModelColumns, VersionColumns)):
        return row.created_ms, row.updated_ms
    return milliseconds(row.created_at), milliseconds(row.updated_at)
