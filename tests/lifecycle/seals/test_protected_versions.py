"""What lesser roles cannot do to a version that is sealed, or in a protected stage: at every door, with a CI token."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import text

from app.access import tokens
from app.access.policy import Role, Scope
from app.access.tokens import IssueToken
from app.artifacts.sealed import VersionSealed
from app.lifecycle.seals import manifests, seals
from app.registry import fact_tags
from app.registry.versions import change, lookup
from app.registry.versions.change import EditVersion
from app.registry.versions.request import VersionTaken
from tests.conftest import Person
from tests.lifecycle.seals.conftest import sealed_version, version_with_files
from tests.support.lifecycle.doors import FILE_DOORS, VERSION_DOORS, Doors
from tests.support.registry.versions import create_version


async def bot(runtime, project, role) -> Person:
    command = IssueToken("ci", (Scope.API,), role=role, project_id=project.id)
    issued = await tokens.issue(runtime.db, project.owner, command)
    return Person(await tokens.authenticate(runtime.db, issued.secret), issued.secret)


async def in_production(runtime, project, *, is_sealed):
    """A version in `production`, which new projects protect; a stage that does not seal leaves it unsealed."""
    version = await version_with_files(runtime, project)
    if is_sealed:
        await seals.seal_version(runtime.db, project.owner, project.id, version.id)
    async with runtime.db.write() as tx:
        moved = "UPDATE model_versions SET stage = 'production' WHERE project_id = :p"
        await tx.execute(text(moved), {"p": project.id})
    return await lookup.get(runtime.db, project.owner, project.id, version.id)


async def state_of(runtime, project, version):
    async with runtime.db.read() as snap:
        _, row = await lookup.find(snap, project.owner, project.id, version.id)
        model = await snap.scalar(text("SELECT name FROM models WHERE id = :m"), {"m": version.model_id})
        return (await manifests.of_version(snap, row)).digest, row.description, model


@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "not sealed"])
@pytest.mark.parametrize("door", [*FILE_DOORS, *VERSION_DOORS])
async def test_no_token_below_maintainer_changes_what_is_in_production(runtime, project, model, http, door, is_sealed):
    version = await in_production(runtime, project, is_sealed=is_sealed)
    before = await state_of(runtime, project, version)
    doors, enter = Doors(http, project, version), (FILE_DOORS | VERSION_DOORS)[door]
    what = "MLmodel" if door in FILE_DOORS else "changed"
    for role in (Role.REPORTER, Role.DEVELOPER):
        refusal = await enter(doors, await bot(runtime, project, role), what)
        assert refusal is not None, role
    assert any(word in refusal for word in ("sealed", "protected")), refusal
    assert await state_of(runtime, project, version) == before
    with pytest.raises(VersionTaken):
        await create_version(runtime, project, version.version)


@pytest.mark.parametrize("door", [*FILE_DOORS, *VERSION_DOORS])
async def test_a_maintainer_changes_what_is_protected_and_not_sealed(runtime, project, model, http, door):
    version = await in_production(runtime, project, is_sealed=False)
    what = "MLmodel" if door in FILE_DOORS else "changed"
    enter = (FILE_DOORS | VERSION_DOORS)[door]
    assert await enter(Doors(http, project, version), project[Role.MAINTAINER], what) is None


@pytest.mark.parametrize("door", [one for one in VERSION_DOORS if "deletion" in one or "name" in one])
async def test_a_maintainer_deletes_what_is_sealed(runtime, project, model, http, door):
    version = await sealed_version(runtime, project)
    assert await VERSION_DOORS[door](Doors(http, project, version), project[Role.MAINTAINER], "changed") is None


@pytest.mark.parametrize("door", ["GraphQL: description", "MLflow: description"])
async def test_even_the_owner_does_not_change_the_description_of_a_sealed_version(runtime, project, model, http, door):
    version = await sealed_version(runtime, project)
    refusal = await VERSION_DOORS[door](Doors(http, project, version), project[Role.OWNER], "changed")
    assert refusal is not None and "sealed" in refusal
    assert await VERSION_DOORS[door](Doors(http, project, version), project[Role.OWNER], "") is None, "no change"


async def test_facts_of_a_sealed_version_are_added_and_not_changed(runtime, project, model):
    given = {"mlflow.source.git.commit": "a" * 40, "note": "1"}
    version = await sealed_version(runtime, project, tags=given)

    async def edit(**patch):
        return await change.edit(runtime.db, project.owner, project.id, version.id, EditVersion(tags=patch))

    for patch in ({"mlflow.source.git.commit": "b"}, {"mlflow.source.git.commit": None}):
        with pytest.raises(VersionSealed, match="which says where it came from"):
            await edit(**patch)
    changed = await edit(**{"mlflow.source.git.branch": "main", "mlflow.source.git.commit": "a" * 40, "note": "2"})
    assert changed.tags == given | {"mlflow.source.git.branch": "main", "note": "2"}


async def test_facts_of_its_candidate_are_added_and_not_changed(runtime, project, model):
    version = await sealed_version(runtime, project)

    async def write(statement, value="a"):
        async with runtime.db.write() as tx:
            values = {"p": project.id, "c": version.candidate_id}
            await tx.execute(text(statement), values | ({"v": value} if ":v" in statement else {}))

    insert = "INSERT INTO candidate_tags (project_id, candidate_id, key, value) VALUES (:p, :c, '{}', :v)"
    mine = "WHERE project_id = :p AND candidate_id = :c AND key = '{}'"
    for key, is_fact in (("mlflow.source.name", True), ("mlflow.runName", False)):
        await write(insert.format(key))
        for statement in ("UPDATE candidate_tags SET value = 'b' " + mine, "DELETE FROM candidate_tags " + mine):
            if is_fact:
                with pytest.raises(VersionSealed):
                    await write(statement.format(key))
            else:
                await write(statement.format(key))


async def test_python_and_the_database_read_facts_from_the_same_tags(runtime):
    keys = "mlflow.source.name mlflow.sourcery mlflow.user mlflow.username mlflow.gitRepoURL mlflow.x my.gitlab.x "
    keys += "gitlab.CI_JOB_ID github.RUN_ID mlflow.project.backend mlflow.docker.image.id"
    async with runtime.db.read() as snap:
        for key in keys.split():
            told = await snap.scalar(text("SELECT is_fact_tag(:k)"), {"k": key})
            assert told == fact_tags.any_fact([key]), key


async def test_a_sealed_version_cannot_be_made_to_wait_for_files_again(runtime, project, model, http):
    version = await create_version(runtime, project, "1.0.0")
    sealed = await seals.seal_version(runtime.db, project.owner, project.id, version.id)
    door = FILE_DOORS["GraphQL: announced upload"]
    assert "VERSION_SEALED" in (await door(Doors(http, project, version), project[Role.OWNER], "late") or "")
    document = '{"files":[],"format":"modelyard-manifest/1"}'
    assert sealed.manifest_digest == hashlib.sha256(document.encode()).digest()
    again = await lookup.get(runtime.db, project.owner, project.id, version.id)
    assert (again.state, again.open_until) == ("ready", "")
