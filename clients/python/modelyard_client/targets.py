"""Where files go and come from, as the API names it: projects, models, versions, candidates."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from modelyard_client import failures
from modelyard_client.failures import Failure, NotFound
from modelyard_client.service import documents, http
from modelyard_client.service.graphql import Api
from modelyard_client.transfer.local_files import LocalFile
from modelyard_client.transfer.resume_state import ResumeState

_SPLIT = re.compile(r"[@:#]")
_CHECKED = 1_000
"""Files of one question whether they would be taken."""
_TOLD = 20
"""Refusals that a message names."""
_PENDING_SECONDS, _INSPECTION_SECONDS = 0.5, 900.0
"""Between two questions whether the files have been inspected, and for how long that is awaited."""
PUSH_TAG = "modelyard.push"
"""Marks the version that a push has made, so that a lost answer makes no second one."""


@dataclass(frozen=True)
class Version:
    """A model version, as far as it matters here."""

    id: str
    version: str
    number: int


@dataclass(frozen=True)
class NewVersion:
    """What a version is to be like."""

    model: str
    version: str | None = None
    increment: str | None = None
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    candidate_id: str | None = None
    artifact_folder: str = ""


@dataclass(frozen=True)
class Plan:
    """All that a push is going to ask for; ``manifest`` is the digest of its files once it is known."""

    new: NewVersion
    files: Sequence[LocalFile]
    aliases: Sequence[str] = ()
    creates_model: bool = True
    manifest: str | None = None


def split_reference(text: str) -> tuple[str, str | None]:
    """Model and reference of `churn`, `churn@champion`, `churn:^1.2`, `churn:1.2.3` or `churn#7`; None: none."""
    mark = _SPLIT.search(text)
    if mark is None:
        return text, None
    name, rest = text[: mark.start()], text[mark.start() :]
    return name, rest[1:] if rest[0] == ":" else rest


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
    data = await api.ask(documents.VIEWER, project=api.connection.project)
    if data["project"] is None:
        raise no_project(api)


def no_project(api: Api) -> NotFound:
    """That there is no such project, or that it may not be seen."""
    return NotFound(f"There is no project `{api.connection.project}`, or the token may not see it.")


async def require_model(api: Api, name: str, *, create: bool | None) -> None:
    """Make sure that there is a model; ``create`` None: where none can be made.

    Raises:
        Failure: there is none and it shall or may not be made.
    """
    lookup = model_lookup(api, name)
    if (await api.ask(documents.MODEL, model=lookup))["model"]:
        return
    if not create:
        hint = "" if create is None else "; with --create it would be made"
        raise NotFound(f"There is no model `{name}` in {api.connection.project}{hint}.")
    try:
        await api.change(documents.MODEL_CREATE, input={"project": {"path": api.connection.project}, "name": name})
    except Failure as failure:
        if failure.code != "TAKEN":  # another caller was faster
            raise


async def candidate(api: Api, id: str) -> dict[str, Any]:
    """A candidate's id, UUID and name.

    Raises:
        Failure: there is none, or it may not be seen.
    """
    node: dict[str, Any] | None = (await api.ask(documents.CANDIDATE, candidate=candidate_lookup(api, id)))["candidate"]
    if node is None:
        raise NotFound(f"There is no candidate `{id}` in {api.connection.project}.")
    return node


async def made_version(api: Api, resume: ResumeState, model: str) -> Version | None:
    """The version that this push has made already; None if it has made none, or it has been deleted."""
    if resume.version:
        node = (await api.ask(documents.VERSION_BY_ID, id=resume.version))["node"]
        return _version(node) if node else None
    if not resume.requested:
        return None
    owner = (await api.ask(documents.NEWEST_VERSIONS, model=model_lookup(api, model)))["model"]
    nodes = owner["versions"]["nodes"] if owner else []
    return next((_version(node) for node in nodes if _is_of(node, resume.push)), None)


async def make_version(api: Api, resume: ResumeState, new: NewVersion) -> Version:
    """The version of this push: the one that it has made, else a new one. Never two, whatever answer gets lost.

    Raises:
        Failure: the service refused it.
    """

    async def attempt() -> Version:
        version = await made_version(api, resume, new.model)
        if version is None and resume.version:
            # Its files went with it: a new one would have none.
            raise NotFound("The version of this push was deleted while files were sent; push again.")
        if version is None:
            resume.requested = True
            resume.save()
            version = await _create(api, resume, new)
        resume.version = version.id
        resume.save()
        return version

    return await http.retry(attempt, api.connection.patience, api.notice)


async def require_possible(api: Api, plan: Plan) -> None:
    """Refuse what the service would refuse, before anything is made or sent.

    Raises:
        Failure: the version, an alias, a tag or the name of a file is not acceptable, or the version is taken.
    """
    new = plan.new
    if not plan.creates_model:
        await require_model(api, new.model, create=False)
    wanted: dict[str, Any] = {
        "project": {"path": api.connection.project},
        "modelName": new.model,
        "createsModel": plan.creates_model,
        "version": new.version,
        "increment": new.increment,
        "description": new.description,
        "tags": [{"key": key, "value": value} for key, value in {**new.tags, PUSH_TAG: ""}.items()],
        "artifactFolder": new.artifact_folder,
        "aliases": list(plan.aliases),
        "manifest": plan.manifest,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    files = [{"path": file.name, "size": file.size} for file in plan.files]
    for start in range(0, max(len(files), 1), _CHECKED):
        answer = await api.ask(documents.VERSION_CHECK, input=given | {"files": files[start : start + _CHECKED]})
        refusals = answer["modelVersionCheck"]["userErrors"]
        if refusals:
            lines = [refusal["message"] for refusal in refusals[:_TOLD]]
            raise failures.of(refusals[0]["code"], "\n".join(lines))


async def complete(api: Api, version: Version, aliases: Sequence[str]) -> None:
    """Say that all files of the version were pushed: from then on `latest`, ranges and these aliases mean it.

    Raises:
        Failure: a file is not fit for use, the service refused it, or did not inspect the files in time.
    """
    deadline = time.monotonic() + _INSPECTION_SECONDS
    wanted = {"modelVersion": {"id": version.id}, "aliases": list(aliases)}
    while True:
        try:
            await api.change(documents.VERSION_COMPLETE, input=wanted)
        except Failure as failure:
            if failure.code != "FILES_PENDING" or time.monotonic() > deadline:
                raise
            await asyncio.sleep(_PENDING_SECONDS)
        else:
            return


async def _create(api: Api, resume: ResumeState, new: NewVersion) -> Version:
    tags = {**new.tags, PUSH_TAG: resume.push}
    wanted: dict[str, Any] = {
        "model": model_lookup(api, new.model),
        "version": new.version,
        "increment": new.increment,
        "description": new.description,
        "tags": [{"key": key, "value": value} for key, value in tags.items()],
        "candidateId": new.candidate_id,
        "artifactFolder": new.artifact_folder,
        "isOpen": True,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    try:
        payload = await api.change_once(documents.VERSION_CREATE, {"input": given})
    except Failure:
        resume.requested = False
        resume.save()
        raise
    return _version(payload["modelVersion"])


def _version(node: Mapping[str, Any]) -> Version:
    return Version(node["id"], node["version"], int(node["number"]))


def _is_of(node: Mapping[str, Any], push: str) -> bool:
    return {"key": PUSH_TAG, "value": push} in node["tags"]
