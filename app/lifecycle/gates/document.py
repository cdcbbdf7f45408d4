"""What is told to those outside who judge a version: webhooks and expressions get the same document."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import orjson

from app.lifecycle.gates.rules.subject import Evidence, Subject


def of_subject(subject: Subject) -> dict[str, Any]:
    """``version``, ``candidate``, ``holder`` (null when the stage holds none) and ``stage``; JSON.

    Metrics that are no finite number are null, since JSON has none such.
    """
    return {
        "version": of_version(subject.version),
        "candidate": of_candidate(subject.version),
        "holder": None if subject.holder is None else of_version(subject.holder),
        "stage": subject.stage,
    }


def of_version(version: Evidence) -> dict[str, Any]:
    """A version; ``metrics`` has the value that counts of each metric, ``metricsByDataset`` that on each data set."""
    by_dataset: dict[str, dict[str, float | None]] = {}
    for figure in version.figures:
        if figure.dataset_name is not None and figure.slice is None:
            counted = version.figure(figure.name, figure.dataset_name)
            by_dataset.setdefault(figure.dataset_name, {})[figure.name] = _finite(counted.value if counted else None)
    names = sorted({figure.name for figure in version.figures})
    counting = {name: version.figure(name) for name in names}
    files = version.files
    return {
        "model": version.model_name,
        "version": version.version,
        "number": version.number,
        "description": version.description,
        "tags": dict(version.tags),
        "createdAt": version.created_at.isoformat(),
        "metrics": {name: _finite(each.value) for name, each in counting.items() if each is not None},
        "metricsByDataset": by_dataset,
        "facts": {name: fact.value for name, fact in version.facts.items()},
        "files": {
            "count": files.count, "size": files.size, "refused": files.refused_count,
            "suspicious": files.suspicious_count, "uninspected": files.uninspected_count,
        },
        "stages": sorted(version.stages),
    }  # fmt: skip


def of_candidate(version: Evidence) -> dict[str, Any]:
    """The candidate of a version, with its params."""
    return {**version.candidate, "params": dict(version.params)}


def digest(document: Mapping[str, Any]) -> bytes:
    """SHA-256 of a document: two are the same when it is."""
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).digest()


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
