"""What the source of a model version means. It is read as a name and never opened (MLflow REST: model-versions/create).

A run, model or version of this server must be there and be of this project. What another tracking server keeps cannot
be checked: its run ids and addresses are taken as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import unquote_plus
from uuid import UUID

from app.access.policy import SwitchedOff
from app.artifacts import paths
from app.errors import Invalid, NotFound
from app.mlflow.protocol import artifact_uris, identifiers
from app.mlflow.protocol.call import Call
from app.registry.references.parse import parse_mlflow_version, parse_reference
from app.registry.versions import lookup
from app.text import quoted
from app.tracking import candidates

_RUNS = re.compile(r"runs:/(?P<run>[^/]+)(?:/(?P<rest>.*))?", re.DOTALL)
_MODELS = re.compile(r"models:/(?P<name>[^/@]+)(?:/(?P<version>[^/]+)|@(?P<alias>.+))?/?", re.DOTALL)
_OURS = re.compile(r"(?:runs|models|mlflow-artifacts):", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+:/.*", re.IGNORECASE | re.DOTALL)
_LOCAL = re.compile(r"file:.*|\.\.?|[a-z]:.*|[^:]*[/\\].*", re.IGNORECASE | re.DOTALL)
_MAX_DECODINGS = 10


@dataclass(frozen=True, slots=True)
class Origin:
    """What a version is made from; nothing known: it gets a candidate of its own.

    ``foreign_run`` and ``location`` are a run and files that another server keeps.
    """

    source: str
    candidate_id: UUID | None = None
    logged_model_id: UUID | None = None
    folder: str = ""
    foreign_run: str = ""
    location: str = ""
    version: str = ""
    """The version that is copied."""


async def origin(call: Call) -> Origin:
    """What the ``source``, ``run_id`` and ``model_id`` of a request mean. No source is ever opened.

    Raises:
        Invalid: they contradict each other, or the source is a path on the client's disk.
        NotFound: they name a run, model or version that is not there.
    """
    source, run, model = (call.message.text(name) for name in ("source", "run_id", "model_id"))
    _refuse_local(source)
    _refuse_relative(source)
    given = _with_run(Origin(source), run)
    if model:
        given = replace(given, logged_model_id=identifiers.model_id(model))
    if match := _RUNS.fullmatch(source):
        return _of_run(given, match["run"], match["rest"] or "")
    if match := _MODELS.fullmatch(source):
        return await _of_model(call, given, match["name"], match["version"], match["alias"])
    if artifact_uris.is_proxy_uri(source):
        return _of_proxy(given)
    if _OURS.match(source):
        raise _contradiction(source, "model_id" if given.logged_model_id else "run_id")
    return await _elsewhere(call, given) if _ELSEWHERE.fullmatch(source) else given


def _with_run(origin: Origin, run: str) -> Origin:
    if identifiers.is_run_id(run):
        return replace(origin, candidate_id=UUID(hex=run))
    return replace(origin, foreign_run=run)


def _of_run(given: Origin, run: str, path: str) -> Origin:
    origin = _with_run(Origin(given.source), run)
    if given.logged_model_id is not None:
        raise _contradiction(given.source, "model_id")
    if origin.foreign_run and given.foreign_run:
        return replace(given, location=given.source)
    if origin.candidate_id is None or given.foreign_run or given.candidate_id not in {None, origin.candidate_id}:
        raise _contradiction(given.source, "run_id")
    return replace(origin, folder=paths.check_folder(paths.plain(path), "source"))


def _of_proxy(given: Origin) -> Origin:
    try:
        location = artifact_uris.location_of_proxy_uri(given.source)
    except NotFound:
        raise _contradiction(given.source, "model_id" if given.logged_model_id else "run_id") from None
    if given.logged_model_id not in {None, location.logged_model_id}:
        raise _contradiction(given.source, "model_id")
    if location.candidate_id is not None and (
        given.foreign_run or given.candidate_id not in {None, location.candidate_id}
    ):
        raise _contradiction(given.source, "run_id")
    return replace(
        given,
        candidate_id=location.candidate_id or given.candidate_id,
        logged_model_id=location.logged_model_id,
        folder=paths.check_folder(paths.plain(location.path.strip("/")), "source"),
    )


async def _of_model(call: Call, given: Origin, name: str, version: str | None, alias: str | None) -> Origin:
    if version is None and alias is None:
        model_id = identifiers.model_id(name)
        if given.logged_model_id not in {None, model_id}:
            raise _contradiction(given.source, "model_id")
        return replace(given, logged_model_id=model_id)
    reference = parse_mlflow_version(version) if version else parse_reference(f"@{alias}")
    model, version_row = await lookup.by_reference_with_model(call.db, call.actor, call.project, name, reference)
    copied = Origin(
        f"models:/{model.name}/{version_row.number}",
        version_row.candidate_id,
        version_row.logged_model_id,
        version_row.artifact_folder,
        version_row.foreign_run,
        version_row.location,
        version_row.version,
    )
    _refuse_other(given, copied)
    return copied


def _refuse_other(given: Origin, copied: Origin) -> None:
    """A copy comes from the same run and logged model, whether the request says so or not."""
    run = copied.foreign_run or (copied.candidate_id.hex if copied.candidate_id else "")
    named = given.foreign_run or (given.candidate_id.hex if given.candidate_id else run)
    if named != run or given.logged_model_id not in {None, copied.logged_model_id}:
        raise Invalid(
            f"Invalid model version source: {quoted(given.source, 200)}. The run_id and model_id request parameters "
            "must match the referenced model version.",
            field="source",
        )


async def _elsewhere(call: Call, given: Origin) -> Origin:
    """Files in a store of the client's own; their run may be another server's, too."""
    given = replace(given, location=given.source)
    if given.candidate_id is None:
        return given
    try:
        await candidates.find(call.db, call.actor, call.project, given.candidate_id)
    except (candidates.CandidateNotFound, SwitchedOff):
        return replace(given, candidate_id=None, foreign_run=given.candidate_id.hex)
    return given


def _refuse_local(source: str) -> None:
    if not _LOCAL.fullmatch(source) or _ELSEWHERE.fullmatch(source):
        return
    raise Invalid(
        f"Invalid model version source: {quoted(source, 200)}. To use a local path as a model version source, log its "
        "files to a run first and name them as runs:/<run id>/<path>; an address with a scheme will do as well.",
        field="source",
    )


def _refuse_relative(source: str) -> None:
    """As MLflow's server does: dots that would lead elsewhere, however often they are encoded."""
    for _ in range(_MAX_DECODINGS):
        if (decoded := unquote_plus(source)) == source:
            break
        source = decoded
    if "\x00" in source or {".", ".."} & set(source.split("/")):
        raise Invalid(
            f"Invalid model version source: {quoted(source, 200)}. If supplying a source as an http, https, local file "
            "path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path "
            "references present.",
            field="source",
        )


def _contradiction(source: str, field: str) -> Invalid:
    return Invalid(
        f"Invalid model version source: {quoted(source, 200)}. The {field} request parameter must identify the "
        f"resource that contains the source; leave `{field}` out or make the two agree.",
        field="source",
    )
