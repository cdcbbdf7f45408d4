"""What is known of a version beside its files: metrics, params, data sets and the commit, kept with its candidate."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from modelyard_client import targets
from modelyard_client.failures import Misused, NotFound
from modelyard_client.registry import documents
from modelyard_client.service.graphql import Api

FACTS = {
    "commit": "mlflow.source.git.commit",
    "branch": "mlflow.source.git.branch",
    "repository": "mlflow.source.git.repoURL",
}
"""Facts that are kept as the tags by which MLflow's clients log them."""


@dataclass(frozen=True)
class Evidence:
    """Metrics (at one step), params, data sets (digest by name), and facts (keys of ``FACTS``)."""

    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    datasets: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    step: int = 0
    at: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    """Milliseconds since 1970; the same when the same is logged again, so that no point is there twice."""

    def __bool__(self) -> bool:
        return bool(self.metrics or self.params or self.datasets or self.facts)

    @property
    def digest(self) -> str:
        """Identifies what is logged, whenever that is."""
        parts = [self.metrics, self.params, self.datasets, self.facts, self.step]
        text = json.dumps([dict(part) if isinstance(part, Mapping) else part for part in parts], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def as_input(self) -> dict[str, Any]:
        """The lists of ``CandidateLogInput`` of the API.

        Raises:
            Misused: a fact has a name that is none.
        """
        unknown = sorted(set(self.facts) - set(FACTS))
        if unknown:
            raise Misused(f"There is no fact `{unknown[0]}`; there are {', '.join(FACTS)}. Other things are tags.")
        return {
            "metrics": [
                {"key": key, "value": _number(value), "timestamp": self.at, "step": self.step}
                for key, value in self.metrics.items()
            ],
            "params": [{"key": key, "value": value} for key, value in self.params.items()],
            "tags": [{"key": FACTS[key], "value": value} for key, value in self.facts.items()],
            "datasets": [
                {"name": name, "digest": digest, "sourceType": "external", "source": name}
                for name, digest in self.datasets.items()
            ],
        }


async def to_candidate(api: Api, candidate_id: str, evidence: Evidence) -> None:
    """Log it to a candidate, all or nothing.

    Raises:
        Failure: the service refused it.
    """
    wanted = evidence.as_input()
    await api.change(documents.CANDIDATE_LOG, input={"candidate": {"id": candidate_id}, **wanted})


async def to_version(api: Api, model: str, reference: str, evidence: Evidence) -> None:
    """Log it to the candidate of a version, all or nothing.

    Raises:
        NotFound: there is no such version, or its candidate may not be seen.
    """
    await to_candidate(api, await candidate_of(api, targets.version_lookup(api, model, reference), model), evidence)


async def candidate_of(api: Api, version: Mapping[str, Any], model: str) -> str:
    """The id of the candidate of a version.

    Raises:
        NotFound: there is no such version, or its candidate may not be seen.
    """
    node = (await api.ask(documents.CANDIDATE_OF_VERSION, version=version)).get("modelVersion")
    if node is None:
        await targets.require_project(api)
        await targets.require_model(api, model, create=None)
        reference = version.get("path", {}).get("reference")
        raise NotFound(f"There is no version `{reference}` of `{model}` in {api.connection.project}.")
    if node["candidate"] is None:
        raise NotFound(f"The version of `{model}` has no candidate that you may see, so nothing can be logged to it.")
    return str(node["candidate"]["id"])


def _number(value: float) -> Union[float, str]:
    """``Number`` of the API."""
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
