"""Gates are set as a whole, by maintainers, and every former set stays as it was."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from app.access.policy import Role
from app.lifecycle.gates import sets
from app.lifecycle.gates.clients import GateClients
from app.registry.stages import definitions
from app.settings import Settings
from tests.lifecycle.gates.conftest import Prices, gate

ACCURATE = gate("metric_threshold", metric="accuracy", min=0.9)


async def test_a_set_is_answered_with_titles_and_complete_data(prices: Prices) -> None:
    answer = await prices.set(ACCURATE, gate("approvals", "two-people", required=False, count=2), note="Agreed.")
    assert answer["userErrors"] == []
    made = answer["gateSet"]
    username = prices.project[Role.MAINTAINER].actor.username
    assert (made["number"], made["note"], made["createdBy"]["username"]) == (1, "Agreed.", username)
    first, second = made["gates"]
    assert (first["name"], first["title"], first["isRequired"]) == (
        "metric-threshold-1",
        "`accuracy` at least 0.9",
        True,
    )
    assert first["config"] == {"metric": "accuracy", "min": 0.9, "max": None, "slice": None, "source": "any"}
    assert (second["name"], second["title"], second["isRequired"]) == ("two-people", "2 approvals by others", False)
    assert second["gateSet"]["number"] == 1


async def test_of_two_who_set_the_same_gates_one_is_told_of_the_other(prices: Prices) -> None:
    answers = await asyncio.gather(*(prices.set(ACCURATE, note=str(n)) for n in range(8)))
    made = [answer["gateSet"] for answer in answers if answer["gateSet"]]
    assert [one["number"] for one in made] == [1]
    for answer in answers:
        if not answer["gateSet"]:
            (error,) = answer["userErrors"]
            assert (error["code"], error["field"]) == ("CONFLICT", "expectedNumber")
            assert "at number 1, not 0" in error["message"]
    late = await prices.set(ACCURATE, expectedNumber=7)
    assert "at number 1, not 7" in late["userErrors"][0]["message"]


async def test_former_sets_stay_and_an_empty_set_ends_the_gates(prices: Prices, runtime) -> None:
    first = await prices.set(ACCURATE)
    second = await prices.set(expectedNumber=1)
    assert (second["gateSet"]["number"], second["gateSet"]["gates"]) == (2, [])
    again = await prices.data(
        prices.project[Role.GUEST],
        "query n($id: ID!) { node(id: $id) { ... on GateSet { number gates { name title } } } }",
        id=first["gateSet"]["id"],
    )
    assert again["node"] == {
        "number": 1, "gates": [{"name": "metric-threshold-1", "title": "`accuracy` at least 0.9"}],
    }  # fmt: skip
    async with runtime.db.read() as snap:
        stage = await definitions.find(snap, prices.project.id, "staging")
        assert await sets.current_version(snap, prices.project.id, stage.id) == 2
        assert (await sets.standing(snap, prices.project.id, stage.id)).gates == []


@pytest.mark.parametrize("role", [Role.GUEST, Role.REPORTER, Role.DEVELOPER])
async def test_only_maintainers_set_gates(prices: Prices, role: Role) -> None:
    answer = await prices.set(gate("expression", expression="((("), person=prices.project[role])
    assert answer["userErrors"][0]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        (gate("signature"), "gates.1.kind", "Nothing was saved"),
        (gate("metric_threshold", metric="a"), "gates.1.config", "give min, max or both"),
        (gate("approvals", "-x-"), "gates.1.name", "1 to 63 letters"),
        (gate("approvals", "metric-threshold-1"), "gates.1.name", "two gates called 'metric-threshold-1'"),
        (gate("webhook", url="http://example.com/"), "gates.1.config.url", "Allowed schemes are: https"),
        (gate("webhook", url="https://10.0.0.1/"), "gates.1.config.url", "not a global address"),
        (gate("webhook", url="https://localhost:x/"), "gates.1.config.url", "Invalid webhook URL"),
        (gate("webhook", url="https://user:pw@example.com/"), "gates.1.config.url", "user name or password"),
        (gate("expression", expression="version.metrics.accuracy >"), "gates.1.config.expression", "Syntax error"),
        (gate("expression", expression="(" * 3_000), "gates.1.config.expression", "not acceptable"),
        (gate("expression", expression="verison.number > 1"), "gates.1.config.expression", "verison"),
        (gate("expression", expression="1 + 1"), "gates.1.config.expression", "neither true nor false"),
        (gate("time_in_stage", stage="stagin", hours=1), "gates.1.config.stage", "There is no stage 'stagin'"),
        (gate("approvals") | {"secret": "x"}, "gates.1.secret", "has no secret"),
        (gate("approvals") | {"config": "count: 2"}, "gates.1.config", "should be an object"),
    ],
)
async def test_what_is_not_acceptable_is_refused_with_its_path_and_nothing_is_saved(
    prices: Prices, wrong: dict, field: str, said: str
) -> None:
    answer = await prices.set(ACCURATE, wrong)
    (error,) = answer["userErrors"]
    assert (answer["gateSet"], error["code"], error["field"]) == (None, "INVALID", field)
    assert said in error["message"]
    assert (await prices.set(ACCURATE))["gateSet"]["number"] == 1


async def test_a_set_has_an_end(prices: Prices) -> None:
    assert "at most 50 gates" in (await prices.set(*[gate("approvals")] * 51))["userErrors"][0]["message"]
    many = [gate("expression", expression="true")] * 11
    assert "at most 10 gates that ask" in (await prices.set(*many))["userErrors"][0]["message"]
    assert (await prices.set(*[gate("approvals")] * 50))["gateSet"]["number"] == 1


async def test_stages_that_any_version_may_enter_have_no_gates(prices: Prices) -> None:
    for stage in ("none", "archived"):
        assert "any version may enter it" in (await prices.set(ACCURATE, stage=stage))["userErrors"][0]["message"]
    assert "There is no stage 'moon'" in (await prices.set(ACCURATE, stage="moon"))["userErrors"][0]["message"]


async def test_the_secret_of_a_webhook_stays_with_its_gate_and_is_never_shown(prices: Prices, runtime) -> None:
    hook = gate("webhook", "ticket", url="https://gates.example.com/a/b?token=t0p")
    first = await prices.set(hook | {"secret": "s3cret"})
    kept = await prices.set(hook | {"secret": None}, expectedNumber=1)
    other = await prices.set({**hook, "name": "another"}, expectedNumber=2)
    back = await prices.set(hook, expectedNumber=3)
    again = await prices.set(hook | {"secret": "s3cret"}, expectedNumber=4)
    ended = await prices.set(hook | {"secret": ""}, expectedNumber=5)
    have = [one["gateSet"]["gates"][0]["hasSecret"] for one in (first, kept, other, back, again, ended)]
    assert have == [True, True, False, False, True, False]
    assert "s3cret" not in str(first) + str(kept)
    async with runtime.db.read() as snap:
        stage = await definitions.find(snap, prices.project.id, "staging")
        rows = await snap.execute(
            text(
                "SELECT secret_id, sealed_secret FROM gates WHERE project_id = :p AND stage_id = :s AND set_version = 2"
            ),
            {"p": prices.project.id, "s": stage.id},
        )
        id, sealed = rows.one()
    assert b"s3cret" not in sealed
    assert GateClients.of(Settings.read()).open(prices.project.id, id, sealed) == "s3cret"


async def test_of_the_address_of_a_webhook_others_than_maintainers_see_the_host(prices: Prices) -> None:
    made = await prices.set(gate("webhook", url="https://gates.example.com/secret/path?token=t0p"))
    assert made["gateSet"]["gates"][0]["config"]["url"].endswith("?token=t0p")
    seen = await prices.data(
        prices.project[Role.DEVELOPER],
        "query n($id: ID!) { node(id: $id) { ... on GateSet { gates { title config viewerCanUpdate } } } }",
        id=made["gateSet"]["id"],
    )
    (shown,) = seen["node"]["gates"]
    assert shown["config"]["url"] == "https://gates.example.com"
    assert (shown["title"], shown["viewerCanUpdate"]) == ("The webhook at https://gates.example.com says yes", False)


async def test_strangers_see_no_gates(prices: Prices, ask) -> None:
    made = await prices.set(ACCURATE)
    document = "query n($id: ID!) { node(id: $id) { id } }"
    for id in (made["gateSet"]["id"], made["gateSet"]["gates"][0]["id"]):
        assert (await ask(prices.project.stranger, document, id=id)).data == {"node": None}


async def test_setting_gates_is_told_to_webhooks_and_subscriptions(prices: Prices, runtime) -> None:
    hook = """mutation w($input: WebhookCreateInput!) { webhookCreate(input: $input) { userErrors { message } } }"""
    values = {
        "project": {"path": prices.project.path},
        "name": "h",
        "url": "https://a.example",
        "events": ["gate_set.changed"],
    }
    await prices.data(prices.project[Role.MAINTAINER], hook, input=values)
    await prices.set(ACCURATE, note="Agreed.")
    async with runtime.db.read() as snap:
        sent = await snap.scalar(
            text("SELECT data FROM webhook_deliveries WHERE project_id = :p"), {"p": prices.project.id}
        )
        events = await snap.execute(
            text(
                "SELECT type, object_type, detail FROM project_events WHERE project_id = :p AND object_type = 'GateSet'"
            ),
            {"p": prices.project.id},
        )
        assert [tuple(row) for row in events] == [("GATE_SET_CHANGED", "GateSet", "staging")]
    assert (sent["stage"], sent["number"], sent["note"]) == ("staging", 1, "Agreed.")
    assert sent["gates"] == [{"name": "metric-threshold-1", "kind": "metric_threshold", "required": True}]
