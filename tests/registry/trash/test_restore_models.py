"""Deleted models: hidden with all that is theirs, restored under their name or another, and removed in time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from app.access.policy import Role
from app.errors import Conflict, Forbidden
from app.registry import aliases, models, purge
from app.registry.guards import VersionProtected
from app.registry.models import EditModel, ModelNotFound, ModelTaken
from app.registry.names import InvalidName
from app.registry.references.parse import parse_reference
from app.registry.trash import restore_models, restore_versions
from app.registry.trash.restore_models import NameTakenAgain
from app.registry.trash.retention import NotRestorable
from app.registry.trash.trashed import SeveralDeleted
from app.registry.versions import delete, lookup
from app.tracking import candidates, experiments, logged_models
from app.tracking.candidates import CandidateNotFound, CreateCandidate
from app.tracking.experiments import CreateExperiment, ExperimentNotFound, ExperimentTaken
from app.tracking.logged_models import CreateLoggedModel, LoggedModelNotFound
from tests.registry.trash.conftest import silent
from tests.support.registry import moves


async def restore(trash, reference, name=None, actor=None):
    return await restore_models.restore(trash.db, actor or trash.owner, trash.project.id, reference, name=name)


async def remove(trash, reference="m", **options):
    return await models.delete(trash.db, options.pop("actor", trash.owner), trash.project.id, reference, **options)


async def by_reference(trash, reference, model="m"):
    return await lookup.by_reference(trash.db, trash.owner, trash.project.id, model, parse_reference(reference))


async def test_a_deleted_model_comes_back_with_what_was_hidden_with_it(trash, model):
    first, second, third = [await trash.version() for _ in range(3)]
    run = (
        await candidates.create(trash.db, trash.owner, trash.project.id, CreateCandidate(model.experiment_number))
    ).candidate
    await aliases.set(trash.db, trash.owner, trash.project.id, "m", "champion", parse_reference("#1"))
    await moves.set_stage(trash.db, trash.owner, trash.project.id, second.id, "staging")
    await delete.delete(trash.db, trash.owner, trash.project.id, third.id)
    gone = await remove(trash)
    assert gone.is_restorable
    with pytest.raises(ModelNotFound):
        await models.get(trash.db, trash.owner, trash.project.id, "m")
    for candidate_id in (run.id, first.candidate_id):
        with pytest.raises(CandidateNotFound):
            await candidates.find(trash.db, trash.owner, trash.project.id, candidate_id)
    with pytest.raises(ExperimentNotFound):
        await experiments.get(trash.db, trash.owner, trash.project.id, model.experiment_number)
    assert await trash.run_due() == []
    restored = await restore(trash, model.id)
    assert (restored.id, restored.name, restored.deleted_at, restored.purge_at) == (model.id, "m", None, None)
    assert (await by_reference(trash, "@champion")).id == first.id
    assert (await by_reference(trash, "stage:staging")).id == second.id
    for candidate_id in (run.id, first.candidate_id, second.candidate_id):
        await candidates.find(trash.db, trash.owner, trash.project.id, candidate_id)
    with pytest.raises(CandidateNotFound):
        await candidates.find(trash.db, trash.owner, trash.project.id, third.candidate_id)
    with pytest.raises(lookup.VersionNotFound):
        await by_reference(trash, "#3")
    assert (await restore_versions.restore(trash.db, trash.owner, trash.project.id, third.id)).id == third.id
    await candidates.find(trash.db, trash.owner, trash.project.id, third.candidate_id)
    assert (await trash.version()).number == 4


async def test_logged_models_are_hidden_and_come_back_too(trash, model):
    command = CreateLoggedModel(model.experiment_number, name="net")
    logged = (await logged_models.create(trash.db, trash.owner, trash.project.id, command)).model
    version = await trash.version(logged_model_id=logged.id)
    await remove(trash)
    with pytest.raises(LoggedModelNotFound):
        await logged_models.get(trash.db, trash.owner, trash.project.id, logged.id)
    await restore(trash, model.id)
    assert (await logged_models.get(trash.db, trash.owner, trash.project.id, logged.id)).model.id == logged.id
    assert (await by_reference(trash, "#1")).logged_model_id == version.logged_model_id


async def test_the_name_is_free_at_once_and_a_conflict_offers_another(trash, model):
    await trash.version("1.0.0")
    await remove(trash)
    again = await trash.model()
    assert again.id != model.id
    assert again.experiment_number != model.experiment_number
    with pytest.raises(NameTakenAgain, match=rf"again \(id {again.id}\).*`name`"):
        await restore(trash, model.id)
    restored = await restore(trash, model.id, "other")
    assert restored.name == "other"
    assert (await by_reference(trash, "1.0.0", "other")).model_id == model.id
    experiment = await experiments.get(trash.db, trash.owner, trash.project.id, model.experiment_number)
    assert experiment.name == "[model]other"
    assert (await models.get(trash.db, trash.owner, trash.project.id, "m")).id == again.id


async def test_an_experiment_of_the_models_name_is_a_conflict_too(trash, model):
    await remove(trash)
    await experiments.create(trash.db, trash.owner, trash.project.id, CreateExperiment("[model]m"))
    with pytest.raises(NameTakenAgain, match=r"an experiment '\[model\]m'"):
        await restore(trash, model.id)
    assert (await restore(trash, model.id, "n")).name == "n"


async def test_names_that_no_model_can_have_are_refused(trash, model):
    await remove(trash)
    with pytest.raises(InvalidName):
        await restore(trash, model.id, "a:b")
    assert (await restore(trash, model.id)).id == model.id


async def test_a_model_may_be_named_as_it_was_unless_several_were(trash, model):
    await remove(trash)
    assert (await restore(trash, "m")).id == model.id
    await remove(trash)
    again = await trash.model()
    await remove(trash)
    with pytest.raises(SeveralDeleted, match=rf"newest first: {again.id}, {model.id}"):
        await restore(trash, "m")
    assert (await restore(trash, again.id)).id == again.id


async def test_restoring_twice_and_what_was_never_deleted_is_fine(trash, model):
    assert (await restore(trash, model.id)).id == model.id
    assert (await restore(trash, "m", "m")).id == model.id
    with pytest.raises(NotRestorable):
        await restore(trash, "m", "other")
    for reference in (0, -1, 2**63, "", "a:b", "nothing"):
        with pytest.raises(NotRestorable):
            await restore(trash, reference)


async def test_all_goes_when_the_time_is_over_also_what_was_deleted_later(trash, model):
    for _ in range(3):
        version = await trash.version()
        await trash.file(lookup.root_of(version)[0], "w.trash", b"%d" % version.number)
    await delete.delete(trash.db, trash.owner, trash.project.id, version.id, keep=timedelta(days=60))
    await remove(trash)
    await trash.let_time_pass(29)
    assert await trash.run_due() == []
    await trash.let_time_pass(2)
    with pytest.raises(NotRestorable):
        await restore(trash, model.id)
    await trash.run_due()
    tables = ("models", "model_versions", "candidates", "artifacts", "blobs", "aliases", "retired_versions")
    assert [await trash.count(table) for table in tables] == [0] * len(tables)
    assert await trash.count("experiments", "number > 0") == 0


async def test_a_deleted_version_goes_before_its_deleted_model_where_its_time_is_over_first(trash, model):
    version, other = await trash.version(), await trash.version()
    await delete.delete(trash.db, trash.owner, trash.project.id, version.id, keep=timedelta(days=1))
    await remove(trash)
    await trash.let_time_pass(2)
    await trash.run_due()
    assert await trash.count("model_versions") == 1
    await restore(trash, model.id)
    assert (await by_reference(trash, f"#{other.number}")).id == other.id


async def test_what_versions_of_a_deleted_model_need_is_kept_from_other_purges(trash, model):
    """A version of another model that shares a candidate of the deleted one's experiment is removed in between."""
    run = (
        await candidates.create(trash.db, trash.owner, trash.project.id, CreateCandidate(model.experiment_number))
    ).candidate
    await trash.version(candidate_id=run.id)
    await trash.model("other")
    shared = await trash.version(model="other", candidate_id=run.id)
    await remove(trash)
    await delete.delete(trash.db, trash.owner, trash.project.id, shared.id, permanently=True)
    await trash.run_due()
    assert await trash.count("candidates", f"id = '{run.id}'") == 1
    await restore(trash, model.id)
    await candidates.find(trash.db, trash.owner, trash.project.id, run.id)


