"""Models: listed, looked up, changed, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from modelyard_client import targets
from modelyard_client.failures import NotFound
from modelyard_client.registry import answers, documents
from modelyard_client.results import Model
from modelyard_client.service.graphql import Api

_PAGE = 100


async def listed(api: Api, search: str = "", limit: int | None = None) -> list[Model]:
    """Models of the project by name; at most so many, and only those with this text in their names.

    Raises:
        NotFound: there is no such project.
    """
    models: list[Model] = []
    after = None
    while limit is None or len(models) < limit:
        first = _PAGE if limit is None else min(_PAGE, limit - len(models))
        data = await api.ask(documents.MODELS, project=api.connection.project, search=search, first=first, after=after)
        if data["project"] is None:
            raise targets.no_project(api)
        page = data["project"]["models"]
        models += [answers.model(node) for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"] or not page["nodes"]:
            break
    return models


async def get(api: Api, name: str) -> Model:
    """The model of that name.

    Raises:
        NotFound: there is none.
    """
    data = await api.ask(documents.MODEL, model=targets.model_lookup(api, name))
    if data["model"] is None:
        raise no_model(api, name)
    return answers.model(data["model"])


async def change(
    api: Api, name: str, tags: Optional[Mapping[str, Optional[str]]] = None, description: Optional[str] = None
) -> None:
    """Set tags (None removes one) and the description.

    Raises:
        Failure: the service refused it.
    """
    wanted: dict[str, Any] = {"model": targets.model_lookup(api, name), "tags": tag_patches(tags or {})}
    if description is not None:
        wanted["description"] = description
    await api.change(documents.MODEL_UPDATE, input=wanted)


async def delete(api: Api, id: str) -> None:
    """Delete the model of this id with all its versions: another one could have its name by now.

    Raises:
        NotFound: there is none.
    """
    await api.delete(documents.MODEL_DELETE, input={"model": {"id": id}})


def tag_patches(tags: Mapping[str, Optional[str]]) -> list[dict[str, Optional[str]]]:
    """``TagPatch`` of the API."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def no_model(api: Api, name: str) -> NotFound:
    """That there is no such model, or that it may not be seen."""
    return NotFound(f"There is no model `{name}` in {api.connection.project}.")
