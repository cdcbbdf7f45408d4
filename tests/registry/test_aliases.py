"""Aliases: what they point to, what they pointed to, and which of concurrent moves wins."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest

from app.access.policy import Role
from app.errors import Forbidden, Invalid
from app.pagination import Window
from app.registry import aliases, models
from app.registry.aliases import NOWHERE, AliasMoved
from app.registry.models import CreateModel, ModelNotFound
from app.registry.reads import loaders
from app.registry.references.parse import parse_reference
from app.registry.versions import create, delete, lookup
from app.registry.versions.lookup import AliasNotFound, VersionNotFound
from app.registry.versions.request import CreateVersion


class Interval(NamedTuple):
    number: int
    valid_from: datetime
    valid_until: datetime | None


@pytest.fixture
async def model(runtime, project):
    made = await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    for _ in range(3):
        await create.create(runtime.db, project.owner, project.id, CreateVersion("m"))
    return made


async def put(project, name, reference, **values):
    target = parse_reference(reference)
    return await aliases.set(project.runtime.db, project.owner, project.id, "m", name, target, **values)


async def standing(project, name):
    result = await lookup.by_reference(project.runtime.db, project.owner, project.id, "m", parse_reference(f"@{name}"))
    return result.number


async def history(project, name):
    """The numbers that an alias pointed to, latest first, with the ends of the intervals."""
    db, owner = project.runtime.db, project.owner
    model = await models.get(db, owner, project.id, "m")
    (page,) = await loaders.history_of_aliases(db, owner, [(project.id, model.id)], Window(), name=name)
    keys = [(project.id, alias.version_id) for alias in page.items]
    pointed_to = await loaders.versions_by_keys(db, owner, keys)
    return [
        Interval(version.number, alias.valid_from, alias.valid_until)
        for version, alias in zip(pointed_to, page.items, strict=True)
    ]


async def test_alias_is_set_moved_and_removed(runtime, project, model):
    first = await put(project, "champion", "#1")
    assert (first.name, first.number, first.version, first.set_by) == ("champion", 1, "1.0.0", project.owner.user_id)
    assert await standing(project, "champion") == 1
    await put(project, "champion", "latest")
    assert await standing(project, "champion") == 3
    assert await aliases.remove(runtime.db, project.owner, project.id, "m", "champion")
    assert not await aliases.remove(runtime.db, project.owner, project.id, "m", "champion")
    with pytest.raises(AliasNotFound):
        await standing(project, "champion")
    past = await history(project, "champion")
    assert [alias.number for alias in past] == [3, 1]
    assert all(alias.valid_from < alias.valid_until for alias in past)


async def test_setting_an_alias_to_its_version_changes_nothing(project, model):
    first = await put(project, "a", "#1")
    assert (await put(project, "a", "1.0.0")).id == first.id
    assert len(await history(project, "a")) == 1


async def test_alias_moves_only_from_the_expected_version(runtime, project, model):
    await put(project, "a", "#1", expected_current=NOWHERE)
    with pytest.raises(AliasMoved, match=r"number 1 \(1\.0\.0\)"):
        await put(project, "a", "#2", expected_current=NOWHERE)
    with pytest.raises(AliasMoved):
        await put(project, "a", "#3", expected_current=2)
    assert (await put(project, "a", "#3", expected_current=1)).number == 3
    with pytest.raises(AliasMoved):
        await aliases.remove(runtime.db, project.owner, project.id, "m", "a", expected_current=1)
    assert await standing(project, "a") == 3


async def test_one_of_many_concurrent_moves_from_a_version_wins(project, model):
    await put(project, "a", "#1")
    moves = (put(project, "a", f"#{number}", expected_current=1) for number in (2, 3, 2, 3, 2, 3))
    answers = await asyncio.gather(*moves, return_exceptions=True)
    assert sum(isinstance(answer, AliasMoved) for answer in answers) == 5
    assert len(await history(project, "a")) == 2


async def test_intervals_of_concurrent_moves_do_not_overlap(project, model):
    await asyncio.gather(*(put(project, "a", f"#{1 + turn % 3}") for turn in range(12)))
    past = list(reversed(await history(project, "a")))
    assert all(alias.valid_until <= later.valid_from for alias, later in pairwise(past))
    assert past[-1].valid_until is None


async def test_history_says_where_an_alias_pointed_at_a_moment(runtime, project, model):
    first = await put(project, "a", "#1")
    second = await put(project, "a", "#2")
    moments = [first.valid_from - timedelta(seconds=1), first.valid_from, second.valid_from, datetime.now(UTC)]
    past = await history(project, "a")

    def at(moment):
        return [one.number for one in past if one.valid_from <= moment and (one.valid_until or moment) >= moment]

    assert [at(moment)[0] if at(moment) else None for moment in moments] == [None, 1, 2, 2]


@pytest.mark.parametrize("name", ["", "a b", "latest", "v1", "7", "x" * 256, "a.b"])
async def test_reserved_and_unwritable_alias_names_are_refused(project, model, name):
    with pytest.raises(Invalid):
        await put(project, name, "#1")


async def test_aliases_of_many_parents_are_read_in_two_statements(runtime, project, model, statements):
    for name, reference in (("b", "#1"), ("a", "#1"), ("c", "#3")):
        await put(project, name, reference)
    ids = [
        (await lookup.by_reference(runtime.db, project.owner, project.id, "m", parse_reference(f"#{n}"))).id
        for n in (3, 2, 1)
    ]
    with statements() as seen:
        result = await loaders.aliases_of_versions(runtime.db, project.owner, [(project.id, id) for id in (*ids, 0)])
    assert [[alias.name for alias in some] for some in result] == [["c"], [], ["a", "b"], []]
    assert len(seen) == 2
    result = await loaders.aliases_of_models(runtime.db, project.owner, [(project.id, model.id), (project.id, 0)])
    assert [[(alias.name, alias.version_id) for alias in some] for some in result] == [
        [("a", ids[2]), ("b", ids[2]), ("c", ids[0])],
        [],
    ]


async def test_deleting_a_version_ends_its_aliases(runtime, project, model):
    alias = await put(project, "a", "#2")
    await delete.delete(runtime.db, project.owner, project.id, alias.version_id)
    with pytest.raises(AliasNotFound):
        await standing(project, "a")
    assert await loaders.aliases_of_models(runtime.db, project.owner, [(project.id, model.id)]) == [[]]
    with pytest.raises(VersionNotFound):
        await put(project, "a", "#2")
    assert (await put(project, "a", "#1", expected_current=NOWHERE)).number == 1


async def test_alias_needs_a_model_and_the_right_to_write(runtime, project, model):
    with pytest.raises(ModelNotFound):
        await aliases.remove(runtime.db, project.owner, project.id, "other", "a")
    guest = project[Role.GUEST].actor
    with pytest.raises(Forbidden):
        await aliases.set(runtime.db, guest, project.id, "m", "a", parse_reference("#1"))
