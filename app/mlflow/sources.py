"""What the source of a model version means. It is read as a name and never opened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from app.artifacts import paths
from app.errors import Invalid
from app.mlflow import addresses, identifiers
from app.mlflow.protocol import Call
from app.quoting import quoted
from app.registry import versions
from app.registry.references import parse_mlflow_version, parse_reference

_RUNS = re.compile(r"runs:/(?P<run>[^/]+)(?:/(?P<rest>.*))?", re.DOTALL)
_MODELS = re.compile(r"models:/(?P<name>[^/@]+)(?:/(?P<version>[^/]+)|@(?P<alias>.+))?/?", re.DOTALL)
_LOCAL = re.compile(r"/|\\|\.\.?(?:/|$)|[A-Za-z]:[\\/]|file:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a version is made from; nothing known: it gets a candidate of its own."""

    candidate_id: UUID | None = None
    logged_model_id: UUID | None = None
    folder: str = ""


async def origin(call: Call) -> Origin:
    """What the ``source``, ``run_id`` and ``model_id`` of a request mean. No source is ever opened.

    Raises:
        Invalid: they contradict each other, or the source is a path on somebody's disk.
        NotFound: they name a run, model or version that is not there.
    """
    source, run, model = (call.message.text(name) for name in ("source", "run_id", "model_id"))
    given = Origin(
        identifiers.run_id(run) if run else None,
        identifiers.model_id(model) if model else None,
    )
    found = await _of_source(call, source, given)
    if given.candidate_id and found.candidate_id not in {None, given.candidate_id}:
        raise _contradiction(source, "run_id")
    if given.logged_model_id and found.logged_model_id not in {None, given.logged_model_id}:
        raise _contradiction(source, "model_id")
    return Origin(found.candidate_id or given.candidate_id, found.logged_model_id, found.folder)


async def _of_source(call: Call, source: str, given: Origin) -> Origin:
    if match := _RUNS.fullmatch(source):
        return Origin(identifiers.run_id(match["run"]), None, paths.check_folder(match["rest"] or "", "source"))
    if place := addresses.of_proxy(source):
        return Origin(place.candidate_id, place.logged_model_id, paths.check_folder(place.path, "source"))
    if match := _MODELS.fullmatch(source):
        return await _of_model(call, match["name"], match["version"], match["alias"])
    if _LOCAL.match(source) or "/../" in source:
        raise Invalid(
            f"Invalid model version source: {quoted(source)}. It must be runs:/…, models:/…, mlflow-artifacts:/… "
            "or an address with a scheme, not a path on a disk.",
            field="source",
        )
    return given


async def _of_model(call: Call, name: str, version: str | None, alias: str | None) -> Origin:
    if version is None and alias is None:
        return Origin(None, identifiers.model_id(name))
    reference = parse_mlflow_version(version) if version else parse_reference(f"@{alias}")
    found = await versions.resolve(call.db, call.actor, call.project, name, reference)
    return Origin(found.candidate_id, found.logged_model_id, found.artifact_folder)


def _contradiction(source: str, field: str) -> Invalid:
    return Invalid(
        f"Invalid model version source: {quoted(source, 200)}. It lies outside of what `{field}` names; "
        f"leave `{field}` out or make the two agree.",
        field="source",
    )
