"""What serving stacks say they run: registered, confirmed, ended, and listed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from app.access.policy import Role
from app.db.database import Database
from app.lifecycle.deployments import heartbeats, upkeep
from app.lifecycle.deployments.names import Key
from app.lifecycle.deployments.register import Register
from app.lifecycle.deployments.register import register as register_step
from app.registry.references.parse import parse_reference
from app.registry.references.resolve import Named
from tests.lifecycle.deployments.conftest import BEAT, END, REGISTER, named

LIST = """query l($p: String!, $status: DeploymentStatus, $environment: String) { project(by: {path: $p}) {
  deployments(status: $status, environment: $environment) {
    totalCount nodes { version endpoint instance status statusReason environment } } } }"""
ROWS = text("SELECT * FROM deployments WHERE project_id = :p ORDER BY id")


async def rows(runtime, project):
    async with runtime.db.read() as snap:
        return (await snap.execute(ROWS, {"p": project.id})).mappings().all()


async def age(runtime, project, **ago):
    """Let the last heartbeats of a project be so long ago."""
    async with runtime.db.write() as tx:
        statement = "UPDATE deployments SET heartbeat_at = heartbeat_at - CAST(:ago AS interval) WHERE project_id = :p"
        await tx.execute(text(statement), {"ago": timedelta(**ago), "p": project.id})


async def test_registering_again_is_a_heartbeat_of_the_same_deployment(register, fraud, runtime):
    first = await register("1.0.0")
    await age(runtime, fraud, minutes=2)
    again = await register("1.0.0")
    assert again["id"] == first["id"]
    assert again["startedAt"] == first["startedAt"]
    assert datetime.fromisoformat(again["lastHeartbeatAt"]) >= datetime.fromisoformat(first["lastHeartbeatAt"])
    assert len(await rows(runtime, fraud)) == 1


async def test_another_version_under_the_same_names_replaces_the_former_and_keeps_it_as_history(
    register, fraud, runtime, data
):
    old, new = await register("1.0.0"), await register("2.0.0")
    assert old["id"] != new["id"]
    before, after = await rows(runtime, fraud)
    assert (before["version"], before["end_kind"]) == ("1.0.0", "replaced")
    assert before["ended_at"] == after["created_at"], "no moment without, none with both"
    answer = (await data(fraud[Role.DEVELOPER], LIST, p=fraud.path))["project"]["deployments"]
    assert [(one["version"], one["status"]) for one in answer["nodes"]] == [("2.0.0", "RUNNING"), ("1.0.0", "ENDED")]
    assert "Another version" in answer["nodes"][1]["statusReason"]


async def test_instances_run_side_by_side(register, fraud, data):
    for instance in ("a", "b"):
        await register("1.0.0", instance=instance)
    await register("1.0.0", environment="staging")
    running = await data(fraud[Role.GUEST], LIST, p=fraud.path, status="RUNNING", environment="production")
    assert {one["instance"] for one in running["project"]["deployments"]["nodes"]} == {"a", "b"}
    assert running["project"]["deployments"]["totalCount"] == 2


async def test_forty_registrations_at_once_leave_one_running_and_no_moment_with_two(fraud, runtime):
    actor = fraud[Role.REPORTER].actor

    async def one(number: int, db: Database):
        reference = parse_reference(("1.0.0", "1.1.0", "2.0.0")[number % 3])
        return await register_step(db, actor, fraud.id, Register(Key("production", "e"), Named("fraud", reference)))

    other = Database(runtime.settings.database_url)
    try:
        await asyncio.gather(*(one(number, (runtime.db, other)[number % 2]) for number in range(40)))
    finally:
        await other.close()
    all_rows = await rows(runtime, fraud)
    assert [row["ended_at"] is None for row in all_rows].count(True) == 1
    ordered = sorted(all_rows, key=lambda row: (row["created_at"], row["id"]))
    assert all(one["ended_at"] <= later["created_at"] for one, later in pairwise(ordered))


async def test_a_deployment_that_has_ended_is_not_brought_back_by_a_heartbeat(register, fraud, runtime, data):
    old = await register("1.0.0")
    await register("2.0.0")
    answer = (await data(fraud[Role.REPORTER], BEAT, id=old["id"]))["deploymentHeartbeat"]
    assert answer["userErrors"] == []
    assert answer["deployment"]["status"] == "ENDED"
    assert "Another version" in answer["deployment"]["statusReason"]
    assert [row["ended_at"] is None for row in await rows(runtime, fraud)] == [False, True]


async def test_heartbeats_of_one_moment_share_a_statement_and_write_a_row_once(register, fraud, runtime):
    made = [await register("1.0.0", instance=str(number)) for number in range(10)]
    assert len(made) == 10
    actor, keys = fraud[Role.REPORTER].actor, [(row["project_id"], row["id"]) for row in await rows(runtime, fraud)]
    await age(runtime, fraud, minutes=1)
    before = await rows(runtime, fraud)
    answers = await asyncio.gather(*(heartbeats.beat(runtime.db, actor, *key) for key in keys * 5))
    assert {answer.id for answer in answers} == {id for _, id in keys}
    after = await rows(runtime, fraud)
    assert all(one["heartbeat_at"] < later["heartbeat_at"] for one, later in zip(before, after, strict=True))
    await asyncio.gather(*(heartbeats.beat(runtime.db, actor, *key) for key in keys))
    assert await rows(runtime, fraud) == after, "too soon after the last to be written"


async def test_a_silent_deployment_is_told_of_once_and_runs_again_after_a_heartbeat(register, fraud, runtime, data):
    made = await register("1.0.0")
    await age(runtime, fraud, minutes=6)
    owner = fraud[Role.OWNER]
    listed = await data(owner, LIST, p=fraud.path, status="SILENT")
    assert [one["status"] for one in listed["project"]["deployments"]["nodes"]] == ["SILENT"]
    limit = timedelta(minutes=5)
    await upkeep.tell_of_silent(runtime.db, limit)
    (row,) = await rows(runtime, fraud)
    told_at = row["silent_at"]
    assert told_at is not None
    await upkeep.tell_of_silent(runtime.db, limit)
    assert (await rows(runtime, fraud))[0]["silent_at"] == told_at
    answer = await data(fraud[Role.REPORTER], BEAT, id=made["id"])
    assert answer["deploymentHeartbeat"]["deployment"]["status"] == "RUNNING"
    assert (await rows(runtime, fraud))[0]["silent_at"] is None


async def test_a_deployment_that_is_silent_for_days_is_lost(register, fraud, runtime):
    await register("1.0.0")
    await age(runtime, fraud, days=8)
    await upkeep.end_lost(runtime.db, timedelta(days=7))
    (row,) = await rows(runtime, fraud)
    assert (row["end_kind"], row["end_reason"]) == ("lost", "No heartbeat for 7 days.")
    assert (await register("1.0.0"))["status"] == "RUNNING"
    assert len(await rows(runtime, fraud)) == 2


async def test_ending_twice_keeps_the_first_reason(register, fraud, data):
    made = await register("1.0.0")
    for reason in ("Scaled down.", "Again."):
        answer = await data(fraud[Role.REPORTER], END, id=made["id"], reason=reason)
        assert answer["deploymentEnd"]["userErrors"] == []
        assert answer["deploymentEnd"]["deployment"]["statusReason"] == "Scaled down."


async def test_a_deployment_drifts_when_what_it_follows_means_another_version(register, fraud, data):
    made = await register("^1", follows=None)
    assert made["follows"] == "^1"
    assert (made["version"], made["isDrifting"]) == ("1.1.0", False)
    more = """mutation m($p: String!) {
      modelVersionCreate(input: {model: {path: {project: $p, name: "fraud"}}, version: "1.2.0"}) {
        userErrors { code } } }"""
    await data(fraud[Role.OWNER], more, p=fraud.path)
    beat = (await data(fraud[Role.REPORTER], BEAT, id=made["id"]))["deploymentHeartbeat"]["deployment"]
    assert beat["isDrifting"] is True


async def test_what_is_named_exactly_follows_nothing_unless_it_says_so(register):
    assert (await register("1.0.0"))["isDrifting"] is None
    stays = await register("#2", instance="b")
    assert (stays["version"], stays["follows"]) == ("1.1.0", "")
    follows = await register("1.0.0", instance="c", follows="latest")
    assert (follows["isDrifting"], follows["modelVersionFollowed"]) == (True, {"version": "2.0.0"})


@pytest.mark.parametrize(("given", "taken"), [("2001-01-01T00:00:00Z", "creation"), ("2090-01-01T00:00:00Z", "now")])
async def test_a_wrong_clock_of_the_process_cannot_move_the_start_out_of_the_versions_life(
    register, fraud, runtime, given, taken
):
    before = datetime.now(UTC) - timedelta(minutes=5)
    made = await register("1.0.0", startedAt=given)
    assert before < datetime.fromisoformat(made["startedAt"]) < datetime.now(UTC) + timedelta(seconds=5), taken


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"environment": "  "}, "INVALID", "environment"),
        ({"environment": "p\nq"}, "INVALID", "environment"),
        ({"endpoint": "e" * 501}, "TOO_LARGE", "endpoint"),
        ({"endpoint": "x\u202ey"}, "INVALID", "endpoint"),
        ({"instance": "a\0b"}, "INVALID", "instance"),
        ({"digest": "abc"}, "INVALID", "digest"),
        ({"digest": " ".join(["00"] * 32)}, "INVALID", "digest"),
        ({"follows": "not a reference!"}, "INVALID_REFERENCE", None),
    ],
)
async def test_bad_input_is_told_what_is_wrong(register, more, code, field):
    (error,) = await register("1.0.0", refused=True, **more)
    assert error["code"] == code
    assert field is None or error["field"] == field


async def test_names_in_another_form_of_unicode_are_the_same_deployment(register, fraud, runtime):
    await register("1.0.0", endpoint="caf\u00e9")
    await register("1.0.0", endpoint="cafe\u0301 ")
    assert len(await rows(runtime, fraud)) == 1


async def test_visitors_of_a_public_project_see_no_deployment(register, fraud, runtime, data, ask):
    made = await register("1.0.0")
    await fraud.open_group()
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE projects SET visibility = 'public' WHERE id = :p"), {"p": fraud.id})
    for person in (fraud.stranger, None):
        assert (await data(person, LIST, p=fraud.path))["project"]["deployments"] == {"totalCount": 0, "nodes": []}
        assert (await data(person, "query n($id: ID!) { node(id: $id) { id } }", id=made["id"]))["node"] is None
        answer = (await ask(person, BEAT, id=made["id"])).data["deploymentHeartbeat"]
        assert answer["userErrors"][0]["code"] == ("FORBIDDEN" if person else "UNAUTHENTICATED")


async def test_a_private_project_has_no_deployments_for_strangers(register, fraud, data):
    made = await register("1.0.0")
    answer = (await data(fraud.stranger, BEAT, id=made["id"]))["deploymentHeartbeat"]
    assert answer["userErrors"][0]["code"] == "NOT_FOUND"
    values = {"modelVersion": named(fraud, "1.0.0"), "environment": "e", "endpoint": "e"}
    registered = (await data(fraud.stranger, REGISTER, input=values))["deploymentRegister"]
    assert registered["userErrors"][0]["code"] == "NOT_FOUND"


async def test_guests_may_not_register(register, fraud):
    (error,) = await register("1.0.0", person=fraud[Role.GUEST], refused=True)
    assert error["code"] == "FORBIDDEN"


async def test_the_history_outlives_the_version(register, fraud, data):
    await register("1.0.0")
    gone = """mutation d($v: ModelVersionLookup!) { modelVersionDelete(input: {modelVersion: $v}) {
      userErrors { code } } }"""
    await data(fraud[Role.OWNER], gone, v=named(fraud, "1.0.0"))
    shown = await data(
        fraud[Role.OWNER],
        """query l($p: String!) { project(by: {path: $p}) { deployments {
        nodes { version status modelVersion { id } } } } }""",
        p=fraud.path,
    )
    assert shown["project"]["deployments"]["nodes"] == [{"version": "1.0.0", "status": "RUNNING", "modelVersion": None}]


async def test_what_runs_of_yanked_versions_is_listed_the_longest_yanked_first(register, fraud, runtime, data):
    for instance, reference in enumerate(("1.0.0", "1.1.0", "2.0.0")):
        await register(reference, instance=str(instance))
    await register("1.0.0", endpoint="other")
    async with runtime.db.write() as tx:
        for version, days in (("1.0.0", 3), ("2.0.0", 9)):
            yanked = """UPDATE model_versions SET yanked_at = now() - CAST(:days AS integer) * interval '1 day'
              WHERE project_id = :p AND version = :v"""
            await tx.execute(text(yanked), {"days": days, "p": fraud.id, "v": version})
    document = """query y($p: String!, $after: String) { project(by: {path: $p}) {
      deployments(isYanked: true, first: 2, after: $after) {
        totalCount pageInfo { endCursor } nodes { version } } } }"""
    first = (await data(fraud[Role.OWNER], document, p=fraud.path))["project"]["deployments"]
    rest = await data(fraud[Role.OWNER], document, p=fraud.path, after=first["pageInfo"]["endCursor"])
    shown = [*first["nodes"], *rest["project"]["deployments"]["nodes"]]
    assert [one["version"] for one in shown] == ["2.0.0", "1.0.0", "1.0.0"]
    assert first["totalCount"] == 3


async def test_files_other_than_those_of_a_sealed_version_are_told(register, fraud, data):
    seal = """mutation s($v: ModelVersionLookup!) { modelVersionSeal(input: {modelVersion: $v}) {
      modelVersion { sealedAt } userErrors { code message } } }"""
    answer = await data(fraud[Role.OWNER], seal, v=named(fraud, "1.0.0"))
    assert answer["modelVersionSeal"]["userErrors"] == []
    async with fraud.runtime.db.read() as snap:
        digest = "SELECT manifest_digest FROM model_versions WHERE project_id = :p AND version = '1.0.0'"
        right = (await snap.scalar(text(digest), {"p": fraud.id})).hex()
    shown = []
    for given in (right, f"sha256:{'0' * 64}", None):
        await register("1.0.0", digest=given, instance=str(given))
        document = """query d($p: String!) { project(by: {path: $p}) { deployments(first: 1) {
          nodes { hasOtherFiles } } } }"""
        listed = await data(fraud[Role.OWNER], document, p=fraud.path)
        shown.append(listed["project"]["deployments"]["nodes"][0]["hasOtherFiles"])
    assert shown == [False, True, None]
