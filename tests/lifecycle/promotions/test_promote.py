"""A promotion: every rule with its verdict, kept for ever, whether the version entered the stage or not."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.access.policy import Role
from app.errors import Conflict, Forbidden, Invalid
from app.lifecycle.promotions import reads
from app.lifecycle.promotions.outcomes import PromotionOvertaken, PromotionRefused
from app.lifecycle.promotions.verdicts import Outcome
from app.pagination import Window
from app.registry.references.parse import parse_reference
from app.registry.stages.protections import NameProtected
from app.registry.versions import lookup
from tests.support.registry.promotions import check, promoted, version_with_file
from tests.support.registry.versions import create_version, set_file_state, store_file

pytestmark = pytest.mark.usefixtures("model")


async def promotions_of(runtime, project, version):
    [page] = await reads.promotions_of_versions(runtime.db, project.owner, [(project.id, version.id)], Window(first=50))
    return page.items


async def holder(runtime, project, stage):
    meant = await lookup.by_reference(runtime.db, project.owner, project.id, "m", parse_reference(f"stage:{stage}"))
    return meant.version


async def test_version_enters_the_stage_is_sealed_and_the_verdicts_are_kept(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")
    entry = await promoted(runtime, project, version, "production", reason="It is better.")
    assert await holder(runtime, project, "production") == "1.0.0"
    assert entry.version.sealed_at is not None
    [kept] = await promotions_of(runtime, project, version)
    assert (kept.state, kept.reason, kept.left_stage, kept.promoted_by) == (
        "completed", "It is better.", "none", project.owner.user_id,
    )  # fmt: skip
    assert {verdict["kind"]: verdict["outcome"] for verdict in kept.verdicts} == {
        "version_state": "passed", "version_files": "passed", "withdrawal": "passed", "holder": "passed",
    }  # fmt: skip
    assert kept.verdicts[1]["compared"] == {"files": 1, "damaged": 0}
    assert kept.checked["files"]


async def test_what_made_room_goes_to_the_archive_and_is_named(runtime, project):
    one, two = [await version_with_file(runtime, project, text) for text in ("1.0.0", "1.1.0")]
    await promoted(runtime, project, one, "production")
    entry = await promoted(runtime, project, two, "production")
    assert (entry.promotion.holder_number, entry.promotion.holder_version) == (one.number, "1.0.0")
    assert (await lookup.get(runtime.db, project.owner, project.id, one.id)).stage == "archived"


async def test_empty_version_is_refused_where_a_version_is_sealed_and_warned_of_elsewhere(runtime, project):
    version = await create_version(runtime, project, "1.0.0")
    with pytest.raises(PromotionRefused, match="empty: it has no files") as caught:
        await promoted(runtime, project, version, "production")
    assert [verdict.kind for verdict in caught.value.failed] == ["version_files"]
    assert (await promoted(runtime, project, version, "staging")).version.stage == "staging"
    refused, completed = reversed(await promotions_of(runtime, project, version))
    assert (refused.state, completed.state) == ("refused", "completed")
    assert [one["outcome"] for one in completed.verdicts if one["kind"] == "version_files"] == ["warning"]


@pytest.mark.parametrize(("state", "told"), [("failed", "is FAILED"), ("quarantined", "is QUARANTINED")])
async def test_failed_and_quarantined_versions_are_refused_with_the_reason(runtime, project, state, told):
    version = await version_with_file(runtime, project, "1.0.0")
    await set_file_state(runtime, lookup.root_of(version)[0], "weights.txt", state, "It bites.")
    for stage in ("staging", "production"):
        with pytest.raises(PromotionRefused, match=told) as caught:
            await promoted(runtime, project, version, stage)
        assert "It bites." in caught.value.message
    assert (await lookup.get(runtime.db, project.owner, project.id, version.id)).stage == "none"


async def test_half_uploaded_version_is_refused(runtime, project):
    version = await create_version(runtime, project, "1.0.0", is_open=True)
    await store_file(runtime, project, lookup.root_of(version)[0], "half.txt")
    with pytest.raises(PromotionRefused, match="is OPEN"):
        await promoted(runtime, project, version, "staging")


async def test_damaged_version_is_refused_even_where_nothing_is_sealed(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")
    async with runtime.db.write() as tx:
        damage = "UPDATE blobs SET damaged_at = now(), damage = 'hash' WHERE project_id = :p"
        await tx.execute(text(damage), {"p": project.id})
    with pytest.raises(PromotionRefused, match="1 of 1 files are damaged"):
        await promoted(runtime, project, version, "staging")


async def test_yanked_version_is_refused_and_a_deprecated_one_is_warned_of(runtime, project):
    yanked, old = [await version_with_file(runtime, project, text) for text in ("1.0.0", "1.1.0")]
    async with runtime.db.write() as tx:
        for column, version in (("yanked_at", yanked), ("deprecated_at", old)):
            await tx.execute(
                text(f"UPDATE model_versions SET {column} = now() WHERE project_id = :p AND id = :v"),
                {"p": project.id, "v": version.id},
            )
    with pytest.raises(PromotionRefused, match="was yanked"):
        await promoted(runtime, project, yanked, "staging")
    entry = await promoted(runtime, project, old, "staging")
    assert [one["outcome"] for one in entry.promotion.verdicts if one["kind"] == "withdrawal"] == ["warning"]


async def test_stage_that_stands_for_another_version_than_expected_says_who_came_first(runtime, project):
    one, two = [await version_with_file(runtime, project, text) for text in ("1.0.0", "1.1.0")]
    await promoted(runtime, project, one, "production", project[Role.MAINTAINER].actor)
    with pytest.raises(PromotionOvertaken) as caught:
        await promoted(runtime, project, two, "production", expected_current=0)
    assert f"number {one.number} (1.0.0), promoted by {project[Role.MAINTAINER].actor.username}" in caught.value.message
    assert (await promotions_of(runtime, project, two))[0].state == "refused"


async def test_a_promotion_that_is_repeated_answers_the_first(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")
    first = await promoted(runtime, project, version, "production", expected_current=0)
    again = await promoted(runtime, project, version, "production", expected_current=0)
    assert again.promotion.id == first.promotion.id
    assert len(await promotions_of(runtime, project, version)) == 1


async def test_stage_that_any_version_may_enter_has_no_promotion(runtime, project):
    version = await create_version(runtime, project, "1.0.0", is_open=True)
    entry = await promoted(runtime, project, version, "archived")
    assert (entry.version.stage, entry.promotion) == ("archived", None)


async def test_who_may_not_move_the_stage_is_refused_and_nothing_is_kept(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")
    with pytest.raises(NameProtected):
        await promoted(runtime, project, version, "production", project[Role.DEVELOPER].actor)
    with pytest.raises(Forbidden):
        await promoted(runtime, project, version, "staging", project[Role.GUEST].actor)
    assert await promotions_of(runtime, project, version) == []


async def test_check_says_the_same_as_the_promotion_and_writes_nothing(runtime, project):
    version = await create_version(runtime, project, "1.0.0")
    done = await check(runtime, project, version, "production")
    assert not done.would_pass
    assert {verdict.kind: verdict.outcome for verdict in done.verdicts} == {
        "protection": Outcome.PASSED, "version_state": Outcome.PASSED, "version_files": Outcome.FAILED,
        "withdrawal": Outcome.PASSED, "holder": Outcome.PASSED,
    }  # fmt: skip
    assert await promotions_of(runtime, project, version) == []


async def test_check_tells_a_reader_what_keeps_them_from_promoting(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")
    done = await check(runtime, project, version, "production", project[Role.DEVELOPER].actor)
    [protection] = [verdict for verdict in done.verdicts if verdict.kind == "protection"]
    assert protection.outcome is Outcome.FAILED
    assert "takes the role maintainer" in protection.message


async def test_bypass_takes_a_maintainer_and_a_reason_and_never_mends_the_version(runtime, project):
    version = await create_version(runtime, project, "1.0.0")
    with pytest.raises(Invalid, match="needs a reason"):
        await promoted(runtime, project, version, "production", bypass_reason=" ")
    with pytest.raises(PromotionRefused, match="empty"):
        await promoted(runtime, project, version, "production", bypass_reason="Now!")


async def test_promotions_are_kept_as_they_were_written(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")
    await promoted(runtime, project, version, "production")
    for statement in (
        "UPDATE promotions SET reason = 'other' WHERE project_id = :p",
        "DELETE FROM promotions WHERE project_id = :p",
    ):
        with pytest.raises(Conflict) as caught:
            async with runtime.db.write() as tx:
                await tx.execute(text(statement), {"p": project.id})
        assert "are kept as they are" in str(caught.value.__cause__)


async def test_lower_version_that_stays_in_the_stage_is_promoted_once(runtime, project):
    low, high = [await version_with_file(runtime, project, text) for text in ("1.0.0", "2.0.0")]
    for version in (high, low, low):
        await promoted(runtime, project, version, "staging", keep_others=True, is_exclusive=False)
    assert await holder(runtime, project, "staging") == "2.0.0"
    assert len(await promotions_of(runtime, project, low)) == 1


async def test_promotions_go_with_their_project(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")
    await promoted(runtime, project, version, "staging")
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE projects SET deleted_at = now() WHERE id = :p"), {"p": project.id})
        removed = await tx.execute(text("DELETE FROM promotions WHERE project_id = :p"), {"p": project.id})
    assert removed.rowcount == 1