async def test_a_model_is_not_restored_once_its_removal_has_begun(trash, model, monkeypatch):
    monkeypatch.setattr(purge, "BATCH", 1)
    for _ in range(3):
        await trash.version()
    await remove(trash, permanently=True)

    async def die(_done, _total):
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        await purge.model(trash.db, trash.project.id, model.id, progress=die)
    with pytest.raises(NotRestorable):
        await restore(trash, model.id)
    assert await trash.value("SELECT purge_at < '2000-01-01' FROM models WHERE project_id = :id")
    await purge.model(trash.db, trash.project.id, model.id, progress=silent)
    assert await trash.count("models") == 0


async def test_only_maintainers_delete_permanently(trash, model):
    await trash.version()
    with pytest.raises(Forbidden, match="registry:purge"):
        await remove(trash, actor=trash.project[Role.DEVELOPER].actor, permanently=True)
    await remove(trash, actor=trash.project[Role.REPORTER].actor)
    with pytest.raises(Forbidden):
        await remove(trash, model.id, actor=trash.project[Role.DEVELOPER].actor, permanently=True)
    await remove(trash, model.id, actor=trash.project[Role.MAINTAINER].actor, permanently=True)
    with pytest.raises(NotRestorable):
        await restore(trash, model.id)
    await trash.run_due()
    assert [await trash.count(table) for table in ("models", "model_versions", "candidates")] == [0, 0, 0]


