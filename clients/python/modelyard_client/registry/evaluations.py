"""Evaluations of versions: results of trying one on a named data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional

from modelyard_client import targets
from modelyard_client.registry import documents
from modelyard_client.service.graphql import Api


class Measured(NamedTuple):
    """A value; an empty slice means all of the data set."""

    key: str
    value: float
    slice: str = ""


@dataclass(frozen=True)
class Results:
    """What was measured on which data; with a key, the same again adds nothing."""

    dataset: str
    metrics: Sequence[Measured]
    digest: str = ""
    name: str = ""
    description: str = ""
    evaluated_at: Optional[str] = None
    candidate_id: Optional[str] = None
    artifact_folder: str = ""
    idempotency_key: Optional[str] = None


async def add(api: Api, model: str, reference: str, results: Results) -> dict[str, Any]:
    """Attach results to a version; answers the evaluation as the API shows it, and whether it was there already.

    Raises:
        NotFound, Forbidden, Conflict: the service refused it.
    """
    wanted: dict[str, Any] = {
        "modelVersion": targets.version_lookup(api, model, reference),
        "datasetName": results.dataset,
        "datasetDigest": results.digest,
        "metrics": [{"key": one.key, "value": one.value, "slice": one.slice} for one in results.metrics],
        "name": results.name,
        "description": results.description,
        "artifactFolder": results.artifact_folder,
    }
    more = {
        "evaluatedAt": results.evaluated_at,
        "candidateId": results.candidate_id,
        "idempotencyKey": results.idempotency_key,
    }
    wanted.update({name: value for name, value in more.items() if value is not None})
    payload = await api.change(documents.EVALUATION_CREATE, input=wanted)
    made: dict[str, Any] = {**payload["evaluation"], "alreadyStored": payload["alreadyStored"]}
    return made
