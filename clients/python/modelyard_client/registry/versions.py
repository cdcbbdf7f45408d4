"""Versions: listed, looked up, staged, named, tagged, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from modelyard_client import targets
from modelyard_client.failures import Failure, NotFound, PromotionRefused
from modelyard_client.registry import answers, documents, models
from modelyard_client.results import Version
from modelyard_client.service.graphql import Api

_PAGE = 100


async def listed(
    api: Api, model: str, reference: str | None = None, search: str = "", limit: int | None = None
) -> list[Version]:
    """Versions of a model, the highest first; at most so many, and only those that a reference such as ``^1.2`` means.

    Raises:
        NotFound: there is no such model.
    """
    versions: list[Version] = []
    after = None
    while limit is None or len(versions) < limit:
        first = _PAGE if limit is None else min(_PAGE, limit - len(versions))
        lookup = targets.model_lookup(api, model)
        data = await api.ask(
            documents.VERSIONS, model=lookup, reference=reference, search=search, first=first, after=after
        )
        if data["model"] is None:
            raise models.no_model(api, model)
        page = data["model"]["versions"]
        versions += [answers.version(node) for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"] or not page["nodes"]:
            break
    return versions


async def get(api: Api, model: str, reference: str) -> Version:
    """The version that a reference means, with params, metrics and its first files.

    Raises:
        NotFound: there is none.
    """
    lookup = targets.version_lookup(api, model, reference)
    node = (await api.ask(documents.VERSION, version=lookup)).get("modelVersion")
    if node is None:
        raise await _missing(api, model, reference)
    return answers.version(node)


async def set_stage(api: Api, model: str, reference: str, stage: str, *, archive_existing: bool = False) -> Version:
    """Move it to a stage; ``archive_existing`` moves those that are there to ``archived``.

    Raises:
        PromotionRefused: rules keep it out, or it is not READY.
        NotFound, Forbidden, Conflict: the service refused it.
    """
    lookup = targets.version_lookup(api, model, reference)
    wanted = {"modelVersion": lookup, "stage": stage, "archiveExisting": archive_existing}
    try:
        payload = await api.change(documents.STAGE_SET, input=wanted)
    except Failure as failure:
        if failure.code == "VERSION_NOT_READY":
            raise PromotionRefused(failure.message, code=failure.code) from None
        raise
    return answers.version(payload["modelVersion"])


async def set_alias(api: Api, model: str, reference: str, name: str, expected_number: Optional[int] = None) -> Version:
    """Let an alias mean the version; with ``expected_number`` only if it means that number so far (0: none).

    Raises:
        NotFound, Forbidden, Conflict: the service refused it.
    """
    wanted: dict[str, Any] = {"model": targets.model_lookup(api, model), "name": name, "reference": reference}
    if expected_number is not None:
        wanted["expectedCurrent"] = expected_number
    payload = await api.change(documents.ALIAS_SET, input=wanted)
    return answers.version(payload["alias"]["modelVersion"])


async def delete_alias(api: Api, model: str, name: str) -> bool:
    """Whether there was such an alias; there is none now.

    Raises:
        NotFound, Forbidden: the service refused it.
    """
    wanted = {"model": targets.model_lookup(api, model), "name": name}
    return (await api.change(documents.ALIAS_DELETE, input=wanted)).get("deletedId") is not None


async def change(
    api: Api,
    version: Mapping[str, Any],
    tags: Optional[Mapping[str, Optional[str]]] = None,
    description: Optional[str] = None,
) -> None:
    """Set tags (None removes one) and the description of a version (``ModelVersionLookup`` of the API).

    Raises:
        NotFound, Forbidden: the service refused it.
    """
    wanted: dict[str, Any] = {"modelVersion": version, "tags": models.tag_patches(tags or {})}
    if description is not None:
        wanted["description"] = description
    await api.change(documents.VERSION_UPDATE, input=wanted)


async def delete(api: Api, id: str) -> None:
    """Delete the version of this id: a reference could mean another one by now.

    Raises:
        NotFound, Forbidden: the service refused it.
    """
    await api.delete(documents.VERSION_DELETE, input={"modelVersion": {"id": id}})


async def _missing(api: Api, model: str, reference: str) -> NotFound:
    """What is missing: the project, the model, or the version."""
    await targets.require_project(api)
    await targets.require_model(api, model, create=None)
    return NotFound(f"There is no version `{reference}` of `{model}` in {api.connection.project}.")
