"""Models: their names, experiments, tags and pages."""

from __future__ import annotations

import asyncio

import pytest

from app.access.policy import ANONYMOUS, Role
from app.access.projects import ProjectNotFound
from app.errors import Forbidden, Invalid, NotFound
from app.pagination import Window
from app.registry import models
from app.registry.models import CreateModel, EditModel, ModelNotFound, ModelTaken
from app.registry.reads import loaders
from app.registry.reads.loaders import ModelOrder, ModelSort
from app.tracking import experiments
from app.tracking.experiments import CreateExperiment, ExperimentNotFound


async def new_model(project, name="m", **values):
    return await models.create(project.runtime.db, project.owner, project.id, CreateModel(name, **values))


async def rename(project, name, new_name):
    return await models.edit(project.runtime.db, project.owner, project.id, name, EditModel(name=new_name))


async def patch_tags(project, tags):
    """As MLflow's calls for single tags do."""
    command = EditModel(tags=tags, is_update=False)
    return await models.edit(project.runtime.db, project.owner, project.id, "m", command)


async def listed(project, window, *, text="", order=None):
    db, keys = project.runtime.db, [(project.id,)]
    (page,) = await loaders.models_of_projects(db, project.owner, keys, window, text=text, order=order or ModelOrder())
    return page


async def test_model_and_its_experiment_are_made_together(runtime, project):
    model = await new_model(project, "team/résumé", description="# Hi", tags={"a": "1"})
    result = await models.get(runtime.db, project.owner, project.id, "team/résumé")
    assert (result.id, result.description, result.tags, result.created_by, result.last_number) == (
        model.id,
        "# Hi",
        {"a": "1"},
        project.owner.user_id,
        0,
    )
    experiment = await experiments.get(runtime.db, project.owner, project.id, model.experiment_number)
    assert experiment.name == "[model]team/résumé"
    assert (await models.get(runtime.db, project.owner, project.path, model.id)).name == "team/résumé"


async def test_create_with_a_taken_name_names_the_other_model_and_writes_nothing(runtime, project):
    model = await new_model(project)
    with pytest.raises(ModelTaken) as caught:
        await new_model(project)
    assert caught.value.existing_id == model.id
    assert str(model.id) in caught.value.message
    assert (await new_model(project, "next")).experiment_number == model.experiment_number + 1


