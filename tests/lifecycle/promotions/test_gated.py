"""Promotions into a stage with gates: figures that are kept, people who approve, and answers from outside."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from app.access.policy import Role, Scope
from app.lifecycle.gates import change
from app.lifecycle.gates.change import SetGates
from app.lifecycle.gates.sets import GateRequest
from app.lifecycle.promotions.outcomes import PromotionRefused
from app.lifecycle.promotions.promote import PromotionUnsettled
from app.tracking.logging import log
from app.tracking.logging.log import LogBatch
from app.tracking.logging.point_batch import MetricInput
from tests.support.registry.promotions import approved, check, opened, promoted, version_with_file

pytestmark = pytest.mark.usefixtures("model")


async def gated(runtime, project, *gates, expected=0):
    requests = [GateRequest(kind, config) for kind, config in gates]
    command = SetGates("staging", requests, expected)
    await change.set_gates(runtime.db, runtime.gate_clients, project.owner, project.id, command)


async def measured(runtime, project, version, value):
    batch = LogBatch(version.candidate_id, metrics=[MetricInput("accuracy", value, 1)])
    await log.log_batch(runtime.db, project.owner, project.id, batch)


def verdict_of(promotion, kind):
    [verdict] = [one for one in promotion.verdicts if one["kind"] == kind]
    return verdict


@asynccontextmanager
async def webhook(answer):
    """A server that answers what ``answer()`` gives; gives its address, and the requests that it got."""
    times: list[bytes] = []

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        times.append(await reader.readexactly(length))
        body = await answer(len(times))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
        writer.write(body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/gate", times


async def yes(_times):
    return b'{"allow": true}'


@pytest.mark.parametrize("value", [0.5, float("nan"), float("-inf")])
async def test_metric_below_its_threshold_refuses_with_the_figures(runtime, project, value):
    version = await version_with_file(runtime, project, "1.0.0")
    await measured(runtime, project, version, value)
    await gated(runtime, project, ("metric_threshold", {"metric": "accuracy", "min": 0.9}))
    with pytest.raises(PromotionRefused, match="accuracy") as caught:
        await promoted(runtime, project, version, "staging")
    kept = verdict_of(caught.value.promotion, "metric_threshold")
    assert kept["outcome"] == "failed"
    assert kept["compared"]
    assert caught.value.promotion.gate_set_version == 1
    await promoted(runtime, project, version, "staging", project[Role.MAINTAINER].actor, bypass_reason="Now.")


async def test_approvals_that_a_gate_wants_are_those_of_the_request(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")
    await gated(runtime, project, ("approvals", {"count": 1}))
    reporter, developer = project[Role.REPORTER].actor, project[Role.DEVELOPER].actor
    with pytest.raises(PromotionRefused):
        await promoted(runtime, project, version, "staging", reporter)
    request = await opened(runtime, project, version, "staging", reporter)
    await approved(runtime, project, request, developer)
    entry = await promoted(runtime, project, version, "staging", reporter)
    assert verdict_of(entry.promotion, "approvals")["compared"]["by"] == [developer.username]


async def test_approval_falls_when_the_gates_are_set_anew(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")
    await gated(runtime, project, ("approvals", {"count": 1}))
    reporter, developer = project[Role.REPORTER].actor, project[Role.DEVELOPER].actor
    request = await opened(runtime, project, version, "staging", reporter)
    await approved(runtime, project, request, developer)
    await gated(runtime, project, ("approvals", {"count": 1}), expected=1)
    with pytest.raises(PromotionRefused):
        await promoted(runtime, project, version, "staging", reporter)


async def test_webhook_and_expression_say_yes_and_their_answers_are_kept(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")
    async with webhook(yes) as (url, times):
        await gated(runtime, project, ("webhook", {"url": url}), ("expression", {"expression": "version.number == 1"}))
        entry = await promoted(runtime, project, version, "staging")
    assert len(times) == 1
    assert {one["kind"]: one["outcome"] for one in entry.promotion.verdicts if one["gate_id"]} == {
        "webhook": "passed", "expression": "passed",
    }  # fmt: skip


async def test_answer_about_a_former_state_is_requested_again(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")

    async def measure_first(times):
        if times == 1:
            await measured(runtime, project, version, 0.5)
        return b'{"allow": true}'

    async with webhook(measure_first) as (url, times):
        await gated(runtime, project, ("webhook", {"url": url}))
        await promoted(runtime, project, version, "staging")
    assert len(times) == 2


async def test_version_that_changes_each_time_is_left_where_it_is(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")

    async def measure(times):
        await measured(runtime, project, version, times / 10)
        return b'{"allow": true}'

    async with webhook(measure) as (url, times):
        await gated(runtime, project, ("webhook", {"url": url}))
        with pytest.raises(PromotionUnsettled):
            await promoted(runtime, project, version, "staging")
    assert len(times) == 3


async def test_readers_ask_no_webhook(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")
    async with webhook(yes) as (url, times):
        await gated(runtime, project, ("webhook", {"url": url}))
        done = await check(runtime, project, version, "staging", project[Role.GUEST].actor)
        assert [one.outcome.value for one in done.verdicts if one.kind == "webhook"] == ["pending"]
        assert times == []
        done = await check(runtime, project, version, "staging", project[Role.REPORTER].actor)
    assert (done.would_pass, len(times)) == (True, 1)


async def test_figures_are_for_those_who_may_see_candidates(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")
    await measured(runtime, project, version, 0.5)
    await gated(runtime, project, ("metric_threshold", {"metric": "accuracy", "min": 0.9}))
    blind = replace(project[Role.DEVELOPER].actor, scopes=frozenset({Scope.WRITE_REGISTRY}))
    for actor, is_shown in ((project[Role.GUEST].actor, True), (blind, False)):
        done = await check(runtime, project, version, "staging", actor)
        [gate] = [one for one in done.verdicts if one.kind == "metric_threshold"]
        assert (gate.outcome.value, bool(gate.compared), bool(gate.sources)) == ("failed", is_shown, is_shown)
        assert ("0.5" in gate.message) is is_shown
    with pytest.raises(PromotionRefused, match="for those who may see the candidates") as caught:
        await promoted(runtime, project, version, "staging", blind)
    assert "0.5" not in caught.value.message
    assert verdict_of(caught.value.promotion, "metric_threshold")["compared"]["value"] == 0.5


async def test_answer_of_a_webhook_word_for_word_is_for_those_who_manage_gates(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")

    async def talkative(_times):
        return b'{"allow": true, "message": "Fine.", "internal": "of the receiver"}'

    async with webhook(talkative) as (url, _):
        await gated(runtime, project, ("webhook", {"url": url}))
        for role, is_shown in ((Role.MAINTAINER, True), (Role.DEVELOPER, False)):
            done = await check(runtime, project, version, "staging", project[role].actor)
            [gate] = [one for one in done.verdicts if one.kind == "webhook"]
            assert ("answer" in gate.compared) is is_shown
            assert "Fine." in gate.message