async def test_readers_restore_nothing(trash, model):
    await remove(trash)
    with pytest.raises(Forbidden):
        await restore(trash, model.id, actor=trash.project[Role.GUEST].actor)


async def test_of_a_restore_and_a_creation_at_once_one_has_the_name(trash):
    for number in range(6):
        name = f"m{number}"
        made = await trash.model(name)
        await remove(trash, name)
        restored, again = await asyncio.gather(restore(trash, made.id), trash.model(name), return_exceptions=True)
        failures = [one for one in (restored, again) if isinstance(one, Exception)]
        assert [type(one) for one in failures] in ([NameTakenAgain], [ModelTaken]), failures
        assert await trash.count("models", f"name = '{name}' AND deleted_at IS NULL") == 1
        assert await trash.count("experiments", f"name = '[model]{name}' AND purge_at IS NULL") == 1


async def test_of_a_restore_and_a_rename_at_once_one_has_the_name(trash):
    for number in range(6):
        made, other = await trash.model(f"m{number}"), await trash.model(f"o{number}")
        await remove(trash, made.id)
        renaming = models.edit(trash.db, trash.owner, trash.project.id, other.id, EditModel(name=made.name))
        answers = await asyncio.gather(restore(trash, made.id), renaming, return_exceptions=True)
        failures = [one for one in answers if isinstance(one, Exception)]
        assert len(failures) == 1
        assert isinstance(failures[0], NameTakenAgain | ModelTaken | ExperimentTaken), failures
        assert await trash.count("models", f"name = '{made.name}' AND deleted_at IS NULL") == 1


async def test_of_two_restores_under_two_names_one_is_done(trash, model):
    for _ in range(4):
        await trash.version(model=model.id)
        await remove(trash, model.id)
        answers = await asyncio.gather(*(restore(trash, model.id, name) for name in "ab"), return_exceptions=True)
        done = [one for one in answers if not isinstance(one, Exception)]
        assert len(done) == 1, answers
        assert all(isinstance(one, NotRestorable | Conflict) for one in answers if one not in done), answers
        experiment = await experiments.get(trash.db, trash.owner, trash.project.id, model.experiment_number)
        assert experiment.name == f"[model]{done[0].name}"


async def test_restoring_and_removing_at_once_leaves_all_or_nothing(trash):
    for number in range(6):
        made = await trash.model(f"m{number}")
        version = await trash.version(model=made.name)
        await remove(trash, made.id)
        ended, restored = await asyncio.gather(
            remove(trash, made.id, permanently=True), restore(trash, made.id), return_exceptions=True
        )
        await trash.run_due()
        lives = await trash.count("models", f"id = {made.id} AND deleted_at IS NULL") == 1
        assert lives == (not isinstance(restored, Exception) and isinstance(ended, Exception)), (ended, restored)
        whole = [
            await trash.count("models", f"id = {made.id}"),
            await trash.count("model_versions", f"id = {version.id}"),
            await trash.count("candidates", f"id = '{version.candidate_id}' AND purge_at IS NULL"),
        ]
        assert whole == ([1, 1, 1] if lives else [0, 0, 0])


async def test_the_journal_tells_of_it(trash, model):
    await remove(trash)
    await restore(trash, model.id)
    statement = """SELECT array_agg(type ORDER BY transaction, id) FROM project_events
      WHERE project_id = :id AND object_type = 'Model'"""
    assert await trash.value(statement) == ["MODEL_CREATED", "MODEL_DELETED", "MODEL_RESTORED"]


async def test_model_with_a_version_in_a_protected_stage_is_restored_by_maintainers_only(trash, model):
    version = await trash.version()
    await moves.set_stage(trash.db, trash.owner, trash.project.id, version.id, "production")
    gone = await remove(trash)
    with pytest.raises(VersionProtected, match="cannot be restored"):
        await restore(trash, gone.id, actor=trash.project[Role.DEVELOPER].actor)
    assert (await restore(trash, gone.id, actor=trash.project[Role.MAINTAINER].actor)).name == "m"
