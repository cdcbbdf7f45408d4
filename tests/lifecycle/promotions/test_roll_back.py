"""A stage goes back to what it stood for before: by the rules of every promotion, and kept like one."""

from __future__ import annotations

import pytest

from app.access.policy import Role
from app.lifecycle.gates import change
from app.lifecycle.gates.change import SetGates
from app.lifecycle.gates.sets import GateRequest
from app.lifecycle.promotions import promote
from app.lifecycle.promotions.outcomes import PromotionOvertaken, PromotionRefused
from app.lifecycle.promotions.promote import RollBack
from app.lifecycle.seals import withdrawals
from app.lifecycle.seals.withdrawals import Withdraw
from app.registry.stages import changes, rules
from app.registry.stages.changes import EditStage
from app.registry.stages.protections import Kind, NameProtected
from app.registry.stages.rules import SetProtection
from app.registry.versions import lookup
from tests.support.registry.promotions import promoted, version_with_file
from tests.support.registry.versions import set_file_state

pytestmark = pytest.mark.usefixtures("model")


@pytest.fixture
async def former(runtime, project):
    """The version that staging stood for before the one that is there now."""
    first, second = [await version_with_file(runtime, project, text) for text in ("1.0.0", "1.1.0")]
    for version in (first, second):
        await promoted(runtime, project, version, "staging")
    return first


async def rolled_back(runtime, project, role=Role.OWNER, **values):
    command = RollBack("staging", **values)
    return await promote.roll_back(runtime.db, runtime.gate_clients, project[role].actor, project.id, "m", command)


async def stage_of(runtime, project, version):
    return (await lookup.get(runtime.db, project.owner, project.id, version.id)).stage


async def test_former_version_comes_back_by_a_promotion_that_is_kept(runtime, project, former):
    stage, entry = await rolled_back(runtime, project, reason="Worse.")
    assert (stage.name, entry.version.version, entry.version.stage) == ("staging", "1.0.0", "staging")
    assert (entry.promotion.reason, entry.promotion.holder_version) == ("Worse.", "1.1.0")


async def test_version_that_comes_back_is_sealed_where_the_stage_seals(runtime, project, former):
    await changes.edit(runtime.db, project.owner, project.id, "staging", EditStage(seals=True))
    assert (await rolled_back(runtime, project))[1].version.sealed_at is not None


async def test_yanked_version_does_not_come_back_by_a_bypass_either(runtime, project, former):
    why = Withdraw("It leaks.")
    await withdrawals.withdraw(runtime.db, project.owner, project.id, former.id, withdrawals.Kind.YANK, why)
    with pytest.raises(PromotionRefused, match="was yanked"):
        await rolled_back(runtime, project, bypass_reason="At once.")
    assert await stage_of(runtime, project, former) == "archived"


async def test_version_with_a_file_in_quarantine_does_not_come_back(runtime, project, former):
    await set_file_state(runtime, lookup.root_of(former)[0], "weights.txt", "quarantined", "It bites.")
    with pytest.raises(PromotionRefused, match="is QUARANTINED"):
        await rolled_back(runtime, project)


async def test_gates_judge_it_and_maintainers_bypass_them_with_a_reason(runtime, project, former):
    gates = SetGates("staging", [GateRequest("metric_threshold", {"metric": "accuracy", "min": 0.9})], 0)
    await change.set_gates(runtime.db, runtime.gate_clients, project.owner, project.id, gates)
    with pytest.raises(PromotionRefused, match="accuracy"):
        await rolled_back(runtime, project)
    _, entry = await rolled_back(runtime, project, Role.MAINTAINER, bypass_reason="The new one fails.")
    assert (entry.version.stage, entry.promotion.bypass_reason) == ("staging", "The new one fails.")


async def test_two_people_roll_back_what_two_people_move(runtime, project, former):
    protection = SetProtection(Kind.STAGE, "staging", Role.DEVELOPER, approvals=1)
    await rules.set(runtime.db, project.owner, project.id, protection)
    with pytest.raises(PromotionRefused, match="0 of 1 approved"):
        await rolled_back(runtime, project, Role.DEVELOPER)
    with pytest.raises(NameProtected):
        await rolled_back(runtime, project, Role.REPORTER)


async def test_rollback_that_another_move_has_overtaken_changes_nothing(runtime, project, former):
    with pytest.raises(PromotionOvertaken):
        await rolled_back(runtime, project, expected_current=former.number)
    assert await stage_of(runtime, project, former) == "archived"
