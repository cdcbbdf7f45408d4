"""The latest versions of many models: by precedence, and in as many statements for one as for fifty."""

from __future__ import annotations

import pytest

from app.access.projects import ProjectNotFound
from app.pagination import Window
from app.registry import aliases, models
from app.registry.models import CreateModel, ModelNotFound
from app.registry.reads import details, loaders, search
from app.registry.reads.loaders import ModelOrder
from app.registry.reads.search import SearchModels, SearchVersions
from app.registry.references.parse import parse_reference
from app.registry.references.resolve import Named
from app.registry.versions import create
from app.registry.versions.request import CreateVersion
from tests.support.registry import moves


async def new_model(project, name, *texts):
    db = project.runtime.db
    model = await models.create(db, project.owner, project.id, CreateModel(name))
    for text in texts:
        await create.create(db, project.owner, project.id, CreateVersion(name, text))
    return model


async def test_latest_of_many_models_is_the_highest_release(runtime, project):
    ids = [
        (await new_model(project, "a", "1.9.0", "1.10.0", "2.0.0-rc.1")).id,
        (await new_model(project, "b")).id,
        (await new_model(project, "c", "0.1.0-rc.2", "0.1.0-rc.10")).id,
    ]
    keys = [(project.id, id) for id in (*reversed(ids), 0)]
    result = await loaders.latest_of_models(runtime.db, project.owner, keys)
    assert [version and version.version for version in result] == ["0.1.0-rc.10", None, "1.10.0", None]
    hidden = await loaders.latest_of_models(runtime.db, project.stranger.actor, keys)
    assert [type(refusal) for refusal in hidden] == [ProjectNotFound] * 4


async def test_latest_of_each_stage_is_the_highest_in_it(runtime, project):
    first = await new_model(project, "a", "1.0.0", "1.1.0", "1.2.0", "1.3.0-rc.1", "1.3.0")
    second = await new_model(project, "b", "1.0.0-rc.1")
    third = await new_model(project, "c")
    for reference, stage in (
        ("1.0.0", "Production"),
        ("1.1.0", "production"),
        ("1.3.0-rc.1", "production"),
        ("1.3.0", "archived"),
    ):
        target = Named("a", parse_reference(reference))
        await moves.set_stage(runtime.db, project.owner, project.id, target, stage)
    ids = [third.id, second.id, first.id]
    result = await details.models_by_ids(runtime.db, project.owner, project.id, ids)
    assert [[(version.row.stage, version.row.version) for version in one.latest] for one in result] == [
        [],
        [("None", "1.0.0-rc.1")],
        [("None", "1.2.0"), ("Production", "1.1.0"), ("Archived", "1.3.0")],
    ]
    assert await details.latest_versions(runtime.db, project.owner, project.id, "a") == result[2].latest
    with pytest.raises(ModelNotFound):
        await details.latest_versions(runtime.db, project.owner, project.id, "none")


async def test_reads_cost_as_many_statements_for_fifty_rows_as_for_one(runtime, project, statements):
    db, owner, id = runtime.db, project.owner, project.id
    made = []

    async def cost():
        keys = [(id, model.id) for model in made]
        with statements() as seen:
            listed = loaders.models_of_projects(db, owner, [(id,)], Window(first=100), text="", order=ModelOrder())
            (page,) = await listed
            rows, _ = await search.models(db, owner, id, SearchModels())
            result, _ = await search.versions(db, owner, id, SearchVersions())
            counts = [len(page.items), len(rows), len(result)]
            for load in (loaders.models_by_keys, loaders.latest_of_models):
                loaded = await load(db, owner, keys)
                counts.append(sum(one is not None for one in loaded))
            counts.append(sum(map(len, await loaders.aliases_of_models(db, owner, keys))))
            version_keys = [(id, version.row.id) for version in result]
            counts.append(sum(map(len, await loaders.aliases_of_versions(db, owner, version_keys))))
        assert counts == [len(made)] * 7
        return len(seen)

    async def grow(number):
        for _ in range(number):
            name = f"m{len(made)}"
            made.append(await new_model(project, name, "1.0.0"))
            await aliases.set(db, owner, id, name, "champion", parse_reference("latest"))

    await grow(1)
    for_one = await cost()
    await grow(49)
    assert await cost() == for_one == 16
