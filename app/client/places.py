"""Where files go and come from, as the API names it: projects, models, versions, candidates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.client import queries, web
from app.client.api import Api
from app.client.failures import Failure
from app.client.memory import Memory

PUSH_TAG = "modelyard.push"
"""Marks the version that a push has made, so that it is found again when the answer got lost."""


@dataclass(frozen=True, slots=True)
class Version:
    """A model version, as far as it matters here."""

    id: str
    version: str
    number: int


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What a version is to be like."""

    model: str
    version: str | None = None
    increment: str | None = None
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    candidate_id: str | None = None
    artifact_folder: str = ""


def model_lookup(api: Api, name: str) -> dict[str, Any]:
    """``ModelLookup`` of the API."""
    return {"path": {"project": api.connection.project, "name": name}}


def version_lookup(api: Api, model: str, reference: str) -> dict[str, Any]:
    """``ModelVersionLookup`` of the API."""
    return {"path": {"project": api.connection.project, "model": model, "reference": reference}}


def candidate_lookup(api: Api, id: str) -> dict[str, Any]:
    """``CandidateLookup`` of the API, for an id or a UUID (what MLflow calls run id)."""
    if re.fullmatch(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", id):
        return {"path": {"project": api.connection.project, "uuid": id}}
    return {"id": id}


async def require_project(api: Api) -> None:
    """Find out early that the token is no good or the project is another.

    Raises:
        Failure: the token is refused, or shows no such project.
    """
    data = await api.ask(queries.VIEWER, project=api.connection.project)
    if data["project"] is None:
        raise Failure(f"There is no project `{api.connection.project}`, or the token may not see it.", code="NOT_FOUND")


async def require_model(api: Api, name: str, *, create: bool) -> None:
    """Make sure that there is a model.

    Raises:
        Failure: there is none and it shall or may not be made.
    """
    lookup = model_lookup(api, name)
    if (await api.ask(queries.MODEL, model=lookup))["model"]:
        return
    if not create:
        raise Failure(
            f"There is no model `{name}` in {api.connection.project}; with --create it would be made.",
            code="NOT_FOUND",
        )
    try:
        await api.change(queries.MODEL_CREATE, input={"project": {"path": api.connection.project}, "name": name})
    except Failure as failure:
        if failure.code != "TAKEN":  # somebody else was faster
            raise


async def candidate(api: Api, id: str) -> dict[str, Any]:
    """A candidate's id, UUID and name.

    Raises:
        Failure: there is none, or it may not be seen.
    """
    found: dict[str, Any] | None = (await api.ask(queries.CANDIDATE, candidate=candidate_lookup(api, id)))["candidate"]
    if found is None:
        raise Failure(f"There is no candidate `{id}` in {api.connection.project}.", code="NOT_FOUND")
    return found


async def made_version(api: Api, memory: Memory, model: str) -> Version | None:
    """The version that this push has made already; None if it has made none, or it has been deleted."""
    if memory.version:
        node = (await api.ask(queries.VERSION_BY_ID, id=memory.version))["node"]
        return _version(node) if node else None
    if not memory.asked:
        return None
    found = (await api.ask(queries.NEWEST_VERSIONS, model=model_lookup(api, model)))["model"]
    nodes = found["versions"]["nodes"] if found else []
    return next((_version(node) for node in nodes if _is_of(node, memory.push)), None)


async def make_version(api: Api, memory: Memory, new: NewVersion) -> Version:
    """The version of this push: the one that it has made, else a new one. Never two, whatever answer gets lost.

    Raises:
        Failure: the service refused it.
    """

    async def attempt() -> Version:
        found = await made_version(api, memory, new.model)
        if found is None:
            memory.asked = True
            memory.save()
            found = await _create(api, memory, new)
        memory.version = found.id
        memory.save()
        return found

    return await web.persist(attempt, api.connection.patience, api.notice)


async def require_free(api: Api, new: NewVersion) -> None:
    """Refuse a version that exists, before anything is sent for it.

    Raises:
        Failure: it is taken.
    """
    if new.version:
        lookup = version_lookup(api, new.model, new.version)
        if (await api.ask("query Taken($by: ModelVersionLookup!) { modelVersion(by: $by) { id } }", by=lookup))[
            "modelVersion"
        ]:
            raise Failure(f"Version {new.version} of `{new.model}` exists already.", code="TAKEN")


async def set_aliases(api: Api, version: Version, model: str, aliases: Sequence[str]) -> None:
    """Move aliases to a version."""
    for alias in aliases:
        await api.change(
            queries.ALIAS_SET,
            input={"model": model_lookup(api, model), "name": alias, "reference": f"#{version.number}"},
        )


async def _create(api: Api, memory: Memory, new: NewVersion) -> Version:
    tags = {**new.tags, PUSH_TAG: memory.push}
    wanted: dict[str, Any] = {
        "model": model_lookup(api, new.model),
        "version": new.version,
        "increment": new.increment,
        "description": new.description,
        "tags": [{"key": key, "value": value} for key, value in tags.items()],
        "candidateId": new.candidate_id,
        "artifactFolder": new.artifact_folder,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    try:
        payload = await api.change_once(queries.VERSION_CREATE, {"input": given})
    except Failure:
        memory.asked = False
        memory.save()
        raise
    return _version(payload["modelVersion"])


def _version(node: Mapping[str, Any]) -> Version:
    return Version(node["id"], node["version"], int(node["number"]))


def _is_of(node: Mapping[str, Any], push: str) -> bool:
    return {"key": PUSH_TAG, "value": push} in node["tags"]
