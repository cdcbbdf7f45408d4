"""The small YAML files beside a model: MLmodel and conda.yaml."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isfinite
from typing import Any

import yaml

from app.inspection.limits import Limits
from app.inspection.reports import JsonValue, Malformed, Unread, shown
from app.inspection.source import Source

MOST_DEPTH = 40
MOST_NODES = 50_000
MOST_ALIASES = 200
MOST_COLUMNS = 600
MOST_COLUMN_VALUES = 5_000
"""Of one side of a signature: of larger facts the report would leave the whole signature out."""
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
KEPT_OF_MODEL = {
    "run_id": "runId",
    "model_uuid": "modelUuid",
    "model_id": "modelId",
    "mlflow_version": "mlflowVersion",
    "artifact_path": "artifactPath",
    "utc_time_created": "createdAt",
    "model_size_bytes": "modelSizeBytes",
    "databricks_runtime": "databricksRuntime",
}


def mlmodel(source: Source, limits: Limits) -> dict[str, JsonValue]:
    """Flavors, signature, run, versions of an MLmodel file.

    Raises:
        Malformed: it is no YAML document of that kind.
    """
    read = _yaml(source, limits, "MLmodel")
    flavors = read.get("flavors") or {}
    if not isinstance(flavors, dict):
        raise Unread("The flavors of the MLmodel file are no mapping.")
    function = flavors.get("python_function")
    signature = read.get("signature")
    facts: dict[str, JsonValue] = {
        "flavors": {shown(str(name), 100): plain(value, limits) for name, value in list(flavors.items())[:50]},
        "pythonVersion": plain(function.get("python_version"), limits) if isinstance(function, dict) else None,
        "loaderModule": plain(function.get("loader_module"), limits) if isinstance(function, dict) else None,
        "signature": {
            side: _side(signature.get(side), limits) for side in ("inputs", "outputs", "params")
        } if isinstance(signature, dict) else None,
    }  # fmt: skip
    return facts | {told: plain(read[name], limits) for name, told in KEPT_OF_MODEL.items() if name in read}


def conda(source: Source, limits: Limits) -> dict[str, JsonValue]:
    """Name, channels and dependencies of a conda environment, those of pip apart.

    Raises:
        Malformed: it is no YAML document of that kind.
    """
    read = _yaml(source, limits, "conda.yaml")
    listed = read.get("dependencies") or []
    if isinstance(listed, bool | int | float):
        raise Malformed(f"The dependencies of a conda environment are a list, not {listed}.")
    if not isinstance(listed, list):
        raise Unread("The dependencies of the conda environment are no list.")
    names = [each for each in listed if isinstance(each, str)]
    inner = [part["pip"] for part in listed if isinstance(part, dict) and isinstance(part.get("pip"), list)]
    by_pip = [each for part in inner for each in part if isinstance(each, str)]
    return {
        "name": plain(read.get("name"), limits),
        "channels": plain(read.get("channels"), limits),
        "dependencyCount": len(names) + len(by_pip),
        "dependencies": [shown(each, limits.text) for each in names[: limits.listed]],
        "pip": [shown(each, limits.text) for each in by_pip[: limits.listed]],
    }


def _text(source: Source, limits: Limits, told: str) -> str:
    if source.size > limits.document_bytes:
        raise Unread(f"{told} has {source.size:,} bytes; at most {limits.document_bytes:,} are read.")
    try:
        return source.read(0, source.size).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(f"{told} is no text in UTF-8: byte {error.start:,} is none.") from None


def _yaml(source: Source, limits: Limits, told: str) -> dict[Any, Any]:
    text = _text(source, limits, told)
    try:
        _measure(text, told)
        read = yaml.load(text, Loader=LOADER)  # noqa: S506 - the safe loader, in C where there is one
    except yaml.YAMLError as error:
        raise Malformed(f"{told} is no YAML: {shown(' '.join(str(error).split()), 300)}.") from None
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        raise Malformed(f"{told} holds a value that is none: {shown(str(error), 200)}.") from None
    if not isinstance(read, dict):
        raise Malformed(f"{told} must be a mapping.")
    return read


def _measure(text: str, told: str) -> None:
    """Before anything is built: how deep, how many, how many aliases; merges of mappings are not done at all."""
    depth = aliases = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=LOADER)):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        aliases += isinstance(event, yaml.AliasEvent)
        if depth > MOST_DEPTH or nodes > MOST_NODES or aliases > MOST_ALIASES:
            raise Unread(
                f"{told} is nested deeper than {MOST_DEPTH}, has more than {MOST_NODES:,} nodes"
                f" or more than {MOST_ALIASES} aliases."
            )
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<":
            raise Unread(f"{told} merges mappings (<<), which is not read here.")


def _parsed(value: Any) -> Any:
    """The schemas of a signature are JSON within YAML (MLflow: ``ModelSignature.to_dict``)."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _side(declared: Any, limits: Limits) -> JsonValue:
    """Columns or tensors, more of them than of other lists: signatures are compared, and a cut one cannot be."""
    columns = _parsed(declared)
    kept = plain(columns, replace(limits, listed=MOST_COLUMNS), room=_Room(MOST_COLUMN_VALUES))
    if isinstance(columns, list) and isinstance(kept, list) and len(columns) > len(kept):
        kept.append("…")
    return kept


class _Room:
    """How many values may still be copied; aliases make small documents large."""

    def __init__(self, values: int) -> None:
        self.left = values


def plain(value: Any, limits: Limits, depth: int = 0, room: _Room | None = None) -> JsonValue:
    """A value as JSON, bounded in depth, number and length."""
    room = room or _Room(5_000)
    room.left -= 1
    if room.left < 0 or depth > 12:
        return "…"
    if isinstance(value, dict):
        items = list(value.items())[: limits.listed]
        return {shown(str(key), 100): plain(inner, limits, depth + 1, room) for key, inner in items}
    if isinstance(value, list | tuple | set):
        return [plain(inner, limits, depth + 1, room) for inner in list(value)[: limits.listed]]
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    if isinstance(value, float) and isfinite(value):
        return value
    return shown(value if isinstance(value, str) else str(value)[:2000], limits.text)
