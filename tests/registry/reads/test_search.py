"""Searches for models and versions in MLflow's grammar."""

from __future__ import annotations

import pytest

from app.errors import Invalid
from app.registry import models
from app.registry.models import CreateModel, EditModel
from app.registry.reads import search
from app.registry.reads.search import SearchModels, SearchVersions
from app.registry.versions import create, delete
from app.registry.versions.request import CreateVersion
from app.tracking import candidates
from app.tracking.candidates import CreateCandidate


async def new_model(project, name, **values):
    return await models.create(project.runtime.db, project.owner, project.id, CreateModel(name, **values))


async def new_version(project, model, version=None, **values):
    command = CreateVersion(model, version, **values)
    return await create.create(project.runtime.db, project.owner, project.id, command)


async def find_models(project, filter="", **values):
    command = SearchModels(filter, **values)
    rows, token = await search.models(project.runtime.db, project.owner, project.id, command)
    return [result.row.name for result in rows], token


async def find_versions(project, filter="", **values):
    command = SearchVersions(filter, **values)
    rows, token = await search.versions(project.runtime.db, project.owner, project.id, command)
    return [result.row.version for result in rows], token


@pytest.fixture
async def some_models(project):
    await new_model(project, "Net", tags={"owner": "ann", "team": "a"})
    await new_model(project, "net-2", tags={"owner": "bob"})
    await new_model(project, "tree")
    await new_model(project, "gone", tags={"owner": "ann"})
    await models.delete(project.runtime.db, project.owner, project.id, "gone")


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ("", ["Net", "net-2", "tree"]),
        ("name = 'Net'", ["Net"]),
        ("name != 'Net'", ["net-2", "tree"]),
        ("name LIKE 'net%'", ["net-2"]),
        ("name ILIKE 'NET%'", ["Net", "net-2"]),
        ("name IN ('tree', 'Net')", ["Net", "tree"]),
        ("tags.owner = 'ann'", ["Net"]),
        ("tag.owner != 'ann'", ["net-2"]),
        ("tags.owner ILIKE '%N%' AND tags.team = 'a'", ["Net"]),
        ("tag.`mlflow.prompt.is_prompt` != 'true'", ["Net", "net-2", "tree"]),
        ("tag.`mlflow.prompt.is_prompt` = 'true'", []),
        ("name LIKE '%\\'", []),
    ],
)
async def test_search_filters_models(project, some_models, filter, expected):
    assert await find_models(project, filter) == (expected, None)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (("name DESC",), ["tree", "net-2", "Net"]),
        (("last_updated_timestamp",), ["net-2", "tree", "Net"]),
        (("timestamp DESC", "name"), ["Net", "tree", "net-2"]),
    ],
)
async def test_search_pages_models_in_every_order(project, some_models, order, expected):
    await models.edit(project.runtime.db, project.owner, project.id, "Net", EditModel(description="x"))
    names, token = [], None
    while True:
        page, token = await find_models(project, order_by=order, limit=1, page_token=token)
        names += page
        if token is None:
            break
    assert names == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"filter": "colour = 'red'"},
        {"filter": "name = 3"},
        {"order_by": ("colour",)},
        {"limit": 0},
        {"limit": 1001},
        {"page_token": "bm9uc2Vuc2U"},
    ],
)
async def test_search_refuses_what_is_no_filter_or_order(project, some_models, wrong):
    with pytest.raises(Invalid):
        await find_models(project, **wrong)


async def test_page_tokens_belong_to_their_search(project, some_models):
    _, token = await find_models(project, limit=1)
    with pytest.raises(Invalid, match="page token"):
        await find_models(project, "name != 'x'", limit=1, page_token=token)
    with pytest.raises(Invalid, match="page token"):
        await find_versions(project, limit=1, page_token=token)


@pytest.fixture
async def some_versions(project):
    run = (await candidates.create(project.runtime.db, project.owner, project.id, CreateCandidate())).candidate.id
    await new_model(project, "a")
    await new_model(project, "b")
    await new_version(project, "a", "1.0.0", source="s3://x/1", tags={"k": "1"})
    await new_version(project, "a", "2.0.0", candidate_id=run)
    await new_version(project, "b", "3.0.0", tags={"k": "2"})
    gone = await new_version(project, "b", "4.0.0", candidate_id=run)
    await delete.delete(project.runtime.db, project.owner, project.id, gone.id)
    return run


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ("", ["3.0.0", "2.0.0", "1.0.0"]),
        ("name = 'a'", ["2.0.0", "1.0.0"]),
        ("name = 'a' AND version_number = 1", ["1.0.0"]),
        ("version_number >= '2'", ["2.0.0"]),
        ("source_path LIKE 's3://%'", ["1.0.0"]),
        ("tags.k = '2'", ["3.0.0"]),
        ("tags.`gitlab.version` = '2.0.0'", ["2.0.0"]),
        ("tags.`mlflow.prompt.is_prompt` != 'true' AND name = 'b'", ["3.0.0"]),
        ("run_id = '{run}'", ["2.0.0"]),
        ("run_id IN ('{run}', 'x')", ["2.0.0"]),
        ("run_id NOT IN ('{run}')", ["3.0.0", "1.0.0"]),
        ("run_id != 'nonsense'", ["3.0.0", "2.0.0", "1.0.0"]),
        ("run_id = 'nonsense'", []),
        ("run_id LIKE '{run}%'", ["2.0.0"]),
    ],
)
async def test_search_filters_versions(project, some_versions, filter, expected):
    assert await find_versions(project, filter.format(run=some_versions.hex)) == (expected, None)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((), ["3.0.0", "2.0.0", "1.0.0"]),
        (("name", "version_number DESC"), ["2.0.0", "1.0.0", "3.0.0"]),
        (("version_number",), ["1.0.0", "3.0.0", "2.0.0"]),
        (("creation_timestamp",), ["1.0.0", "2.0.0", "3.0.0"]),
    ],
)
async def test_search_pages_versions_in_every_order(project, some_versions, order, expected):
    names, token = [], None
    while True:
        page, token = await find_versions(project, order_by=order, limit=1, page_token=token)
        names += page
        if token is None:
            break
    assert names == expected
