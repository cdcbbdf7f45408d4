"""Yanked and deprecated versions: who withdraws them, and what they are to every resolver."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from app.access.policy import Role
from app.errors import Forbidden, Invalid, TooLarge
from app.lifecycle.seals import seals, withdrawals
from app.lifecycle.seals.withdrawals import AlreadyWithdrawn, Kind, NotWithdrawn, Withdraw
from app.pagination import Window
from app.registry import aliases, guards
from app.registry.reads import details, loaders
from app.registry.reads.loaders import VersionList
from app.registry.references.parse import parse_reference
from app.registry.versions import change
from app.registry.versions.change import EditVersion
from app.registry.versions.lookup import VersionNotFound
from tests.lifecycle.seals.conftest import sealed_version
from tests.support.registry import moves
from tests.support.registry.versions import by_reference, create_version


async def yank(runtime, project, version, role=Role.OWNER, **more):
    command = Withdraw(**({"reason": "Wrong labels"} | more))
    actor = project[role].actor
    return await withdrawals.withdraw(runtime.db, actor, project.id, version.id, Kind.YANK, command)


async def undo(runtime, project, version, kind=Kind.YANK, role=Role.OWNER):
    return await withdrawals.undo(runtime.db, project[role].actor, project.id, version.id, kind)


@pytest.fixture
async def versions(runtime, project, model):
    """1.0.0, 1.1.0 and 2.0.0, all in staging; `champion` stands on the last."""
    made = [await create_version(runtime, project, text) for text in ("1.0.0", "1.1.0", "2.0.0")]
    for version in made:
        await moves.set_stage(runtime.db, project.owner, project.id, version.id, "staging")
    await aliases.set(runtime.db, project.owner, project.id, "m", "champion", parse_reference("2.0.0"))
    return made


RESOLVED = {
    "latest": ("2.0.0", "1.1.0"), "latest-prerelease": ("2.0.0", "1.1.0"), ">=1": ("2.0.0", "1.1.0"),
    "^2": ("2.0.0", None), "^1": ("1.1.0", "1.1.0"), "=2.0.0 || ^1": ("2.0.0", "1.1.0"),
    "stage:staging": ("2.0.0", "1.1.0"),
    "2.0.0": ("2.0.0", "2.0.0"), "#3": ("2.0.0", "2.0.0"), "@champion": ("2.0.0", "2.0.0"),
}  # fmt: skip


async def resolved(runtime, project, reference):
    try:
        return (await by_reference(runtime, project, reference)).version
    except VersionNotFound:
        return None


@pytest.mark.parametrize("reference", RESOLVED)
async def test_only_exact_references_and_aliases_mean_a_yanked_version(runtime, project, versions, reference):
    before, after = RESOLVED[reference]
    assert await resolved(runtime, project, reference) == before
    await yank(runtime, project, versions[2])
    assert await resolved(runtime, project, reference) == after
    await undo(runtime, project, versions[2])
    assert await resolved(runtime, project, reference) == before


async def test_lists_and_latest_versions_leave_a_yanked_version_out(runtime, project, model, versions):
    await yank(runtime, project, versions[2])
    key, db, owner = (project.id, model.id), runtime.db, project.owner
    (newest,) = await loaders.latest_of_models(db, owner, [key])
    assert newest.version == "1.1.0"
    per_stage = [one.row.version for one in await details.latest_versions(db, owner, project.id, "m")]
    assert per_stage == ["1.1.0"]
    for reference, expected in (("^1 || ^2", ["1.1.0", "1.0.0"]), ("stage:staging", ["1.1.0", "1.0.0"])):
        wanted = VersionList(reference=parse_reference(reference))
        ((page,),) = [await loaders.versions_of_models(db, owner, [key], Window(first=10), wanted)]
        assert [row.version for row in page.items] == expected
    ((page,),) = [await loaders.versions_of_models(db, owner, [key], Window(first=10), VersionList())]
    assert [row.version for row in page.items] == ["2.0.0", "1.1.0", "1.0.0"]


async def test_what_a_stage_meant_while_its_highest_version_was_yanked_is_kept(runtime, project, model, versions):
    async def holders():
        query = text("""
            SELECT i.version, h.valid_until IS NULL FROM stage_holders h
            JOIN stage_intervals i ON i.project_id = h.project_id AND i.id = h.interval_id
            WHERE h.project_id = :p ORDER BY h.valid_from, h.id""")
        async with runtime.db.read() as snap:
            return [tuple(row) for row in await snap.execute(query, {"p": project.id})]

    await yank(runtime, project, versions[2])
    assert (await holders())[-2:] == [("2.0.0", False), ("1.1.0", True)]
    await undo(runtime, project, versions[2])
    assert (await holders())[-2:] == [("1.1.0", False), ("2.0.0", True)]


async def test_the_next_version_follows_what_is_not_yanked_and_takes_no_yanked_text(runtime, project, model):
    await create_version(runtime, project, "1.0.0")
    await yank(runtime, project, await create_version(runtime, project, "1.0.1"))
    await yank(runtime, project, await create_version(runtime, project, "3.0.0"))
    assert (await create_version(runtime, project)).version == "1.0.2"


async def test_a_deprecated_version_is_meant_as_before_with_a_warning(runtime, project, versions):
    command = Withdraw("Slow", "^1")
    changed = await withdrawals.withdraw(
        runtime.db, project.owner, project.id, versions[2].id, Kind.DEPRECATION, command
    )
    assert (await by_reference(runtime, project, "latest")).version == "2.0.0"
    assert changed.tags["modelyard.deprecated"] == "Slow. Use 1.1.0 instead."
    async with runtime.db.read() as snap:
        (row,) = (await withdrawals.of_version(snap, changed)).values()
    assert withdrawals.warning("2.0.0", row) == "The version '2.0.0' is deprecated: Slow. Use 1.1.0 instead."
    undone = await undo(runtime, project, versions[2], Kind.DEPRECATION)
    assert (undone.deprecated_at, undone.tags) == (None, {})


async def test_only_maintainers_take_a_yank_back(runtime, project, versions):
    await yank(runtime, project, versions[0], Role.REPORTER)
    for role in (Role.REPORTER, Role.DEVELOPER):
        with pytest.raises(Forbidden):
            await undo(runtime, project, versions[0], role=role)
    assert (await undo(runtime, project, versions[0], role=Role.MAINTAINER)).yanked_at is None


@pytest.mark.parametrize("role", [Role.REPORTER, Role.DEVELOPER])
async def test_only_maintainers_yank_a_sealed_version(runtime, project, model, role):
    version = await sealed_version(runtime, project)
    with pytest.raises(guards.VersionProtected, match="is sealed"):
        await yank(runtime, project, version, role)
    assert (await yank(runtime, project, version, Role.MAINTAINER)).yanked_at is not None


async def test_a_reason_is_needed_and_a_replacement_that_can_be_used(runtime, project, versions):
    for wrong in ({"reason": " \n"}, {"reason": "x", "replacement": "2.0.0"}, {"reason": "a\0b"}):
        with pytest.raises(Invalid):
            await yank(runtime, project, versions[2], **wrong)
    with pytest.raises(TooLarge):
        await yank(runtime, project, versions[2], reason="x" * 1001)
    with pytest.raises(VersionNotFound):
        await yank(runtime, project, versions[2], replacement="9.9.9")
    await yank(runtime, project, versions[1])
    with pytest.raises(Invalid, match="yanked itself"):
        await yank(runtime, project, versions[2], replacement="1.1.0")


async def test_of_concurrent_yanks_one_wins(runtime, project, versions):
    outcomes = await asyncio.gather(
        *(yank(runtime, project, versions[2], reason=f"r{n}") for n in range(10)), return_exceptions=True
    )
    refused = [one for one in outcomes if isinstance(one, AlreadyWithdrawn)]
    assert len(refused) == 9
    undone = await asyncio.gather(*(undo(runtime, project, versions[2]) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(one, NotWithdrawn) for one in undone) == 4
    async with runtime.db.read() as snap:
        count = text("SELECT count(*), count(undone_at) FROM version_withdrawals WHERE project_id = :p")
        assert tuple((await snap.execute(count, {"p": project.id})).one()) == (1, 1)


async def test_users_cannot_set_what_the_service_says_and_copies_do_not_inherit_it(runtime, project, versions):
    with pytest.raises(Invalid):
        edit = EditVersion(tags={"modelyard.yanked": None})
        await change.edit(runtime.db, project.owner, project.id, versions[0].id, edit)
    yanked = await yank(runtime, project, versions[0])
    copied = await create_version(runtime, project, "4.0.0", tags={**yanked.tags, "mine": "1"})
    assert copied.tags == {"mine": "1"}


async def test_a_sealed_version_can_be_yanked_and_stays_sealed(runtime, project, model):
    version = await sealed_version(runtime, project)
    yanked = await yank(runtime, project, version)
    assert (yanked.sealed_at, yanked.manifest_digest) == (version.sealed_at, version.manifest_digest)
    again = await seals.seal_version(runtime.db, project.owner, project.id, version.id)
    assert again.sealed_at == version.sealed_at
