"""Gates are tried on versions that are there, before they are set."""

from __future__ import annotations

from typing import Any

import pytest

from app.access.policy import Role
from tests.conftest import Person
from tests.lifecycle.gates.conftest import Prices, gate
from tests.support.statements import statements

TRY = """query t($input: GatesDryRunInput!) { gatesDryRun(input: $input) { stage admittedCount versions {
  isAdmitted modelVersion { version } verdicts { name kind outcome explanation isRequired isFailing compared } } } }"""


async def tried(prices: Prices, ask: Any, *gates: dict[str, Any], person: Person | None = None, **more: Any) -> Any:
    model = {"path": {"project": prices.project.path, "name": "prices"}}
    values = {"model": model, "stage": "staging"} | ({"gates": list(gates)} if gates else {}) | more
    return await ask(person or prices.project[Role.MAINTAINER], TRY, input=values)


async def test_the_last_versions_are_judged_newest_first_and_nothing_is_set(prices: Prices, ask) -> None:
    for minor, accuracy in enumerate((0.99, 0.8, 0.91, 0.95)):
        await prices.add(f"1.{minor}.0", accuracy=accuracy)
    await prices.move("1.2.0", "staging")
    accurate = gate("metric_threshold", metric="accuracy", min=0.9)
    better = gate("metric_against_holder", metric="accuracy", direction="higher_is_better", margin=0.01)
    free = gate("expression", expression="version.metrics.accuracy > 0.5")
    outside = [gate("approvals"), gate("webhook", url="https://a.example"), free]
    answer = await tried(prices, ask, accurate, better, *outside, count=3)
    run = answer.data["gatesDryRun"]
    assert [(one["modelVersion"]["version"], one["isAdmitted"]) for one in run["versions"]] == [
        ("1.3.0", True), ("1.2.0", True), ("1.1.0", False),
    ]  # fmt: skip
    assert (run["stage"], run["admittedCount"]) == ("staging", 2)
    outcomes = [each["outcome"] for each in run["versions"][2]["verdicts"]]
    assert outcomes == ["FAILED", "FAILED", "PENDING", "PENDING", "PASSED"]
    assert (await prices.set(accurate))["gateSet"]["number"] == 1
    in_force = (await tried(prices, ask)).data["gatesDryRun"]
    assert (in_force["admittedCount"], len(in_force["versions"])) == (3, 4)
    assert (await prices.set(accurate, expectedNumber=1))["gateSet"]["number"] == 2


async def test_the_number_of_statements_is_the_same_for_one_version_and_for_twenty(
    prices: Prices, ask, runtime
) -> None:
    for minor in range(20):
        await prices.add(f"1.{minor}.0", accuracy=0.9)
    await prices.set(gate("metric_threshold", metric="accuracy", min=0.9))
    counts = []
    for count in (1, 20):
        with statements(runtime.db) as sent:
            answer = await tried(prices, ask, count=count)
        assert len(answer.data["gatesDryRun"]["versions"]) == count
        counts.append(len(sent))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("count", [0, 51, -1])
async def test_a_dry_run_has_an_end(prices: Prices, ask, count: int) -> None:
    answer = await tried(prices, ask, count=count)
    assert "1 to 50 versions" in answer.errors[0]["message"]


async def test_trying_other_gates_is_for_those_who_may_set_them(prices: Prices, ask) -> None:
    await prices.add("1.0.0")
    developer = prices.project[Role.DEVELOPER]
    assert (await tried(prices, ask, person=developer)).data["gatesDryRun"]["admittedCount"] == 1
    refused = await tried(prices, ask, gate("expression", expression="true"), person=developer)
    assert refused.errors[0]["extensions"]["code"] == "FORBIDDEN"
    unseen = await tried(prices, ask, person=prices.project.stranger)
    assert unseen.errors[0]["extensions"]["code"] == "NOT_FOUND"


async def test_gates_that_are_not_acceptable_are_refused_as_when_they_are_set(prices: Prices, ask) -> None:
    answer = await tried(prices, ask, gate("signature"))
    assert "stores and checks no signatures" in answer.errors[0]["message"]
    assert "There is no stage 'moon'" in (await tried(prices, ask, stage="moon")).errors[0]["message"]
