"""Every reference can be asked what it meant at a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.registry import aliases
from app.registry.references.parse import AsOf, InStage, InvalidReference, format_reference, parse_reference
from app.registry.stages import as_of, changes, definitions
from app.registry.stages.changes import EditStage
from app.registry.versions import delete


async def test_a_stage_is_what_it_stood_for_then(rack):
    await rack.add("1.0.0", "1.1.0", "2.0.0-rc.1")
    moments = [await rack.now()]
    for reference in ("1.0.0", "1.1.0"):
        await rack.move(reference, "production")
        moments.append(await rack.now())
    await rack.move("2.0.0-rc.1", "production", keep_others=True)
    await rack.move("1.1.0", "archived")
    moments.append(await rack.now())
    await rack.move("2.0.0-rc.1", "none")
    moments.append(await rack.now())
    means = [await rack.means("stage:production", moment) for moment in moments]
    assert means == [None, "1.0.0", "1.1.0", "2.0.0-rc.1", None]
    assert [await rack.means("stage:Archived", moment) for moment in moments] == [None, None, "1.0.0", "1.1.0", "1.1.0"]
    # The first stage has those that were elsewhere at no time, or not yet.
    assert [await rack.means("stage:none", moment) for moment in moments] == [
        "1.1.0", "1.1.0", "2.0.0-rc.1", None, "2.0.0-rc.1",
    ]  # fmt: skip
    assert await rack.means("stage:production", moments[0] - timedelta(days=1)) is None
    assert await rack.means("stage:production", moments[-1] + timedelta(days=1)) is None


async def test_an_alias_is_what_it_stood_on_then(rack):
    await rack.add("1.0.0", "1.1.0")
    moments = [await rack.now()]
    for reference in ("1.0.0", "1.1.0"):
        await rack.alias("champion", reference)
        moments.append(await rack.now())
    await aliases.remove(rack.db, rack.project.owner, rack.project.id, "m", "champion")
    moments.append(await rack.now())
    await rack.alias("champion", "1.0.0")
    moments.append(await rack.now())
    means = [await rack.means("@champion", moment) for moment in moments]
    assert means == [None, "1.0.0", "1.1.0", None, "1.0.0"]
    assert await rack.means(f"@champion@{{{moments[2].isoformat()}}}") == "1.1.0"


async def test_an_interval_has_its_first_moment_and_not_its_end(rack):
    await rack.add("1.0.0", "1.1.0")
    for reference in ("1.0.0", "1.1.0"):
        version = await rack.move(reference, "staging")
        await rack.alias("a", reference)
    async with rack.db.read() as snap:
        stage = await definitions.find(snap, rack.project.id, "staging")
        key = (rack.project.id, version.model_id)
        standing = await as_of.stage(snap, *key, stage.id, await rack.now())
        at = standing.valid_from
        assert (await as_of.stage(snap, *key, stage.id, at)).version == "1.1.0"
        assert (await as_of.stage(snap, *key, stage.id, at - timedelta(microseconds=1))).version == "1.0.0"
        assert (await as_of.version(snap, rack.project.id, version.id, at)).stage_id == stage.id
        assert await as_of.version(snap, rack.project.id, version.id, at - timedelta(microseconds=1)) is None
        at = (await as_of.alias(snap, *key, "a", await rack.now())).valid_from
        assert (await as_of.alias(snap, *key, "a", at)).version == "1.1.0"
        assert (await as_of.alias(snap, *key, "a", at - timedelta(microseconds=1))).version == "1.0.0"


@pytest.mark.parametrize(
    ("reference", "means"),
    [
        ("latest", [None, "1.0.0-rc.1", "1.0.0", "1.0.0", "1.1.0"]),
        ("latest-prerelease", [None, "1.0.0-rc.1", "1.0.0", "2.0.0-rc.1", "2.0.0-rc.1"]),
        ("^1", [None, None, "1.0.0", "1.0.0", "1.1.0"]),
        ("1.1.0", [None, None, None, None, "1.1.0"]),
        ("#2", [None, None, "1.0.0", "1.0.0", "1.0.0"]),
    ],
)
async def test_other_references_mean_versions_that_were_there(rack, reference, means):
    moments = [await rack.now()]
    for text in ("1.0.0-rc.1", "1.0.0", "2.0.0-rc.1", "1.1.0"):
        await rack.add(text)
        moments.append(await rack.now())
    assert [await rack.means(reference, moment) for moment in moments] == means


async def test_names_of_stages_are_those_of_today_and_of_retired_ones(rack):
    db, who, project = rack.db, rack.project.owner, rack.project.id
    await rack.add("1.0.0")
    await changes.create(db, who, project, changes.NewStage("canary"))
    await rack.move("1.0.0", "canary")
    at = await rack.now()
    await rack.move("1.0.0", "production")
    await changes.retire(db, who, project, "canary")
    await changes.edit(db, who, project, "production", EditStage(name="live"))
    later = await rack.now()
    assert [await rack.means(f"stage:{name}", at) for name in ("canary", "live")] == ["1.0.0", None]
    assert [await rack.means(f"stage:{name}", later) for name in ("live", "production", "Production")] == ["1.0.0"] * 3
    assert await rack.means("stage:canary") is None


async def test_what_was_deleted_since_is_not_there(rack):
    await rack.add("1.0.0")
    moved = await rack.move("1.0.0", "production")
    at = await rack.now()
    await delete.delete(rack.db, rack.project.owner, rack.project.id, moved.id)
    assert await rack.means("stage:production", at) is None
    async with rack.db.read() as snap:
        stage = await definitions.find(snap, rack.project.id, "production")
        stood = await as_of.stage(snap, rack.project.id, moved.model_id, stage.id, at)
    assert (stood.version, stood.number) == ("1.0.0", 1)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("stage:production@{2026-05-03}", datetime(2026, 5, 3, tzinfo=UTC)),
        ("stage:production@{2026-05-03T10:20:30Z}", datetime(2026, 5, 3, 10, 20, 30, tzinfo=UTC)),
        ("stage:Production@{2026-05-03T10:20:30.5+02:00}", datetime(2026, 5, 3, 8, 20, 30, 500_000, tzinfo=UTC)),
        ("stage:production@{ 2026-05-03 10:20 }", datetime(2026, 5, 3, 10, 20, tzinfo=UTC)),
    ],
)
def test_a_moment_stands_behind_a_reference(text, at):
    parsed = parse_reference(text)
    assert parsed == AsOf(InStage("production"), at)
    assert parse_reference(format_reference(parsed)) == parsed


@pytest.mark.parametrize(
    "text", ["@{2026-05-03}", "latest@{}", "latest@{yesterday}", "latest@{2026-13-01}", "latest@{2026-05-03",
             "a@{b}@{c}", "stage:x@{2026-05-03}@{2026-05-04}", "latest@{99999999999999}", "stage:@{2026-05-03}"]
)  # fmt: skip
def test_other_moments_are_refused(text):
    with pytest.raises(InvalidReference):
        parse_reference(text)


async def test_each_probe_is_one_statement(rack, statements):
    await rack.add("1.0.0")
    version = await rack.move("1.0.0", "staging")
    await rack.alias("a", "1.0.0")
    async with rack.db.read() as snap:
        stage = await definitions.find(snap, rack.project.id, "staging")
    at = await rack.now()
    for probe in (
        lambda snap: as_of.stage(snap, rack.project.id, version.model_id, stage.id, at),
        lambda snap: as_of.alias(snap, rack.project.id, version.model_id, "a", at),
        lambda snap: as_of.version(snap, rack.project.id, version.id, at),
    ):
        with statements() as seen:
            async with rack.db.read() as snap:
                assert (await probe(snap)).version == "1.0.0"
        assert len(seen) == 1
    with statements() as seen:
        await rack.means("stage:staging", at)
    assert len(seen) == 2  # the project, and the version
