"""Who gets which events: every subscription with all its fields, by every kind of caller, of all kinds of projects."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.graphql.schema import schema
from tests.support.graphql.callers import secrets  # noqa: F401  (a fixture)
from tests.support.graphql.field_matrix import TYPES, field_selection, is_real
from tests.support.graphql.showcase import CASES, SIGHTS, symbol

ROOTS = {
    "backgroundJobUpdated": ("members", "by: {id: $Queued}", "BackgroundJob"),
    "candidateUpdated": ("candidates", "by: {id: $Parent}", "CandidateUpdate"),
    "projectEvents": ("project", "project: {path: $path}, after: $after", "ProjectEvent"),
}
"""Who is told anything, of what, and what is told."""
EVENTS = {
    "BackgroundJob": "members",
    "Candidate": "candidates",
    "CiJob": "project",
    "Deployment": "members",
    "GateSet": "registry",
    "Model": "registry",
    "ModelVersion": "registry",
    "OnlineExperiment": "registry",
    "Promotion": "registry",
    "PromotionRequest": "registry",
}
"""Who is told of events, by the type of what they happen to."""
WITH_BOTH = {"CiJob"}
"""Events of what belongs to candidates and versions alike: hidden as soon as one of the two is."""


def document(root: str) -> str:
    _, arguments, kind = ROOTS[root]
    metric = " ".join(field_selection("Metric", name) for name in TYPES["Metric"].fields)
    whole = {"CandidateUpdate.metrics": f"metrics {{ {metric} }}"}
    given = " ".join(whole.get(f"{kind}.{name}") or field_selection(kind, name) for name in TYPES[kind].fields)
    names = [name for name in ("path", "after", "Parent", "Queued") if f"${name}" in arguments]
    head = ", ".join(f"${name}: {'ID!' if name[0].isupper() else 'String!'}" for name in names)
    return f"subscription s({head}) {{ {root}({arguments}) {{ {given} }} }}"


@pytest.fixture(scope="module")
def follow(http, showcases, secrets):  # noqa: F811
    """What a subscription sends a caller first: so many results, or the one with the error."""

    async def read(setting: str, actor: str, root: str, count: int) -> list[dict[str, Any]]:
        query = document(root)
        existing = {**showcases[setting].variables, "after": showcases[setting].beginning}
        variables = {name: value for name, value in existing.items() if f"${name}:" in query}
        headers = {"Accept": "text/event-stream"}
        if secrets[actor]:
            headers["Authorization"] = f"Bearer {secrets[actor]}"
        sent = {"query": query, "variables": variables}
        told: list[dict[str, Any]] = []
        async with asyncio.timeout(10), http.stream("POST", "/graphql", json=sent, headers=headers) as answer:
            if answer.status_code != 200:
                return [{"status": answer.status_code}]
            async with aclosing(results(answer)) as shown:
                async for result in shown:
                    told.append(result)
                    if len(told) == count or result.get("errors"):
                        break
        return told

    return read


async def results(answer: httpx.Response) -> Any:
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


@pytest.fixture(scope="module")
async def events(showcases, follow, data) -> dict[str, list[dict[str, Any]]]:
    """What the owner of each project is told of it."""
    answer = {}
    for setting, made in showcases.items():
        async with made.project.runtime.db.read() as snap:
            count = "SELECT count(*) FROM project_events WHERE project_id = :p"
            total = await snap.scalar(text(count), {"p": made.project.id})
        answer[setting] = [
            one["data"]["projectEvents"] for one in await follow(setting, "owner", "projectEvents", total)
        ]
    return answer


def test_every_subscription_is_covered():
    assert set(ROOTS) == set(schema._schema.subscription_type.fields)


def test_every_field_of_an_event_has_something_to_show(events):
    shown = {name for setting in events.values() for event in setting for name in event if is_real(event[name])}
    assert shown == set(TYPES["ProjectEvent"].fields)
    assert {event["objectType"] for event in events["private"]} == set(EVENTS)


@pytest.mark.parametrize(("setting", "actor"), CASES)
async def test_each_caller_gets_exactly_the_events_it_may_see(follow, events, setting, actor):
    shown = {kind for kind, sight in EVENTS.items() if symbol(SIGHTS[sight], setting, actor) == "="}
    if setting.startswith("no ") and actor in {"nobody", "stranger"}:
        shown -= WITH_BOTH
    expected = [event for event in events[setting] if event["objectType"] in shown]
    for root, (sight, _, kind) in ROOTS.items():
        count = len(expected) if root == "projectEvents" else 1
        told = await follow(setting, actor, root, count)
        if symbol(SIGHTS[sight], setting, actor) == ".":
            assert [one["errors"][0]["extensions"]["code"] for one in told] == ["NOT_FOUND"]
            assert not any((one.get("data") or {}).get(root) for one in told)
            continue
        assert not any(one.get("errors") for one in told), (root, told)
        values = [one["data"][root] for one in told]
        if root == "projectEvents":
            assert [without_cursor(one) for one in values] == [without_cursor(one) for one in expected]
        else:
            own = [one["data"][root] for one in await follow(setting, "owner", root, 1)]
            assert [without_cursor(one) for one in values] == [without_cursor(one) for one in own]
            if kind == "CandidateUpdate":
                assert all(is_real(values[0][name]) for name in TYPES[kind].fields)
                assert any(metric["loggedModel"] for metric in values[0]["metrics"])


def without_cursor(told: dict[str, Any]) -> dict[str, Any]:
    """What does not depend on who is told, and when."""
    return {name: one for name, one in told.items() if name != "cursor" and not name.startswith("viewerCan")}


@pytest.mark.parametrize("root", ROOTS)
async def test_a_token_whose_time_is_over_is_told_nothing(follow, root):
    for setting in ("private", "public"):
        assert await follow(setting, "expired", root, 1) == [{"status": 401}]
