"""``modelyard promote`` and ``modelyard promotion …``, against the real API."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.access.policy import Role
from tests.client.conftest import Desk


@pytest.fixture
async def churn(desk: Desk) -> Desk:
    """Versions 1.0.0 and 1.1.0 of `churn`, made by no person of these tests; production takes two people."""
    desk.write("a.txt", b"hello")
    await desk.push("churn", version="1.0.0")
    desk.write("b.txt", b"world")
    await desk.push("churn", version="1.1.0")
    async with desk.project.runtime.db.write() as tx:
        for statement in (
            "UPDATE model_versions SET created_by = NULL WHERE project_id = :p",
            "UPDATE name_protections SET approvals = 1 WHERE project_id = :p AND kind = 'stage'",
        ):
            await tx.execute(text(statement), {"p": desk.project.id})
    return desk


def as_role(desk: Desk, role: Role) -> dict[str, str]:
    return {"MODELYARD_TOKEN": desk.project[role].token}


async def test_promotion_without_rules_that_fail_enters_the_stage(churn: Desk):
    ended = await churn.command("promote", "churn:1.0.0", "staging", "--reason", "better", "--json")
    assert (ended.code, ended.json["stage"], ended.json["promotion"]["status"]) == (0, "staging", "COMPLETED")
    again = await churn.command("promote", "churn:1.0.0", "staging", "--json")
    assert (again.code, again.json["promotion"]["id"]) == (0, ended.json["promotion"]["id"])


async def test_refused_promotion_has_an_exit_code_of_its_own_and_names_the_rule(churn: Desk):
    ended = await churn.command("promote", "churn:1.0.0", "production", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (10, "APPROVAL_NEEDED")
    assert "0 of 1 approved" in ended.json["error"]["message"]
    checked = await churn.command("promotion", "check", "churn:1.0.0", "production")
    assert checked.code == 10
    assert "0 of 1 approved" in checked.err


async def test_moves_of_protected_and_changes_of_sealed_versions_are_forbidden_and_conflicts(churn: Desk, data):
    for command in ("promote", "stage"):
        ended = await churn.command(command, "churn:1.0.0", "production", "--json", **as_role(churn, Role.DEVELOPER))
        assert (ended.code, ended.json["error"]["code"]) == (7, "PROTECTED"), ended
    assert (await churn.command("tag", "set", "churn:1.0.0", "mlflow.source.git.commit=0123456789")).code == 0
    lookup = {"path": {"project": churn.project.path, "model": "churn", "reference": "1.0.0"}}
    seal = "mutation($v: ModelVersionLookup!) { modelVersionSeal(input: {modelVersion: $v}) { userErrors { code } } }"
    await data(churn.project.people[Role.OWNER], seal, v=lookup)
    sealed = await churn.command("tag", "set", "churn:1.0.0", "mlflow.source.git.commit=0000000", "--json")
    assert (sealed.code, sealed.json["error"]["code"]) == (8, "VERSION_SEALED"), sealed


async def test_a_version_that_is_not_ready_enters_no_stage(churn: Desk):
    async with churn.project.runtime.db.write() as tx:
        state = "UPDATE model_versions SET state = 'failed' WHERE project_id = :p AND version = '1.0.0'"
        await tx.execute(text(state), {"p": churn.project.id})
    for command in ("promote", "stage"):
        ended = await churn.command(command, "churn:1.0.0", "staging", "--json")
        assert (ended.code, ended.json["error"]["code"]) == (10, "VERSION_NOT_READY"), ended


async def test_lists_say_what_was_yanked(churn: Desk, data):
    lookup = {"path": {"project": churn.project.path, "model": "churn", "reference": "1.0.0"}}
    yank = """mutation($v: ModelVersionLookup!) {
      modelVersionYank(input: {modelVersion: $v, reason: "wrong labels"}) { userErrors { code } } }"""
    await data(churn.project.people[Role.OWNER], yank, v=lookup)
    assert "READY, yanked" in (await churn.command("versions", "churn")).out
    assert "status   READY, yanked\n" in (await churn.command("show", "churn:1.0.0")).out


async def test_overtaken_promotion_is_a_conflict(churn: Desk):
    await churn.command("promote", "churn:1.0.0", "staging")
    ended = await churn.command("promote", "churn:1.1.0", "staging", "--expected", "0", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (8, "STAGE_MOVED")


async def test_request_is_approved_by_another_and_then_promoted(churn: Desk):
    opened = await churn.command("promotion", "request", "churn:1.0.0", "production", "--reason", "better")
    assert opened.code == 0
    own = await churn.command("promotion", "approve", "churn:1.0.0", "production", "--json")
    assert (own.code, own.json["error"]["code"]) == (7, "OWN_WORK")
    approved = await churn.command(
        "promotion", "approve", "churn:1.0.0", "production", **as_role(churn, Role.DEVELOPER)
    )
    assert approved.code == 0, approved
    shown = await churn.command("promotion", "list", "--status", "open")
    assert churn.project[Role.DEVELOPER].actor.username in shown.out
    ended = await churn.command("promote", "churn:1.0.0", "production", "--wait", "5", "--json")
    assert (ended.code, ended.json["stage"]) == (0, "production")


async def test_waiting_promotion_ends_when_its_request_is_rejected(churn: Desk):
    await churn.command("promotion", "request", "churn:1.0.0", "production")
    rejected = await churn.command(
        "promotion", "reject", "churn:1.0.0", "production", "--reason", "no",
        **as_role(churn, Role.DEVELOPER),
    )  # fmt: skip
    assert rejected.code == 0, rejected
    nothing = await churn.command("promotion", "reject", "churn:1.0.0", "production", "--reason", "no", "--json")
    assert (nothing.code, nothing.json["error"]["code"]) == (5, "NOT_FOUND")
    ended = await churn.command("promote", "churn:1.0.0", "production", "--wait", "1", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (10, "APPROVAL_NEEDED")