async def test_one_of_many_concurrent_creations_of_a_name_wins(runtime, project):
    answers = await asyncio.gather(*(new_model(project) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(answer, models.Model) for answer in answers) == 1
    assert sum(isinstance(answer, ModelTaken) for answer in answers) == 7


async def test_a_new_model_adopts_an_experiment_of_its_name(runtime, project):
    made = await experiments.create(runtime.db, project.owner, project.id, CreateExperiment("[model]m"))
    assert (await new_model(project)).experiment_number == made.number


@pytest.mark.parametrize("name", ["", " ", "a:b", "a//b", "..", "x" * 256, "a\nb"])
async def test_bad_names_are_refused_and_name_no_model(runtime, project, name):
    with pytest.raises(Invalid):
        await new_model(project, name)
    with pytest.raises(ModelNotFound):
        await models.get(runtime.db, project.owner, project.id, name)


@pytest.mark.parametrize("id", [0, -1, 2**63, 2**31])
async def test_unknown_ids_are_not_found(runtime, project, id):
    with pytest.raises(ModelNotFound):
        await models.get(runtime.db, project.owner, project.id, id)


async def test_a_refused_description_creates_no_experiment(runtime, project):
    with pytest.raises(Invalid, match="at most 10000"):
        await new_model(project, description="x" * 10_001)
    with pytest.raises(ExperimentNotFound):
        await experiments.get_by_name(runtime.db, project.owner, project.id, "[model]m")


async def test_rename_renames_the_experiment_too(runtime, project):
    model = await new_model(project)
    await new_model(project, "other")
    renamed = await rename(project, "m", "new")
    assert (renamed.id, renamed.name) == (model.id, "new")
    experiment = await experiments.get(runtime.db, project.owner, project.id, model.experiment_number)
    assert experiment.name == "[model]new"
    with pytest.raises(ModelTaken):
        await rename(project, "new", "other")
    with pytest.raises(ModelNotFound):
        await models.get(runtime.db, project.owner, project.id, "m")
    assert (await rename(project, "new", "new")).name == "new"


async def test_one_of_many_concurrent_renames_to_a_name_wins(runtime, project):
    for name in ("a", "b", "c"):
        await new_model(project, name)
    renames = (rename(project, name, "new") for name in ("a", "b", "c"))
    answers = await asyncio.gather(*renames, return_exceptions=True)
    assert [type(answer) for answer in answers].count(models.Model) == 1
    assert [type(answer) for answer in answers].count(ModelTaken) == 2


async def test_deleted_name_is_free_at_once(runtime, project):
    first = await new_model(project)
    await models.delete(runtime.db, project.owner, project.id, "m")
    with pytest.raises(ModelNotFound):
        await models.get(runtime.db, project.owner, project.id, first.id)
    with pytest.raises(ModelNotFound):
        await models.delete(runtime.db, project.owner, project.id, first.id)
    second = await new_model(project)
    assert second.id != first.id
    assert second.experiment_number != first.experiment_number


async def test_patched_tags_keep_other_tags_and_the_time_of_the_update(runtime, project):
    model = await new_model(project, tags={"a": "1", "b": "2"})
    await asyncio.gather(*(patch_tags(project, {f"k{n}": str(n)}) for n in range(5)))
    await patch_tags(project, {"a": "new"})
    changed = await patch_tags(project, {"b": None})
    assert changed.tags == {"a": "new"} | {f"k{n}": str(n) for n in range(5)}
    assert changed.updated_at == model.updated_at
    assert (await patch_tags(project, {"b": None})).tags == changed.tags


async def test_tags_of_a_model_have_a_limit_together(runtime, project):
    await new_model(project, tags={f"k{n}": "" for n in range(1000)})
    with pytest.raises(Invalid, match="1001 tags"):
        await patch_tags(project, {"one-more": ""})
    with pytest.raises(Invalid):
        await patch_tags(project, {"a\x00": ""})


async def test_edit_changes_description_and_time(runtime, project):
    model = await new_model(project)
    edited = await models.edit(runtime.db, project.owner, project.id, "m", EditModel(description="new"))
    assert edited.description == "new"
    assert edited.updated_at > model.updated_at


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (ModelOrder(), ["Zeta", "alpha", "beta", "gamma"]),
        (ModelOrder(ModelSort.NAME, descending=True), ["gamma", "beta", "alpha", "Zeta"]),
        (ModelOrder(ModelSort.CREATED_AT), ["beta", "alpha", "Zeta", "gamma"]),
        (ModelOrder(ModelSort.UPDATED_AT, descending=True), ["beta", "gamma", "Zeta", "alpha"]),
    ],
)
async def test_models_are_paged_in_every_order(runtime, project, order, expected):
    for name in ("beta", "alpha", "Zeta", "gamma"):
        await new_model(project, name)
    await models.edit(runtime.db, project.owner, project.id, "beta", EditModel(description="x"))
    names, after = [], None
    while True:
        window = Window(first=3, after=after)
        page = await listed(project, window, order=order)
        names += [model.name for model in page.items]
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert names == expected


async def test_models_match_a_substring_in_any_case(runtime, project):
    for name in ("Résumé", "a%b", "ab"):
        await new_model(project, name)
    for text, expected in (("sum", ["Résumé"]), ("A%B", ["a%b"]), ("nothing", [])):
        page = await listed(project, Window(), text=text)
        assert [model.name for model in page.items] == expected
        keys = [(project.id,)]
        assert await loaders.count_models_of_projects(runtime.db, project.owner, keys, text=text) == [len(expected)]


async def test_guests_read_reporters_create_and_strangers_see_nothing(runtime, project, staff):
    await new_model(project)
    guest, reporter = project[Role.GUEST].actor, project[Role.REPORTER].actor
    assert (await models.get(runtime.db, guest, project.id, "m")).name == "m"
    with pytest.raises(Forbidden):
        await models.create(runtime.db, guest, project.id, CreateModel("x"))
    with pytest.raises(Forbidden):
        await models.delete(runtime.db, guest, project.id, "m")
    await models.create(runtime.db, reporter, project.id, CreateModel("x"))
    for actor in (project.stranger.actor, ANONYMOUS):
        with pytest.raises(NotFound):
            await models.get(runtime.db, actor, project.id, "m")
        (refusal,) = await loaders.models_by_keys(runtime.db, actor, [(project.id, 1)])
        assert isinstance(refusal, ProjectNotFound)


async def test_models_of_another_project_do_not_exist(runtime, project, staff):
    from tests.conftest import new_project  # noqa: PLC0415

    model = await new_model(project)
    other = await new_project(runtime, staff)
    with pytest.raises(ModelNotFound):
        await models.get(runtime.db, other.owner, other.id, model.id)
    assert await loaders.models_by_keys(runtime.db, other.owner, [(other.id, model.id)]) == [None]
    nothing, same = await loaders.models_by_keys(runtime.db, project.owner, [(project.id, 0), (project.id, model.id)])
    assert nothing is None
    assert same.id == model.id
